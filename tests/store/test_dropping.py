"""Work on a pull request that is turned down is stopped, and its machine gets no token to push with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from store import dropping, reports, runs, tasks
from store.database import Database
from store.dropping import Work
from store.held_changes import APPROVED, HELD
from store.lifecycle import Status
from store.records import RunKind, Task
from tests.builders import NOW, make_task, move, path_to

SOON = NOW + timedelta(seconds=1)
RESULT = {"ending": "changes", "pushed": True}


def at_work(db: Database, status: Status, *, kind: RunKind = RunKind.FOLLOW_UP, **run: Any) -> Task:
    """A task with a pull request, whose second run has come as far as `status`."""
    task = make_task(db, status=Status.SUCCEEDED, pr_number=7, branch="porter/1")
    again = tasks.restart(db, task.id, by="tom", now=NOW, kind=kind)
    for step in path_to(status):
        move(db, task.id, step)
    if run:
        claim = runs.claim(db, again.run_id, now=NOW)
        assert claim is not None
        runs.write(db, claim, **({"lease_until": None} | run))
    return tasks.get(db, task.id)


def drop(db: Database, task: Task, **more: Any) -> Work:
    with db.write() as connection:
        return dropping.drop(connection, task.id, by="tom", why="tom rejected the pull request", now=SOON, **more)


def gets_a_token(db: Database, task: Task) -> bool:
    return reports.begin_finishing(db, task.run_id, now=SOON).accepted


@pytest.mark.parametrize("status", [Status.LAUNCHING, Status.RUNNING])
def test_a_run_at_work_is_told_to_stop_and_saves_nothing(db: Database, status: Status) -> None:
    task = at_work(db, status)
    assert drop(db, task) is Work.STOPPED
    run = tasks.current_run(db, task.id)
    assert (run.cancel_requested_at, run.cancelled_by, run.discarded) == (SOON, "tom", True)
    assert not gets_a_token(db, task)
    assert drop(db, task) is Work.STOPPED


def test_a_run_that_waits_for_its_machine_has_ended(db: Database) -> None:
    task = at_work(db, Status.QUEUED)
    assert drop(db, task) is Work.STOPPED
    ended = tasks.get(db, task.id)
    assert (ended.status, ended.message) == (Status.CANCELLED, "tom rejected the pull request")
    assert drop(db, task) is Work.NONE


def test_a_run_that_has_its_token_may_still_push(db: Database) -> None:
    task = at_work(db, Status.RUNNING)
    assert gets_a_token(db, task)
    assert drop(db, task) is Work.PUSHING
    assert not gets_a_token(db, task)


@pytest.mark.parametrize(
    ("run", "found"),
    [
        pytest.param({"result": RESULT, "phase": "reported"}, Work.NONE, id="it-has-pushed"),
        pytest.param({"result": RESULT, "phase": HELD}, Work.STOPPED, id="it-waits-for-a-person"),
        pytest.param({"result": RESULT, "phase": APPROVED}, Work.STOPPED, id="approved-and-not-begun"),
        pytest.param(
            {"result": RESULT, "phase": APPROVED, "lease_until": SOON + timedelta(minutes=1)},
            Work.PUSHING,
            id="approved-and-being-pushed",
        ),
    ],
)
def test_of_a_run_that_has_its_result_only_what_is_not_pushed_yet_is_stopped(
    db: Database, run: dict[str, Any], found: Work
) -> None:
    assert drop(db, at_work(db, Status.FINISHING, **run)) is found


def test_work_on_another_branch_goes_on(db: Database) -> None:
    for kind in (RunKind.RETRY, RunKind.FIRST):
        assert drop(db, at_work(db, Status.RUNNING, kind=kind)) is Work.NONE


def test_a_run_that_was_asked_for_later_goes_on(db: Database) -> None:
    task = at_work(db, Status.RUNNING)
    assert drop(db, task, asked_before=NOW - timedelta(seconds=1)) is Work.NONE
    assert drop(db, task, asked_before=NOW) is Work.STOPPED
