"""A launch makes one machine, one comment and one reaction, wherever it is killed."""

from __future__ import annotations

import logging

import pytest

from jobs import launch as launching
from jobs.hosts.errors import HostRefused, HostUnavailable, NoCapacity
from jobs.launch import branch_name, launch, pause_before
from store import credentials, events, runs, tasks, vault
from store.lifecycle import Status
from store.records import RunKind
from tests.builders import make_task
from tests.jobs.stage import Died, Stage


def test_a_launch_reacts_comments_and_starts_one_machine(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)

    task, run = stage.now_task(task), stage.now_run(task)
    assert task.status is Status.LAUNCHING
    assert task.branch == f"porter/issue-{stage.issue.number}-mock-{task.id[:6]}"
    assert task.base_branch == "main"
    assert stage.reactions(task) == ["eyes"]
    [comment] = stage.replies()
    assert comment.body.endswith(f"<!-- porter:task={task.id} -->")
    assert (run.machine_id, run.host) == (f"porter-{run.id}", "table")
    assert run.lease_until is None and run.deadline is not None
    assert 'It prints "Helo".' in run.prompt


def test_the_machine_is_given_four_variables_and_its_token_opens_its_run(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    [spec] = stage.host.specs
    assert set(spec.env) == {"PORTER_URL", "TASK_ID", "RUN_ID", "CALLBACK_TOKEN"}
    assert runs.authenticate(stage.services.db, task.run_id, spec.env["CALLBACK_TOKEN"]).id == task.run_id
    assert "CALLBACK_TOKEN" not in repr(spec)


def test_the_clone_token_reads_this_repository_and_nothing_else(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    owner = f"run:{task.run_id}"
    kept = credentials.find(stage.services.db, stage.services.vault, owner, "clone", valid_at=stage.clock())
    assert kept is not None
    answer = stage.github.api.post(
        f"/repos/acme/widgets/issues/{stage.issue.number}/comments",
        json={"body": "hi"},
        headers={"Authorization": f"Bearer {kept.value}"},
    )
    assert answer.status_code == 403


def outside_calls_of_a_launch() -> list[pytest.param]:
    """More than a launch makes; the surplus finds a launch that is not killed."""
    return [pytest.param(n, when, id=f"{when}-call-{n}") for n in range(1, 21) for when in ("before", "after")]


@pytest.mark.parametrize(("n", "when"), outside_calls_of_a_launch())
def test_a_launch_killed_at_any_outside_call_and_run_again_does_nothing_twice(stage: Stage, n: int, when: str):
    task = stage.task()
    stage.outside.die_at, stage.outside.when = n, when
    try:
        launch(stage.services, task.run_id)
    except Died:
        assert stage.now_run(task).lease_until is not None or stage.now_run(task).machine_id
        launch(stage.again(), task.run_id)  # while the dead worker's lease lasts, nothing happens
        stage.wait(61)
        launch(stage.again(), task.run_id)
        stage.sweep_up(task)

    assert len(stage.host.specs) == 1
    assert stage.now_run(task).machine_id == f"porter-{task.run_id}"
    assert len(stage.replies()) == 1
    assert stage.reactions(task) == ["eyes"]
    token = stage.host.specs[0].env["CALLBACK_TOKEN"]
    assert runs.authenticate(stage.services.db, task.run_id, token)
    kinds = [event.kind for event in events.of_task(stage.services.db, task.id)]
    assert kinds == ["asked", "launching", "machine"]


def test_a_launch_makes_fewer_outside_calls_than_the_test_above_covers(stage: Stage):
    launch(stage.services, stage.task().run_id)
    assert stage.outside.calls <= 20


def test_a_launch_that_is_done_is_not_done_again(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    calls = stage.outside.calls
    launch(stage.services, task.run_id)
    assert stage.outside.calls == calls


def test_who_may_not_write_gets_one_reply_and_no_machine(stage: Stage):
    for _ in range(2):
        task = stage.task(requested_by="eve")
        launch(stage.services, task.run_id)
        assert (stage.now_task(task).status, stage.now_task(task).reason) == (Status.FAILED, "not_permitted")
    [reply] = stage.replies()
    assert "eve" in reply.body
    assert stage.host.specs == []


def test_when_github_cannot_say_who_may_nobody_may(stage: Stage):
    stage.github.world.faults.fail_next("GET", "/collaborators/", 500, times=3)
    task = stage.task()
    launch(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.QUEUED
    assert stage.host.specs == []


def test_the_operator_at_the_computer_passes_the_gate(stage: Stage):
    task = stage.task(source="dashboard", requested_by="eve")
    launch(stage.services, task.run_id)
    assert len(stage.host.specs) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(HostUnavailable("Fly is away"), id="away"),
        pytest.param(HostUnavailable("slow down", 7.0), id="slow-down"),
        pytest.param(NoCapacity(["iad"]), id="full"),
    ],
)
def test_a_host_that_is_away_is_asked_again_later_with_growing_pauses(stage: Stage, trouble: Exception):
    task = stage.task()
    stage.host.trouble = [trouble]
    launch(stage.services, task.run_id)
    run = stage.now_run(task)
    assert stage.now_task(task).status is Status.QUEUED
    assert run.due_at > stage.clock() and run.attempts == 1
    launch(stage.services, task.run_id)  # too early
    assert stage.host.specs == []
    stage.clock.now = run.due_at
    launch(stage.services, task.run_id)
    assert stage.now_run(task).machine_id
    assert len(stage.replies()) == 1


def test_six_attempts_are_enough_and_the_last_words_are_told(stage: Stage):
    task = stage.task()
    stage.host.trouble = [HostUnavailable("Fly answered 503") for _ in range(6)]
    for _ in range(6):
        launch(stage.services, task.run_id)
        stage.wait(120)
    task = stage.now_task(task)
    assert (task.status, task.reason) == (Status.FAILED, "launch_failed")
    assert "Fly answered 503" in task.message and "retry" in task.message
    assert "Fly answered 503" in stage.replies()[0].body


def test_a_refusal_of_the_host_fails_at_once_in_its_own_words(stage: Stage):
    task = stage.task()
    stage.host.trouble = [HostRefused("Fly refused: image not found. Push it first", status=422)]
    launch(stage.services, task.run_id)
    assert stage.now_task(task).reason == "launch_failed"
    assert "image not found" in stage.now_task(task).message


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param({"base_branch": "nowhere"}, "no branch nowhere", id="base"),
        pytest.param({"agent": "hal"}, "no agent hal", id="agent"),
        pytest.param({"agent": "claude-code"}, "porter secret set", id="key"),
    ],
)
def test_what_cannot_work_is_refused_before_a_machine_is_rented(stage: Stage, overrides: dict[str, str], said: str):
    task = stage.task(**overrides)
    launch(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.FAILED
    assert said in stage.now_task(task).message
    assert stage.host.specs == []


def test_an_agent_with_its_key_is_launched(stage: Stage):
    vault.put(
        stage.services.db, stage.services.vault, "global", "ANTHROPIC_API_KEY", "sk-1", by="me", now=stage.clock()
    )
    launch(stage.services, stage.task(agent="claude-code").run_id)
    assert len(stage.host.specs) == 1


def test_a_locked_issue_or_a_deleted_comment_does_not_fail_the_task(stage: Stage):
    stage.github.world.faults.fail_next("POST", "/reactions", 404, body={"message": "Not Found"})
    stage.github.world.faults.fail_next("POST", "/comments", 403, body={"message": "Issue is locked"})
    task = stage.task()
    launch(stage.services, task.run_id)
    assert stage.now_run(task).machine_id
    assert "Issue is locked" in events.of_task(stage.services.db, task.id)[-1].text


def test_a_stop_that_comes_while_the_machine_is_prepared_starts_none(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    task = stage.task()
    in_line = launching._wait_in_line

    def cancelled_meanwhile(services):
        tasks.cancel(services.db, task.id, by="maria", now=stage.clock())
        in_line(services)

    monkeypatch.setattr(launching, "_wait_in_line", cancelled_meanwhile)
    launch(stage.services, task.run_id)
    assert stage.host.specs == []
    assert stage.now_run(task).lease_until is None


def test_a_launch_that_kills_its_worker_each_time_ends_some_day(stage: Stage):
    task = stage.task()
    for _ in range(30):
        if not stage.now_task(task).is_live:
            break
        stage.outside.die_at = stage.outside.calls + 2
        try:
            launch(stage.again(), task.run_id)
        except Died:
            stage.wait(61)
    stage.outside.die_at = None
    stage.wait(61)
    launch(stage.again(), task.run_id)
    assert stage.now_task(task).reason == "launch_failed"


def test_no_token_reaches_the_log(stage: Stage, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    launch(stage.services, stage.task().run_id)
    assert stage.secret_texts()[0] not in caplog.text
    assert "ghs_" not in caplog.text


def test_a_retry_has_a_branch_of_its_own_and_a_follow_up_goes_on(stage: Stage):
    task = make_task(stage.services.db, status=Status.FAILED, branch="porter/issue-1-claude-code-x")
    moved = tasks.restart(stage.services.db, task.id, by="maria", now=stage.clock())
    retried = runs.get(stage.services.db, moved.run_id)
    assert branch_name(moved, retried) == f"porter/issue-1-claude-code-{task.id[:6]}-2"
    followed = type(retried)(**(vars(retried) | {"kind": RunKind.FOLLOW_UP}))
    assert branch_name(moved, followed) == "porter/issue-1-claude-code-x"


@pytest.mark.parametrize(
    ("attempt", "asked", "seconds"), [(1, None, 2), (3, None, 8), (9, None, 60), (1, 30.0, 30), (2, 300.0, 300)]
)
def test_pauses_double_up_to_a_minute_unless_more_is_asked_for(attempt, asked, seconds):
    assert pause_before(attempt, asked) == seconds
