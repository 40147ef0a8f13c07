"""Everybody who gave feedback is answered: in each thread, below the review or comment, and once."""

from __future__ import annotations

import pytest

from jobs.answer import answer
from jobs.finish import finish
from jobs.follow_up import advance
from jobs.github.errors import GitHubUnavailable
from jobs.launch import launch
from store import requests, tasks
from store.lifecycle import Outcome, Status
from store.records import NewRequest, Task
from tests.jobs.feedback_stage import (
    SECOND,
    answers,
    begun,
    brought,
    commented,
    heard,
    more,
    now,
    pull,
    review,
    said,
    worked,
)
from tests.jobs.stage import Died, Stage


@pytest.fixture
def task(stage: Stage) -> Task:
    """A task that brought a pull request."""
    return brought(stage)


def test_every_thread_and_the_review_are_answered_with_the_commit(stage: Stage, task: Task) -> None:
    asked = review(stage)
    ended = worked(stage, heard(stage, task, f"review:{asked.id}"))

    assert (ended.status, ended.outcome, ended.head_sha) == (Status.SUCCEEDED, Outcome.PULL_REQUEST, SECOND)
    assert [remark for remark, _ in answers(stage)] == [one.id for one in asked.comments]
    assert all(f"/commit/{SECOND}" in words for _, words in answers(stage))
    [reply] = said(stage)
    assert f"/commit/{SECOND}" in reply and "`tom`" in reply
    assert len(stage.pulls()) == 1
    assert [user.login for user in pull(stage).pull.reviewers] == ["maria", "tom"]  # type: ignore[union-attr]


def test_the_answer_says_what_counted_where_a_review_and_its_remarks_contradict_each_other(
    stage: Stage, task: Task
) -> None:
    asked = review(stage)
    key = heard(stage, task, f"review:{asked.id}", flags={"agent": "mock", "timeout_seconds": 90})
    more(stage, task, asked, 0, agent="codex", timeout_seconds=60)
    at_work = begun(stage, key)
    more(stage, task, asked, 1, no_tests=True)
    stage.result(at_work, push=False, head_sha=SECOND)
    finish(stage.services, at_work.run_id)
    advance(stage.services, key)

    [reply] = said(stage)
    assert "What counted: the agent `mock`, no `--no-tests`, `--timeout=90s`." in reply
    assert "own words come before its remarks" in reply


def test_the_answer_is_silent_about_flags_that_go_together(stage: Stage, task: Task) -> None:
    asked = review(stage)
    key = heard(stage, task, f"review:{asked.id}", flags={"draft": True})
    more(stage, task, asked, 0, draft=True, no_tests=True)
    worked(stage, key)
    [reply] = said(stage)
    assert "What counted" not in reply


def test_a_comment_is_acknowledged_and_answered_below(stage: Stage, task: Task) -> None:
    key = commented(stage, task, "also greet the moon")
    ended = worked(stage, key)
    comment = pull(stage).comments[0]
    assert [one.content for one in comment.reactions] == ["eyes"]
    assert "also greet the moon" in (stage.now_run(ended).prompt or "")
    assert len(said(stage)) == 1 and answers(stage) == []


@pytest.mark.parametrize("kind", ["review_comment", "review"])
def test_a_lone_remark_is_acknowledged_and_answered_in_its_thread(stage: Stage, task: Task, kind: str) -> None:
    remark = stage.github.world.review(
        pull(stage), "tom", "COMMENT", "", [("src/main.py", 3, "@porter shout it")]
    ).comments[0]
    number = remark.id if kind == "review_comment" else remark.review.id
    ended = worked(stage, heard(stage, task, f"{kind}:{number}"))
    assert "@porter shout it" in (stage.now_run(ended).prompt or "")
    assert [one.content for one in remark.reactions] == ["eyes"]
    assert [(remark.id, True)] == [(one, SECOND[:7] in words) for one, words in answers(stage)]
    assert said(stage) == []


def test_no_change_and_failure_are_said_in_every_thread(stage: Stage, task: Task) -> None:
    quiet = heard(stage, task, f"review:{review(stage).id}")
    ended = worked(stage, quiet, ending="no_changes", pushed=False, message="nothing to do", head_sha=None)
    assert (ended.outcome, ended.head_sha) == (Outcome.PULL_REQUEST, task.head_sha)
    assert "no change was needed" in said(stage)[-1]
    assert {"changed nothing" in words for _, words in answers(stage)} == {True}

    failing = heard(stage, task, f"review:{review(stage, lines=(1,)).id}")
    ended = worked(
        stage, failing, ending="overloaded", pushed=False, message="The model was overloaded.", head_sha=None
    )
    assert ended.status is Status.FAILED
    assert "overloaded" in said(stage)[-1] and "@porter retry" in said(stage)[-1]
    assert "still open" in answers(stage)[-1][1]


