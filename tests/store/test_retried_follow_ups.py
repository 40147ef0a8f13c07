"""Another try of a follow-up that failed is for the same feedback, on the same branch."""

from __future__ import annotations

import pytest

from store import follow_ups, runs, tasks
from store.lifecycle import Status
from store.records import NewFollowUp, RunKind
from tests.builders import NOW, make_task, move, path_to


@pytest.fixture
def task(db):
    """A task whose follow-up is at work."""
    task = make_task(db, status=Status.SUCCEEDED, pr_number=7)
    with db.write() as connection:
        key = follow_ups.add(connection, NewFollowUp(task.id, "review:5", "maria"), now=NOW)
    started = follow_ups.start(db, key, now=NOW)
    for status in path_to(Status.FINISHING):
        move(db, task.id, status)
    return started


def feedback(db, task):
    return follow_ups.get(db, runs.get(db, task.run_id).follow_up_id)


def test_a_retry_of_a_failed_follow_up_answers_the_same_feedback_again(db, task):
    move(db, task.id, Status.FAILED)
    follow_ups.answered(db, feedback(db, task).id, now=NOW)

    again = tasks.restart(db, task.id, by="maria", now=NOW)

    run, one = runs.get(db, again.run_id), feedback(db, task)
    assert (run.kind, run.follow_up_id, one.run_id, one.answered_at) == (RunKind.FOLLOW_UP, one.id, run.id, None)


def test_a_retry_after_a_follow_up_that_went_well_is_a_plain_one(db, task):
    move(db, task.id, Status.SUCCEEDED)
    again = tasks.restart(db, task.id, by="maria", now=NOW)
    run = runs.get(db, again.run_id)
    assert (run.kind, run.follow_up_id) == (RunKind.RETRY, None)
    assert feedback(db, task).run_id == task.run_id
