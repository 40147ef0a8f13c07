"""What people are to be told is written with what it tells of, once, and handed to one worker at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store import channels, held_changes, notices, tables, tasks
from store.channels import Channel, Occasion, Way
from store.database import Database
from store.errors import Fenced, NotFound
from store.held_changes import NewHeld
from store.lifecycle import Outcome, Status
from store.notices import State
from tests.builders import NOW, claimed, make_run, make_task, move
from tests.racing import failures, race

ALL = [one.value for one in channels.CHOOSABLE]


def channel(db: Database, key: str = "c1", *, scope: str = "global", events: list[str] | None = None) -> str:
    made = Channel(key, scope, Way.WEBHOOK, "hooks.example.com", ALL if events is None else events, NOW, "maria")
    with db.write() as connection:
        channels.add_in(connection, made)
    return key


def told(db: Database) -> list[tuple[str, str]]:
    """Channel and event of every notice."""
    with db.read() as connection:
        rows = connection.execute(tables.notices.select().order_by(tables.notices.c.channel_id, tables.notices.c.event))
        return [(row.channel_id, row.event) for row in rows]


@pytest.mark.parametrize(
    ("to", "changes", "event"),
    [
        pytest.param(Status.SUCCEEDED, {"outcome": Outcome.PULL_REQUEST}, "pull_request", id="a-pull-request"),
        pytest.param(Status.SUCCEEDED, {"outcome": Outcome.NO_CHANGES}, "no_changes", id="nothing-to-change"),
        pytest.param(Status.FAILED, {"reason": "auth", "message": "the key was refused"}, "failed", id="failed"),
        pytest.param(Status.TIMED_OUT, {"reason": "timed_out"}, "failed", id="out-of-time"),
        pytest.param(Status.CANCELLED, {"reason": "cancelled"}, "cancelled", id="stopped"),
    ],
)
def test_the_end_of_a_task_is_told_of_once(db: Database, to, changes, event):
    channel(db)
    task = make_task(db, status=Status.FINISHING, issue_number=7)
    move(db, task.id, to, changes=changes)
    assert told(db) == [("c1", event)]
    notice = notices.claim(db, "c1", now=NOW)
    assert notice is not None and notice.task_id == task.id
    assert (notice.facts["status"], notice.facts["issue_number"]) == (to, 7)
    assert notice.facts["message"] == changes.get("message", "")


def test_each_run_is_told_of_for_itself(db: Database):
    channel(db)
    task = make_task(db, status=Status.FAILED)
    move(db, task.id, Status.QUEUED)
    tasks.cancel(db, task.id, by="tom", now=NOW)
    assert told(db) == [("c1", "cancelled"), ("c1", "failed")]


def test_nothing_is_told_of_what_was_rolled_back(db: Database):
    channel(db)
    task = make_task(db, status=Status.RUNNING)
    run = make_run(db, task)
    with pytest.raises(Fenced):
        move(db, task.id, Status.FAILED, fence=run.fence + 1)
    with pytest.raises(ZeroDivisionError), db.write() as connection:
        tasks.move(connection, task.id, Status.FAILED, now=NOW, kind="failed", text="failed")
        _ = 1 / 0
    assert told(db) == []


def test_a_stranger_who_may_not_ask_fills_no_channel(db: Database):
    channel(db)
    task = make_task(db, status=Status.LAUNCHING)
    move(db, task.id, Status.FAILED, changes={"reason": "not_permitted"})
    assert told(db) == []


def test_who_is_told_follows_from_the_channels_events_and_repository(db: Database):
    channel(db, "everything")
    channel(db, "failures", events=["failed"])
    channel(db, "here", scope="repo:acme/widgets")
    channel(db, "elsewhere", scope="repo:acme/other")
    task = make_task(db, status=Status.FINISHING, repository="Acme/Widgets")
    move(db, task.id, Status.SUCCEEDED, changes={"outcome": Outcome.PULL_REQUEST})
    assert told(db) == [("everything", "pull_request"), ("here", "pull_request")]


def test_a_held_change_is_told_of_once_however_often_it_is_looked_into(db: Database):
    channel(db)
    task = make_task(db, status=Status.FINISHING)
    run = make_run(db, task)
    held = NewHeld([{"rule": "protected_path", "words": "x"}], "a" * 40, "b" * 40, b"bundle")
    held_changes.hold(db, run.id, 90, {"ending": "changes"}, held, now=NOW)
    claim = claimed(db, run.id)
    for _ in range(2):
        held_changes.inspected(db, claim, "diff", held.findings, now=NOW, why="the change waits for a person: x")
    assert told(db) == [("c1", "needs_you")]
    notice = notices.claim(db, "c1", now=NOW)
    assert notice is not None and notice.facts["message"] == "the change waits for a person: x"


def test_a_notice_is_held_by_one_worker_until_its_lease_ends(db: Database):
    channel(db)
    make_task(db, status=Status.FAILED)
    first = notices.claim(db, "c1", now=NOW)
    assert first is not None and first.attempts == 1
    later = NOW + notices.LEASE
    assert notices.claim(db, "c1", now=later - timedelta(seconds=1)) is None
    assert (notices.due(db, now=NOW), notices.due(db, now=later)) == ([], ["c1"])
    second = notices.claim(db, "c1", now=later)
    assert second is not None and (second.id, second.attempts) == (first.id, 2)
    assert not notices.settle(db, first, State.SENT, "200 OK", now=later)  # it was given to another since
    assert notices.settle(db, second, State.SENT, "200 OK", now=later)
    assert notices.claim(db, "c1", now=later + timedelta(days=1)) is None
    assert notices.last(db)["c1"].answer == "200 OK"


def test_of_many_workers_one_gets_the_notice(db: Database):
    channel(db)
    make_task(db, status=Status.FAILED)
    got = race(*[lambda: notices.claim(db, "c1", now=NOW)] * 6)
    assert failures(got) == []
    assert len([one for one in got if one is not None]) == 1


def test_a_channel_that_rests_is_sent_nothing_and_a_test_wakes_it(db: Database):
    channel(db)
    make_task(db, status=Status.FAILED)
    notice = notices.claim(db, "c1", now=NOW)
    soon, rested = NOW + timedelta(minutes=1), NOW + timedelta(minutes=15)
    assert notices.put_off(db, notice, "503", until=soon, rest=rested)
    make_task(db, status=Status.CANCELLED)
    assert notices.due(db, now=soon) == [] and notices.claim(db, "c1", now=soon) is None
    assert notices.due(db, now=rested) == ["c1"]
    assert notices.waiting(db) == {"c1": 2}
    with db.write() as connection:
        notices.trial_in(connection, "c1", by="maria", now=soon)
    assert notices.due(db, now=soon) == ["c1"]


def test_a_channel_that_was_removed_meanwhile_is_no_error_to_its_worker(db: Database):
    channel(db)
    make_task(db, status=Status.FAILED)
    notice = notices.claim(db, "c1", now=NOW)
    with db.write() as connection:
        channels.remove_in(connection, "c1")
    assert notice is not None and not notices.put_off(db, notice, "503", until=NOW, rest=NOW)
    assert not notices.settle(db, notice, State.SENT, "200 OK", now=NOW)


def test_a_channel_goes_with_all_that_it_was_told(db: Database):
    channel(db)
    make_task(db, status=Status.FAILED)
    with db.write() as connection:
        assert channels.remove_in(connection, "c1")
    assert told(db) == [] and channels.known(db) == []
    with pytest.raises(NotFound):
        channels.get(db, "c1")


def test_a_channel_that_is_removed_while_tasks_end_undoes_no_ending(db: Database):
    made = [make_task(db, status=Status.FINISHING) for _ in range(4)]
    channel(db)

    def remove() -> None:
        with db.write() as connection:
            channels.remove_in(connection, "c1")

    done = race(*[lambda one=one: move(db, one.id, Status.FAILED) for one in made], remove)
    assert failures(done) == []
    assert {tasks.get(db, one.id).status for one in made} == {Status.FAILED}


def test_counts_for_a_monitor(db: Database):
    channel(db)
    for _ in range(3):
        make_task(db, status=Status.FAILED)
    for state in (State.SENT, State.FAILED):
        notice = notices.claim(db, "c1", now=NOW)
        notices.settle(db, notice, state, "410 Gone", now=NOW)
    assert notices.waiting(db) == {"c1": 1}
    assert notices.ended(db, since=NOW) == {State.SENT: 1, State.FAILED: 1}
    assert notices.ended(db, since=NOW + timedelta(days=1)) == {State.SENT: 0, State.FAILED: 0}
    assert Occasion.TEST not in channels.CHOOSABLE