def test_another_try_of_a_failed_follow_up_goes_on_with_the_branch_and_answers_anew(stage: Stage, task: Task) -> None:
    key = heard(stage, task, f"review:{review(stage, lines=(1,)).id}")
    ended = worked(stage, key, ending="crashed", pushed=False, message="It crashed.", head_sha=None)
    again = tasks.restart(stage.services.db, ended.id, by="tom", now=stage.clock())
    launch(stage.services, again.run_id)
    again = stage.now_task(again)
    assert again.branch == task.branch
    stage.report(again)
    stage.result(again, push=False, head_sha=SECOND)
    finish(stage.services, again.run_id)
    advance(stage.services, key)
    assert SECOND[:7] in answers(stage)[-1][1] and SECOND[:7] in said(stage)[-1]
    assert len(answers(stage)) == 2


# To die after one call is to die before the next.
@pytest.mark.parametrize(("n", "when"), [*((n, "before") for n in range(1, 10)), (9, "after")])
def test_an_answer_killed_at_any_outside_call_and_given_again_is_given_once(
    stage: Stage, task: Task, n: int, when: str
) -> None:
    asked = review(stage)
    key = heard(stage, task, f"review:{asked.id}")
    at_work = begun(stage, key)
    stage.result(at_work, push=False, head_sha=SECOND)
    finish(stage.services, at_work.run_id)
    stage.outside.die_at, stage.outside.when = stage.outside.calls + n, when
    try:
        advance(stage.services, key)
    except Died:
        advance(stage.again(), key)
        stage.wait(120)
        advance(stage.again(), key)
    assert sorted(remark for remark, _ in answers(stage)) == sorted(one.id for one in asked.comments)
    assert len(said(stage)) == 1
    assert now(stage, key).answered_at is not None


def test_an_answer_makes_fewer_outside_calls_than_the_test_above_covers(stage: Stage, task: Task) -> None:
    key = heard(stage, task, f"review:{review(stage).id}")
    at_work = begun(stage, key)
    stage.result(at_work, push=False, head_sha=SECOND)
    finish(stage.services, at_work.run_id)
    before = stage.outside.calls
    advance(stage.services, key)
    assert stage.outside.calls - before <= 9


def test_while_github_is_away_nothing_of_a_follow_up_is_lost(stage: Stage, task: Task) -> None:
    key = heard(stage, task, f"review:{review(stage).id}")
    stage.github.world.faults.fail_next("*", ".*", 503, times=30)
    for _ in range(2):
        with pytest.raises(GitHubUnavailable):
            advance(stage.services, key)
    stage.github.world.faults.clear()
    assert worked(stage, key).outcome is Outcome.PULL_REQUEST
    assert len(answers(stage)) == 2


def test_work_of_a_failed_follow_up_that_was_kept_is_named(stage: Stage, task: Task) -> None:
    worked(stage, commented(stage, task, "go on"), ending="timed_out", message="It took too long.")
    assert "took too long" in said(stage)[-1] and f"/commit/{SECOND}" in said(stage)[-1]


def test_the_answer_is_right_though_the_task_is_at_its_next_run_already(stage: Stage, task: Task) -> None:
    first, second = commented(stage, task, "one"), commented(stage, task, "two")
    for key in sorted((first, second)):
        at_work = begun(stage, key)
        stage.result(at_work, push=False, ending="overloaded", pushed=False, message="The model was overloaded.")
        finish(stage.services, at_work.run_id)
    for key in (first, second):
        advance(stage.services, key)
    assert [body.count("The model was overloaded.") for body in said(stage)] == [1, 1]


def test_a_control_command_in_a_remark_has_its_reaction_there(stage: Stage, task: Task) -> None:
    remark = stage.github.world.review(
        pull(stage), "tom", "COMMENT", "", [("src/main.py", 3, "@porter status")]
    ).comments[0]
    new = NewRequest(
        task.repository, task.pr_number or 0, "tom", "status", installation_id=task.installation_id,
        comment_line=1, remark_id=remark.id,
    )  # fmt: skip
    key = requests.new(stage.services.db, new, now=stage.clock())
    answer(stage.services, key or "")
    assert [one.content for one in remark.reactions] == ["eyes"]
    assert len(said(stage)) == 1
