"""A delivery and its tasks are stored together, once."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError

from store import deliveries, feed, tasks
from store.feed import TaskFilter
from store.records import Repository, Verdict
from tests.builders import NOW, make_delivery, new_task
from tests.racing import failures, race

COMMANDS = [new_task(comment_id=7, comment_line=line) for line in (0, 1)]


def _task_count(db) -> int:
    return len(feed.page(db, TaskFilter()).tasks)


def test_a_delivery_makes_its_tasks(db):
    stored = deliveries.accept(db, make_delivery(), COMMANDS, now=NOW)
    assert [tasks.get(db, key).comment_line for key in stored.task_ids] == [0, 1]
    assert deliveries.get(db, "d-1") == make_delivery(task_ids=stored.task_ids) == stored.delivery


def test_the_same_delivery_again_makes_nothing(db):
    deliveries.accept(db, make_delivery(), COMMANDS, now=NOW)
    again = deliveries.accept(db, make_delivery(), COMMANDS, now=NOW)
    assert (again.delivery.verdict, again.task_ids) == (Verdict.DUPLICATE, [])
    assert _task_count(db) == 2
    assert deliveries.get(db, "d-1").verdict is Verdict.ACCEPTED


def test_the_same_content_under_a_new_id_makes_nothing_and_says_why(db):
    deliveries.accept(db, make_delivery(), COMMANDS, now=NOW)
    again = deliveries.accept(db, make_delivery(id="d-2"), [new_task(comment_id=8, comment_line=0)], now=NOW)
    assert again.task_ids == []
    assert _task_count(db) == 2
    kept = deliveries.get(db, "d-2")
    assert (kept.verdict, kept.reason) == (Verdict.DUPLICATE, "the same delivery was received before")


def test_deliveries_without_content_of_their_own_are_told_apart_by_id(db):
    for key in ("d-1", "d-2"):
        assert deliveries.accept(db, make_delivery(id=key, content_key=None), now=NOW).delivery.id == key
    assert [found.verdict for found in deliveries.latest(db)] == [Verdict.ACCEPTED] * 2


@pytest.mark.parametrize("ids", [["d-1"] * 4, ["d-1", "d-2", "d-3", "d-4"]], ids=["same-id", "new-ids"])
def test_four_copies_at_once_make_the_tasks_once(db, ids):
    copies = [partial(deliveries.accept, db, make_delivery(id=key), COMMANDS, now=NOW) for key in ids]
    stored = race(*copies)
    assert failures(stored) == []
    assert sorted(len(one.task_ids) for one in stored) == [0, 0, 0, 2]
    assert _task_count(db) == 2


def test_a_command_that_another_delivery_brought_makes_no_second_task(db):
    deliveries.accept(db, make_delivery(), COMMANDS[:1], now=NOW)
    edited = make_delivery(id="d-2", content_key="acme/greeter:7:edited")
    assert len(deliveries.accept(db, edited, COMMANDS, now=NOW).task_ids) == 1
    assert _task_count(db) == 2


def test_when_a_task_cannot_be_stored_neither_is_its_delivery(db):
    broken = new_task(comment_id=7, comment_line=1, source=None)
    with pytest.raises(IntegrityError):
        deliveries.accept(db, make_delivery(), [COMMANDS[0], broken], now=NOW)
    assert deliveries.get(db, "d-1") is None
    assert _task_count(db) == 0
    assert len(deliveries.accept(db, make_delivery(), COMMANDS, now=NOW).task_ids) == 2


def test_an_ignored_delivery_is_kept_with_its_reason(db):
    ignored = make_delivery(verdict=Verdict.IGNORED, reason="no command in it")
    deliveries.accept(db, ignored, now=NOW)
    assert deliveries.get(db, "d-1") == ignored


def test_a_delivery_teaches_the_newest_of_its_repository(db):
    for key, branch in (("d-1", "master"), ("d-2", "main")):
        known = Repository("acme/greeter", 1, 77, branch, private=True)
        deliveries.accept(db, make_delivery(id=key, content_key=key), repository=known, now=NOW)
    assert feed.repositories(db, like="GREET") == ["acme/greeter"]
    with db.read() as connection:
        assert connection.exec_driver_sql("select default_branch from repositories").scalar_one() == "main"


def test_the_newest_deliveries_come_first(db, clock):
    for key in ("d-1", "d-2", "d-3"):
        delivery = make_delivery(id=key, content_key=key, received_at=clock.advance(1))
        deliveries.accept(db, delivery, now=clock())
    assert [found.id for found in deliveries.latest(db, limit=2)] == ["d-3", "d-2"]
