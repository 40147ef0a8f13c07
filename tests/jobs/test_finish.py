"""A result becomes one pull request, one final comment and no machine, wherever the finish is killed."""

from __future__ import annotations

import pytest

from jobs.finish import finish
from jobs.launch import launch
from store import events, runs, tasks
from store.lifecycle import Outcome, Status
from tests.jobs.stage import Died, Stage


@pytest.fixture
def task(stage: Stage):
    """A task whose machine is at work."""
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    return stage.now_task(task)


def test_changes_become_a_pull_request(stage: Stage, task):
    stage.result(task)
    finish(stage.services, task.run_id)

    task = stage.now_task(task)
    assert (task.status, task.outcome) == (Status.SUCCEEDED, Outcome.PULL_REQUEST)
    [pull] = stage.pulls()
    assert (pull.number, pull.pull.head, pull.pull.base) == (task.pr_number, task.branch, "main")
    assert pull.body.startswith(f"Closes #{stage.issue.number}.")
    assert (task.files_changed, task.additions, task.cost_usd, task.machine_seconds) == (1, 2, 0.25, 61.0)
    [comment] = [one for one in stage.replies() if one.body.endswith(f"porter:task={task.id} -->")]
    assert f"Pull request #{pull.number}" in comment.body
    assert stage.host.machines == {}
    assert stage.now_run(task).destroyed_at is not None


def test_the_requester_is_asked_for_a_review(stage: Stage, task):
    stage.result(task)
    finish(stage.services, task.run_id)
    assert [user.login for user in stage.pulls()[0].pull.reviewers] == ["maria"]


def test_that_no_review_can_be_asked_for_is_only_a_warning(stage: Stage, task):
    stage.github.world.faults.fail_next("POST", "/requested_reviewers", 422, body={"message": "no"})
    stage.result(task)
    finish(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.SUCCEEDED
    assert "warning" in [event.kind for event in events.of_task(stage.services.db, task.id)]


def test_what_the_agent_says_notifies_nobody_and_closes_nothing(stage: Stage, task):
    stage.result(task)
    finish(stage.services, task.run_id)
    body = stage.pulls()[0].body
    assert "Fixed the greeting" in body
    assert "greeting, @maria" not in body and "#99" not in body


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("n", range(1, 9))
def test_a_finish_killed_at_any_outside_call_and_run_again_does_nothing_twice(stage: Stage, task, n: int, when: str):
    stage.result(task)
    stage.outside.die_at, stage.outside.when = stage.outside.calls + n, when
    try:
        finish(stage.services, task.run_id)
    except Died:
        finish(stage.again(), task.run_id)
        stage.wait(61)
        finish(stage.again(), task.run_id)
        stage.sweep_up(task)

    task = stage.now_task(task)
    assert (task.status, task.outcome) == (Status.SUCCEEDED, Outcome.PULL_REQUEST)
    assert len(stage.pulls()) == 1
    [comment] = stage.replies()
    assert f"Pull request #{task.pr_number}" in comment.body
    assert stage.host.machines == {}
    kinds = [event.kind for event in events.of_task(stage.services.db, task.id)]
    assert (kinds.count("pull_request"), kinds.count("succeeded")) == (1, 1)


def test_a_finish_makes_fewer_outside_calls_than_the_test_above_covers(stage: Stage, task):
    stage.result(task)
    before = stage.outside.calls
    finish(stage.services, task.run_id)
    assert stage.outside.calls - before <= 8


def test_a_pull_request_whose_answer_was_lost_is_found_not_made_again(stage: Stage, task):
    stage.result(task)
    stage.github.world.faults.drop_reply_next("POST", "/pulls$")
    finish(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.FINISHING
    stage.clock.now = stage.now_run(task).due_at
    finish(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.SUCCEEDED
    assert len(stage.pulls()) == 1


def test_github_away_for_an_hour_loses_no_result(stage: Stage, task):
    stage.result(task)
    stage.github.world.faults.fail_next("*", "/pulls", 503, times=60)
    for _ in range(20):
        finish(stage.services, task.run_id)
        stage.wait(180)
    assert stage.now_task(task).status is Status.FINISHING
    stage.github.world.faults.clear()
    finish(stage.services, task.run_id)
    assert stage.now_task(task).outcome is Outcome.PULL_REQUEST


def test_a_refused_pull_request_keeps_the_branch_and_says_so(stage: Stage, task):
    stage.result(task)
    stage.github.world.faults.fail_next("POST", "/pulls$", 403, body={"message": "Not today"})
    finish(stage.services, task.run_id)
    task = stage.now_task(task)
    assert (task.status, task.reason) == (Status.FAILED, "pull_request_refused")
    assert "Not today" in task.message
    assert task.branch in stage.replies()[0].body


def test_a_branch_without_a_difference_is_no_change(stage: Stage, task):
    git = stage.github.repository.git
    git.run("update-ref", f"refs/heads/{task.branch}", git.branches()["main"])
    stage.result(task, push=False)
    finish(stage.services, task.run_id)
    assert stage.now_task(task).outcome is Outcome.NO_CHANGES


@pytest.mark.parametrize(
    ("result", "status", "reason"),
    [
        pytest.param({"ending": "no_changes", "pushed": False}, Status.SUCCEEDED, None, id="no-changes"),
        pytest.param({"ending": "changes", "pushed": False}, Status.FAILED, "push_failed", id="not-pushed"),
        pytest.param({"ending": "auth", "pushed": False}, Status.FAILED, "auth", id="auth"),
        pytest.param({"ending": "crashed"}, Status.FAILED, "crashed", id="crashed-with-work"),
        pytest.param({"ending": "timed_out"}, Status.TIMED_OUT, "timed_out", id="timed-out"),
        pytest.param({"ending": "cancelled"}, Status.CANCELLED, "cancelled", id="cancelled"),
    ],
)
def test_every_other_ending_opens_no_pull_request(stage: Stage, task, result, status, reason):
    stage.result(task, **result)
    finish(stage.services, task.run_id)
    task = stage.now_task(task)
    assert (task.status, task.reason) == (status, reason)
    assert stage.pulls() == []
    assert stage.host.machines == {}
    if result.get("pushed", True):
        assert f"`{task.branch}`" in stage.replies()[0].body


def test_there_is_no_pull_request_once_a_stop_was_asked_for(stage: Stage, task):
    tasks.cancel(stage.services.db, task.id, by="tom", now=stage.clock())
    stage.result(task)
    finish(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.CANCELLED
    assert "tom" in stage.replies()[0].body
    assert stage.pulls() == []


def test_a_run_without_a_result_is_left_alone(stage: Stage, task):
    finish(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.RUNNING
    assert runs.get(stage.services.db, task.run_id).lease_until is None


def test_a_draft_is_asked_for_as_one(stage: Stage):
    task = stage.task(flags={"draft": True})
    launch(stage.services, task.run_id)
    stage.result(task)
    finish(stage.services, task.run_id)
    assert stage.pulls()[0].pull.draft
