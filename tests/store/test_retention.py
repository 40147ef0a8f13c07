"""Old logs, events and deliveries are forgotten; tasks and what is at work or recent stay whole."""

from __future__ import annotations

from datetime import timedelta

from store import deliveries, delivery_list, events, logs, retention, tables, tasks
from store.database import Database
from store.lifecycle import Status
from store.records import Task
from tests.builders import NOW, make_delivery, make_task

LONG_AGO, CUT = NOW - timedelta(days=100), NOW - timedelta(days=90)


def ended(db: Database, *, at) -> Task:
    """A task that ended then, with a log."""
    task = make_task(db, now=at, status=Status.SUCCEEDED)
    tasks.change(db, task.id, now=at, finished_at=at)
    with_log(db, task, at)
    with db.write() as connection:
        connection.execute(tables.runs.update().where(tables.runs.c.id == task.run_id).values(finished_at=at))
    return task


def with_log(db: Database, task: Task, at) -> None:
    row = {"run_id": task.run_id, "n": 1, "at": at, "level": "info", "kind": "output", "text": "hello"}
    with db.write() as connection:
        connection.execute(tables.log_lines.insert(), row)


def forget(db: Database) -> dict[str, int]:
    """All that is old, in as many steps as it takes."""
    gone: dict[str, int] = {}
    while (step := retention.forget_work(db, than=CUT, now=NOW))[0]:
        gone = {name: gone.get(name, 0) + count for name, count in step[1].items()} | {
            name: count for name, count in gone.items() if name not in step[1]
        }
    return gone


def test_an_old_task_keeps_its_row_and_loses_its_log_and_events(db: Database):
    old, recent, working = ended(db, at=LONG_AGO), ended(db, at=NOW), make_task(db, now=LONG_AGO)
    with_log(db, working, LONG_AGO)
    assert forget(db)["log lines"] == 1
    assert tasks.get(db, old.id).status is Status.SUCCEEDED
    assert (logs.count(db, old.run_id), events.of_task(db, old.id)) == (0, [])
    for kept in (recent, working):
        assert logs.count(db, kept.run_id) == 1
        assert events.of_task(db, kept.id)


def test_what_ended_at_one_moment_goes_in_steps_and_none_is_forgotten(db: Database, monkeypatch):
    monkeypatch.setattr(retention, "PAGE", 2)
    for _ in range(5):
        ended(db, at=LONG_AGO)
    assert forget(db)["log lines"] == 5
    assert retention.forget_work(db, than=CUT, now=NOW) == (0, {})


def test_the_history_of_a_task_that_was_retried_lately_stays_whole(db: Database):
    task = ended(db, at=LONG_AGO)
    tasks.restart(db, task.id, by="maria", now=NOW)
    before = events.of_task(db, task.id)
    forget(db)
    assert events.of_task(db, task.id) == before


def test_old_deliveries_go_and_recent_ones_stay(db: Database):
    for key, at in (("old", LONG_AGO), ("new", NOW)):
        deliveries.accept(db, make_delivery(id=key, content_key=None, received_at=at), now=at)
    assert retention.forget_older(db, than=CUT) == {"deliveries": 1}
    assert [one.id for one in delivery_list.page(db, delivery_list.DeliveryFilter()).deliveries] == ["new"]
