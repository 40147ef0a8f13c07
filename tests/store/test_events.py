"""A task's history keeps its order, and a step that is repeated after a crash is written once."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy.exc import StatementError

from store import events
from tests.builders import NOW, make_task
from tests.racing import failures, race


def test_history_is_told_in_order_and_from_where_one_left(db, clock):
    task = make_task(db)
    for text in ("one", "two", "three"):
        events.record(db, task.id, "note", text, now=clock.advance(1))
    told = events.of_task(db, task.id)[1:]
    assert [event.text for event in told] == ["one", "two", "three"]
    assert events.of_task(db, task.id, after=told[0].id) == told[1:]
    assert events.of_task(db, task.id, after=told[0].id, limit=1) == told[1:2]


def test_a_step_written_once_is_written_once_for_each_task(db):
    mine, other = make_task(db), make_task(db)
    for task in (mine, mine, other):
        events.record(db, task.id, "launched", "a machine was made", now=NOW, once="r-1:launched")
    assert [len(events.of_task(db, task.id)) for task in (mine, other)] == [2, 2]


def test_a_step_written_four_times_at_once_is_there_once(db):
    task = make_task(db)
    write = partial(events.record, db, task.id, "launched", "a machine was made", now=NOW, once="r-1:launched")
    assert failures(race(*[write] * 4)) == []
    assert len(events.of_task(db, task.id)) == 2


def test_moments_come_back_in_utc(db):
    task = make_task(db)
    assert events.of_task(db, task.id)[0].at.isoformat() == "2026-01-02T03:04:05+00:00"


def test_a_moment_without_a_time_zone_is_refused(db):
    task = make_task(db)
    with pytest.raises(StatementError, match="without a time zone"):
        events.record(db, task.id, "note", "when?", now=NOW.replace(tzinfo=None))
