"""A change waits whole, is decided once, and waits no longer when its task is stopped or over."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from store import events, held_changes, runs, tasks
from store.database import Database
from store.errors import AlreadyDecided, NotHeld
from store.held_changes import NewHeld
from store.lifecycle import Status
from store.records import Task
from tests.builders import NOW, claimed, make_task
from tests.racing import failures, race

FINDING = {"rule": "protected_path", "path": "AGENTS.md", "line": None, "words": "This path is protected."}
HELD = NewHeld([FINDING], "b" * 40, "a" * 40, b"\0\xffbundle")
RESULT = {"ending": "changes", "pushed": False, "usage": {}}


def holding(db: Database) -> Task:
    task = make_task(db, status=Status.RUNNING)
    assert held_changes.hold(db, task.run_id, 3, RESULT, HELD, now=NOW).accepted
    return tasks.get(db, task.id)


def held(db: Database) -> Task:
    task = holding(db)
    claim = claimed(db, task.run_id)
    held_changes.inspected(db, claim, "+one line", [FINDING], now=NOW, why="a protected path is changed")
    runs.release(db, claim)
    return tasks.get(db, task.id)


def test_the_work_is_kept_with_the_result_in_one_step(db: Database):
    task = holding(db)
    run, kept = runs.get(db, task.run_id), held_changes.get(db, task.run_id)
    assert (task.status, run.phase, run.result["ending"]) == (Status.FINISHING, "holding", "changes")
    assert kept is not None
    assert (kept.bundle, kept.findings, kept.base_sha) == (HELD.bundle, [FINDING], "b" * 40)


def test_the_first_last_word_counts(db: Database):
    task = holding(db)
    assert not held_changes.hold(db, task.run_id, 4, RESULT, HELD, now=NOW).accepted


def test_nobody_decides_before_porter_has_looked_into_it(db: Database):
    task = holding(db)
    assert held_changes.waiting(db, task.id) is None
    with pytest.raises(NotHeld):
        held_changes.approve(db, task.id, by="maria", now=NOW)


def test_what_waits_is_shown_without_its_megabytes(db: Database):
    task = held(db)
    seen = held_changes.waiting(db, task.id)
    assert seen is not None
    assert (seen.diff, seen.bundle) == ("+one line", b"")
    assert task.message == "a protected path is changed"


def test_an_approved_change_is_due_at_once(db: Database):
    task = held(db)
    later = NOW + timedelta(days=3)
    held_changes.approve(db, task.id, by="maria", now=later)
    run = runs.get(db, task.run_id)
    assert (run.phase, run.due_at) == ("approved", later)
    assert held_changes.waiting(db, task.id) is None
    assert events.of_task(db, task.id)[-1].actor == "maria"


def test_a_rejected_change_ends_its_task(db: Database):
    task = held(db)
    ended = held_changes.reject(db, task.id, by="tom", now=NOW, reason="rejected")
    assert (ended.status, ended.reason) == (Status.FAILED, "rejected")
    assert runs.get(db, task.run_id).finished_at == NOW
    assert "tom" in ended.message


def test_a_decision_is_taken_once(db: Database):
    task = held(db)
    held_changes.approve(db, task.id, by="maria", now=NOW)
    with pytest.raises(AlreadyDecided, match="maria has approved"):
        held_changes.reject(db, task.id, by="tom", now=NOW, reason="rejected")


def test_of_many_who_decide_at_once_one_does(db: Database):
    task = held(db)
    approving = [partial(held_changes.approve, db, task.id, by="maria", now=NOW)] * 4
    rejecting = [partial(held_changes.reject, db, task.id, by="tom", now=NOW, reason="rejected")] * 4
    late = failures(race(*approving, *rejecting))
    assert len(late) == 7
    assert {type(error) for error in late} == {AlreadyDecided}


def test_a_stopped_task_has_nothing_to_decide(db: Database):
    task = held(db)
    tasks.cancel(db, task.id, by="tom", now=NOW)
    with pytest.raises(NotHeld):
        held_changes.approve(db, task.id, by="maria", now=NOW)


def test_a_task_that_was_never_held_has_nothing_to_decide(db: Database):
    task = make_task(db, status=Status.RUNNING)
    with pytest.raises(NotHeld):
        held_changes.approve(db, task.id, by="maria", now=NOW)
    assert held_changes.get(db, task.run_id) is None


def test_a_push_is_noted_once(db: Database):
    task = held(db)
    for minutes in (1, 2):
        held_changes.pushed(db, task.run_id, now=NOW + timedelta(minutes=minutes))
    kept = held_changes.get(db, task.run_id)
    assert kept is not None
    assert kept.pushed_at == NOW + timedelta(minutes=1)
