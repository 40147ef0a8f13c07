"""A task's figures are the sum over its runs, however often its runs tell theirs."""

from __future__ import annotations

import pytest

from store import reports, runs, tasks, usage
from store.lifecycle import Status
from store.records import RunKind
from store.reports import Update
from tests.builders import NOW, make_task, move


def told(db, task, seq, **figures):
    reports.accept_update(db, Update(task.run_id, seq, phase="running", usage=figures), now=NOW)
    return tasks.get(db, task.id)


def ended(db, task, *, seconds=10.0, **figures):
    reports.accept_result(db, task.run_id, 90, {"ending": "changes", "usage": figures, "seconds": seconds}, now=NOW)
    move(db, task.id, Status.SUCCEEDED)
    return tasks.restart(db, task.id, by="maria", now=NOW, kind=RunKind.FOLLOW_UP)


@pytest.fixture
def task(db):
    return make_task(db, status=Status.RUNNING)


def test_a_second_run_adds_to_what_the_first_used(db, task):
    told(db, task, 1, input_tokens=5)
    again = ended(db, task, input_tokens=7, cost_usd=0.5)
    now = told(db, again, 1, input_tokens=2)
    assert (now.input_tokens, now.cost_usd) == (9, 0.5)
    now = told(db, again, 2, input_tokens=3, cost_usd=0.25)
    assert (now.input_tokens, now.cost_usd) == (10, 0.75)


def test_machine_seconds_add_up_too_and_a_run_counts_once(db, task):
    again = ended(db, task, seconds=10.0, input_tokens=1)
    run = runs.get(db, again.run_id)
    for _ in range(2):
        assert usage.told(db, run, {"machine_seconds": 5.5})["machine_seconds"] == 15.5


def test_a_run_that_ended_without_a_result_counts_with_its_last_report(db, task):
    told(db, task, 1, input_tokens=5, cost_usd=0.1)
    move(db, task.id, Status.FAILED)
    again = tasks.restart(db, task.id, by="maria", now=NOW)
    assert told(db, again, 1, input_tokens=1).input_tokens == 6


def test_a_cost_that_the_result_does_not_tell_keeps_the_one_reported(db, task):
    told(db, task, 1, cost_usd=0.3)
    again = ended(db, task, input_tokens=1)
    assert told(db, again, 1, cost_usd=0.3).cost_usd == 0.6


def test_what_nobody_told_is_left_out(db, task):
    assert usage.told(db, runs.get(db, task.run_id), {"input_tokens": 1}) == {"input_tokens": 1}
