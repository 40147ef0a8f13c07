"""There is one status comment for a task: edited, not repeated, and back when somebody deletes it."""

from __future__ import annotations

import pytest

from emulators.github import acts
from jobs.finish import finish
from jobs.launch import launch
from jobs.status_comment import publish
from jobs.sweep import Sweep
from tests.jobs.stage import Stage
from tests.jobs.test_sweep import waiting


@pytest.fixture
def task(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task, step="reading greeter.py", percent=30)
    return stage.now_task(task)


def test_it_is_edited_in_place(stage: Stage, task):
    stage.wait(6)
    publish(stage.services, task.id)
    [comment] = stage.replies()
    assert "reading greeter.py" in comment.body and "30 %" in comment.body


def test_it_is_edited_once_in_five_seconds_also_for_the_last_word(stage: Stage, task):
    stage.wait(4)
    publish(stage.services, task.id)
    assert "reading" in stage.replies()[0].body  # to post it was no edit
    stage.result(task, ending="crashed")
    finish(stage.services, task.run_id)
    assert "Failed" not in stage.replies()[0].body
    stage.wait(6)
    Sweep(stage.services).quick()
    assert f"publish {task.id}" in waiting(stage)
    publish(stage.services, task.id)
    assert "Failed" in stage.replies()[0].body


def test_it_is_not_touched_while_it_is_up_to_date(stage: Stage, task):
    stage.wait(6)
    publish(stage.services, task.id)
    calls = stage.outside.calls
    stage.wait(6)
    publish(stage.services, task.id)
    assert stage.outside.calls == calls


def test_a_deleted_one_is_posted_again(stage: Stage, task):
    [comment] = stage.replies()
    acts.delete_comment(stage.github.world, comment, stage.github.world.person("maria"))
    stage.wait(6)
    publish(stage.services, task.id)
    assert len(stage.replies()) == 1


def test_a_comment_whose_answer_was_lost_is_found_by_its_marker(stage: Stage):
    task = stage.task()
    stage.github.world.faults.drop_reply_next("POST", "/issues/[0-9]+/comments$")
    launch(stage.services, task.run_id)
    assert stage.now_task(task).status_comment_id is None
    stage.wait(6)
    publish(stage.services, task.id)
    assert len(stage.replies()) == 1
    assert stage.now_task(task).status_comment_id == stage.replies()[0].id


def test_a_marker_in_somebody_elses_comment_is_not_ours(stage: Stage):
    task = stage.task()
    forged = f"look <!-- porter:task={task.id} -->"
    stage.github.world.comment(stage.issue, "eve", forged)
    launch(stage.services, task.run_id)
    assert len(stage.replies()) == 1
    assert [one.body for one in stage.issue.comments if one.actor.user.login == "eve"] == [forged]


def test_when_github_asks_for_a_pause_the_comment_waits_as_long(stage: Stage, task):
    stage.wait(6)
    stage.github.world.faults.fail_next("PATCH", "/comments/", 429, headers={"retry-after": "90"})
    publish(stage.services, task.id)
    calls = stage.outside.calls
    stage.wait(80)
    publish(stage.services, task.id)
    assert stage.outside.calls == calls
    stage.wait(20)
    publish(stage.services, task.id)
    assert "30 %" in stage.replies()[0].body


def test_a_queued_task_of_somebody_who_may_not_ask_gets_no_comment(stage: Stage):
    task = stage.task(requested_by="eve")
    stage.wait(30)
    publish(stage.services, task.id)
    assert stage.replies() == []


def test_a_task_that_waits_says_how_many_are_before_it(stage: Stage):
    first = stage.task()
    stage.wait(1)
    second = stage.task()
    stage.wait(30)
    for task in (first, second):
        publish(stage.services, task.id)
    assert [("next" in one.body, "1 task before it" in one.body) for one in stage.replies()] == [
        (True, False),
        (False, True),
    ]


def test_a_task_without_an_issue_has_its_comment_once_there_is_one(stage: Stage):
    task = stage.task(issue_number=None, comment_id=None, source="dashboard", instructions="do it")
    stage.wait(6)
    publish(stage.services, task.id)
    assert stage.now_task(task).status_comment_id is None
    launch(stage.services, task.run_id)
    now = stage.now_task(task)
    assert now.branch.startswith(f"porter/issue-{now.issue_number}-mock-")
    [comment] = stage.github.repository.issues[now.issue_number].comments
    assert (comment.id, stage.replies()) == (now.status_comment_id, [])


def test_while_others_wait_to_write_a_word_between_is_dropped_and_the_last_word_waits_for_its_turn(stage: Stage, task):
    stage.wait(6)
    stage.services.github.guest.wait_to_write(stage.github.installation)
    publish(stage.services, task.id)
    assert "reading" not in stage.replies()[0].body
    stage.result(task, ending="crashed")
    finish(stage.services, task.run_id)
    assert "Failed" in stage.replies()[0].body


def test_edits_leave_half_of_what_github_allows_in_an_hour_to_results(stage: Stage, task):
    edits = 0
    for percent in range(3600 // 6):
        stage.wait(6)
        stage.report(task, seq=percent + 2, percent=percent % 100, step=f"step {percent}")
        before = stage.now_task(task).comment_version
        publish(stage.services, task.id)
        edits += stage.now_task(task).comment_version > before
    assert 300 < edits <= 500
