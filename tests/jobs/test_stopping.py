"""A stopped task: its machine has half a minute to save what was done, and is gone then, whatever dies meanwhile."""

from __future__ import annotations

import pytest

from jobs.finish import finish
from jobs.launch import launch
from jobs.mint import mint
from jobs.stop import stop
from store import credentials, events, reports, tasks
from store.lifecycle import Status
from tests.jobs.stage import Died, Stage


@pytest.fixture
def task(stage: Stage):
    """A task whose machine is at work and was told to stop by tom a second ago."""
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    tasks.cancel(stage.services.db, task.id, by="tom", now=stage.clock())
    stage.wait(1)
    return stage.now_task(task)


def asks_to_push(stage: Stage, task) -> bool:
    """The machine says that its agent is dead; whether it gets a token."""
    accepted = reports.begin_finishing(stage.services.db, task.run_id, now=stage.clock()).accepted
    mint(stage.services, task.run_id, "push")
    services, now = stage.services, stage.clock()
    token = credentials.find(services.db, services.vault, f"run:{task.run_id}", "push", valid_at=now)
    assert accepted == (token is not None)
    return accepted


def saves(stage: Stage, task, **result: object) -> None:
    """The machine hears of the stop, saves, and says its last word."""
    stage.report(task, seq=2)
    assert asks_to_push(stage, task)
    stage.result(task, ending="cancelled", message="The run was cancelled: Porter was told to stop this run.", **result)


def test_what_was_done_so_far_is_on_a_branch_that_the_comment_and_the_history_name(stage: Stage, task):
    saves(stage, task)
    finish(stage.services, task.run_id)

    task = stage.now_task(task)
    assert (task.status, task.head_sha) == (Status.CANCELLED, "a" * 40)
    assert task.message == f"tom stopped it; what was done so far is kept on branch {task.branch}"
    [comment] = stage.replies()
    assert "**Stopped.** tom stopped it; what was done so far is kept on branch [" in comment.body
    assert f"/tree/{task.branch})" in comment.body
    assert task.message in [event.text for event in events.of_task(stage.services.db, task.id)]
    assert stage.pulls() == []
    assert stage.host.machines == {}


def test_work_that_a_person_must_see_first_is_not_pushed_and_the_comment_says_so(stage: Stage, task):
    why = "a person must look at it first (.github/workflows/ci.yml)"
    stage.report(task, seq=2)
    stage.result(task, ending="cancelled", push=False, pushed=False, unkept=why)
    finish(stage.services, task.run_id)
    task = stage.now_task(task)
    assert task.message == f"tom stopped it; what was done so far is not kept: {why}"
    assert "is not kept" in stage.replies()[0].body


def test_a_machine_that_has_heard_of_the_stop_has_half_a_minute(stage: Stage, task):
    stage.report(task, seq=2)
    stage.wait(28)
    stop(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.RUNNING and stage.host.machines
    stage.wait(1)
    stop(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.CANCELLED
    assert stage.host.machines == {}


def test_a_machine_that_has_not_heard_has_eight_seconds(stage: Stage, task):
    stage.wait(7)
    stop(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.CANCELLED
    assert stage.host.machines == {}


def test_a_machine_that_asks_to_push_has_heard(stage: Stage, task):
    assert asks_to_push(stage, task)
    stage.wait(20)
    stop(stage.services, task.run_id)
    assert stage.host.machines


def test_there_is_no_push_token_when_the_time_is_over_or_the_machine_has_said_its_last_word(stage: Stage, task):
    stage.report(task, seq=2)
    stage.result(task, ending="cancelled", push=False, pushed=False)
    assert not asks_to_push(stage, task)
    other = stage.task()
    launch(stage.services, other.run_id)
    stage.report(other)
    tasks.cancel(stage.services.db, other.id, by="tom", now=stage.clock())
    stage.wait(30)
    assert not asks_to_push(stage, other)


@pytest.mark.parametrize("had_pushed", [True, False])
def test_a_machine_that_died_between_the_push_and_its_last_word_is_looked_after(stage: Stage, task, had_pushed: bool):
    stage.report(task, seq=2)
    asks_to_push(stage, task)
    head = stage.github.branch(task.branch) if had_pushed else None
    stage.host.end(task.run_id, 137)
    stop(stage.services, task.run_id)
    task = stage.now_task(task)
    assert (task.status, task.head_sha) == (Status.CANCELLED, head)
    assert ("kept on branch" in stage.replies()[0].body) == had_pushed
    assert stage.host.machines == {}


def test_that_github_cannot_say_whether_it_pushed_keeps_no_machine(stage: Stage, task):
    asks_to_push(stage, task)
    stage.host.end(task.run_id, 137)
    stage.github.world.faults.fail_next("GET", "/branches/", 503, times=9)
    stop(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.CANCELLED
    assert stage.host.machines == {}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("n", range(1, 5))
@pytest.mark.parametrize("reported", [True, False], ids=["reported", "lost"])
def test_a_worker_killed_anywhere_while_a_task_stops_doubles_nothing_and_leaves_no_machine(
    stage: Stage, task, n: int, when: str, reported: bool
):
    end = finish if reported else stop
    if reported:
        saves(stage, task)
    else:
        asks_to_push(stage, task)
        stage.github.branch(task.branch)
        stage.host.end(task.run_id, 137)
    stage.outside.die_at, stage.outside.when = stage.outside.calls + n, when
    try:
        end(stage.services, task.run_id)
    except Died:
        stage.wait(61)
        end(stage.again(), task.run_id)
        stage.sweep_up(task)

    task = stage.now_task(task)
    assert task.status is Status.CANCELLED
    [comment] = stage.replies()
    assert comment.body.count("kept on branch") == 1
    assert [event.kind for event in events.of_task(stage.services.db, task.id)].count("cancelled") == 1
    assert stage.pulls() == []
    assert stage.host.machines == {}


def test_a_retry_claims_no_branch_of_the_run_before(stage: Stage, task):
    saves(stage, task)
    finish(stage.services, task.run_id)
    again = tasks.restart(stage.services.db, task.id, by="tom", now=stage.clock())
    assert again.head_sha is None
