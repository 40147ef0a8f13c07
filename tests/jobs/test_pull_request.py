"""What the pull request says, and the sentence for each thing that can stand in its way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulators.github import acts
from jobs import pull_words
from jobs.comments import Context
from jobs.finish import finish
from jobs.github.answers import Pull
from jobs.launch import launch
from jobs.pull_request import note
from jobs.status_comment import publish
from store.lifecycle import Outcome, Status
from store.records import Task
from tests.jobs.stage import Stage
from tests.jobs.test_comments import TASK

HERE = Context(task_url="http://porter.test/task?id=abc")
PASSED = {"command": "make test", "exit_code": 0, "tail": "3 passed"}
FAILED = {"command": "make test", "exit_code": 2, "tail": "~~~~\n<img src=x> @maria ghp_" + "x" * 36}


def finished(stage: Stage, task: Task, **result: object) -> Task:
    stage.result(task, **result)
    finish(stage.services, task.run_id)
    return stage.now_task(task)


def said(stage: Stage, task: Task) -> str:
    stage.wait(6)
    publish(stage.services, task.id)
    return stage.replies()[-1].body


@pytest.fixture
def task(stage: Stage) -> Task:
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    return stage.now_task(task)


def test_what_was_run_is_in_the_body(stage: Stage, task: Task):
    finished(stage, task, tests=PASSED)
    [pull] = stage.pulls()
    assert "✅ `make test` passed." in pull.body
    assert not pull.pull.draft


def test_when_it_was_opened_is_kept_once(stage: Stage, task: Task):
    task = finished(stage, task)
    assert task.pr_opened_at is not None
    assert task.created_at < task.pr_opened_at <= stage.clock.now
    stage.wait(60)
    note(stage.services, task, Pull(task.pr_number or 0, task.pr_url or "", is_open=False, merged=True, reviewers=[]))
    assert stage.now_task(task).pr_state == "merged"
    assert stage.now_task(task).pr_opened_at == task.pr_opened_at


def test_failed_tests_make_a_draft_that_says_so(stage: Stage, task: Task):
    task = finished(stage, task, tests=FAILED)
    [pull] = stage.pulls()
    assert pull.pull.draft
    assert "❌ `make test` failed with status 2; so this is a draft." in pull.body
    assert "is there as a draft" in said(stage, task)


def test_tests_that_did_not_end_are_no_pass():
    assert "did not finish" in pull_words.was_run(PASSED | {"exit_code": None})
    assert pull_words.failed(PASSED | {"exit_code": None})
    assert not pull_words.failed(None)


def test_the_last_lines_of_the_tests_stay_in_their_fence_and_hold_no_token():
    words = pull_words.was_run(FAILED)
    assert "ghp_" not in words
    assert "~~~~~text\n~~~~\n" in words


def test_a_repository_without_drafts_gets_an_ordinary_pull_request(stage: Stage, task: Task):
    no = {"message": "Draft pull requests are not supported in this repository."}
    stage.github.world.faults.fail_next("POST", "/pulls$", 422, body=no)
    task = finished(stage, task, tests=FAILED)
    assert task.outcome is Outcome.PULL_REQUEST
    assert not stage.pulls()[0].pull.draft


@pytest.mark.parametrize(
    ("gone", "reason", "words"),
    [
        pytest.param("main", "base_deleted", "the branch main was deleted meanwhile", id="base"),
        pytest.param("head", "branch_deleted", "was deleted before a pull request could be opened", id="head"),
    ],
)
def test_a_branch_that_is_gone_has_its_sentence(stage: Stage, task: Task, gone: str, reason: str, words: str):
    stage.result(task)
    git = stage.github.repository.git
    git.run("update-ref", "-d", f"refs/heads/{task.branch if gone == 'head' else gone}")
    finish(stage.services, task.run_id)
    task = stage.now_task(task)
    assert (task.status, task.reason) == (Status.FAILED, reason)
    assert words in task.message
    assert words in said(stage, task)


def test_an_archived_repository_has_its_sentence(stage: Stage, task: Task):
    no = {"message": "Repository was archived so is read-only."}
    stage.github.world.faults.fail_next("POST", "/pulls$", 403, body=no)
    task = finished(stage, task)
    assert (task.status, task.reason) == (Status.FAILED, "archived")
    assert "unarchive it" in task.message


def test_a_pull_request_that_was_closed_meanwhile_is_not_opened_again(stage: Stage, task: Task):
    stage.result(task)
    stage.github.world.faults.drop_reply_next("POST", "/pulls$")
    finish(stage.services, task.run_id)
    [pull] = stage.pulls()
    with stage.github.world.lock:
        acts.set_state(stage.github.world, pull, stage.issue.actor, "closed")
    stage.clock.now = stage.now_run(task).due_at
    finish(stage.services, task.run_id)
    task = stage.now_task(task)
    assert len(stage.pulls()) == 1
    assert (task.status, task.pr_state) == (Status.SUCCEEDED, "closed")
    assert "was closed meanwhile" in task.message
    assert "was closed without being merged" in said(stage, task)


def test_words_of_a_pull_request_that_was_closed():
    assert "reopening it brings it back" in pull_words.closed_meanwhile(7, merged=False)
    assert "was merged before" in pull_words.closed_meanwhile(7, merged=True)


def test_a_locked_issue_fails_nothing(stage: Stage):
    task = stage.task()
    no = {"message": "Unable to create comment because issue is locked."}
    stage.github.world.faults.fail_next("POST", f"/issues/{stage.issue.number}/comments", 403, body=no, times=9)
    launch(stage.services, task.run_id)
    task = finished(stage, task)
    assert task.outcome is Outcome.PULL_REQUEST


def test_a_huge_summary_leaves_room_for_the_marker():
    huge = replace(TASK, summary="@a " * 100_000, instructions="#1 " * 100_000)
    body = pull_words.body(huge, HERE, FAILED)
    assert len(body) < 65_536
    assert body.endswith(f"<!-- porter:task={TASK.id} -->")
