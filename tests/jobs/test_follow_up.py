"""Feedback on Porter's pull request: one run on the same branch, an answer in every thread, no second pull request."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.github import acts
from emulators.github.model import Actor, Issue
from jobs.answer import answer
from jobs.finish import finish
from jobs.follow_up import advance
from jobs.github.errors import GitHubUnavailable
from jobs.launch import launch
from jobs.sweep import Sweep
from store import follow_ups, requests, runs, sessions, tasks, vault
from store.lifecycle import Outcome, Status
from store.records import FollowUp, NewFollowUp, NewRequest, RunKind, Task
from store.sessions import Session
from tests.jobs.stage import Died, Stage

FILES = {"src/main.py": 'import sys\n\nprint("Hello")\n'}
SECOND = "b" * 40


@pytest.fixture
def task(stage: Stage) -> Task:
    """A task that brought a pull request."""
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    branch = stage.now_task(task).branch or ""
    head = stage.github.branch(branch, FILES)
    stage.result(task, push=False, head_sha=head)
    finish(stage.services, task.run_id)
    return stage.now_task(task)


def pull(stage: Stage) -> Issue:
    [it] = stage.pulls()
    return it


def review(stage: Stage, *, by: str = "tom", lines: tuple[int, ...] = (1, 3)) -> Any:
    remarks = [("src/main.py", line, f"Line {line} could be better.") for line in lines]
    return stage.github.world.review(pull(stage), by, "REQUEST_CHANGES", "Two things before this can go in.", remarks)


def heard(stage: Stage, task: Task, key: str, *, by: str = "tom", **more: Any) -> str:
    with stage.services.db.write() as connection:
        found = follow_ups.add(connection, NewFollowUp(task.id, key, by, **more), now=stage.clock())
    assert found is not None
    return found


def commented(stage: Stage, task: Task, words: str, *, by: str = "maria", **more: Any) -> str:
    comment = stage.github.world.comment(pull(stage), by, f"@porter {words}")
    return heard(stage, task, f"comment:{comment.id}:1", by=by, instructions=words, **more)


def begun(stage: Stage, key: str) -> Task:
    """The follow-up's run, with its machine at work."""
    advance(stage.services, key)
    task = tasks.get(stage.services.db, now(stage, key).task_id)
    launch(stage.services, task.run_id)
    stage.report(task)
    return stage.now_task(task)


def worked(stage: Stage, key: str, **result: Any) -> Task:
    """The follow-up's run, to its end and its answers."""
    task = begun(stage, key)
    stage.result(task, push=False, **({"head_sha": SECOND} | result))
    finish(stage.services, task.run_id)
    advance(stage.services, key)
    return stage.now_task(task)


def now(stage: Stage, key: str) -> FollowUp:
    return follow_ups.get(stage.services.db, key)


def said(stage: Stage) -> list[str]:
    """Porter's comments on the pull request."""
    return [one.body for one in pull(stage).comments if one.actor.app is not None]


def answers(stage: Stage) -> list[tuple[int, str]]:
    """Porter's answers in threads: the remark and the words."""
    found = pull(stage).pull
    assert found is not None
    return [(one.answers.id, one.body) for one in found.remarks if one.answers and one.review.actor.app is not None]


def close(stage: Stage) -> None:
    acts.set_state(stage.github.world, pull(stage), Actor(stage.github.world.users["maria"]), "closed")


def test_a_review_with_remarks_becomes_one_run_on_the_same_branch(stage: Stage, task: Task) -> None:
    key = heard(stage, task, f"review:{review(stage).id}")
    again = begun(stage, key)

    run = stage.now_run(again)
    assert (run.number, run.kind, run.follow_up_id) == (2, RunKind.FOLLOW_UP, key)
    assert again.branch == task.branch
    assert len(stage.host.machines) == 1
    prompt = run.prompt or ""
    for words in (
        "Two things before this can go in.", "Line 1 could be better.", "Line 3 could be better.",
        "`src/main.py`, line 3", "+import sys", "@@", 'It prints "Helo".', "tom",
    ):  # fmt: skip
        assert words in prompt, words


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


def test_feedback_while_a_run_works_is_said_to_wait_and_starts_by_itself(stage: Stage, task: Task) -> None:
    first = commented(stage, task, "greet the moon")
    at_work = begun(stage, first)
    second = commented(stage, task, "greet the sun")
    for _ in range(2):
        advance(stage.services, second)
    [words] = said(stage)
    assert "waits for the run at work" in words
    assert now(stage, second).run_id is None

    stage.result(at_work, push=False, head_sha=SECOND)
    finish(stage.services, at_work.run_id)
    for key in (first, second):
        assert stage.services.queues.has_job("follow_up", key)
        advance(stage.services, key)
    assert now(stage, second).run_id == f"{task.id}-3"


def test_a_second_comment_waits_for_the_first_even_if_it_is_looked_at_first(stage: Stage, task: Task) -> None:
    first, second = commented(stage, task, "one"), ""
    stage.wait(1)
    second = commented(stage, task, "two")
    advance(stage.services, second)
    assert now(stage, second).run_id is None
    advance(stage.services, first)
    assert now(stage, first).run_id == f"{task.id}-2"


def test_a_stop_ends_what_is_at_work_and_what_waits_for_it(stage: Stage, task: Task) -> None:
    first = commented(stage, task, "greet the moon")
    at_work = begun(stage, first)
    second = commented(stage, task, "greet the sun")
    stage.wait(1)
    order = NewRequest(task.repository, task.pr_number or 0, "tom", "stop", installation_id=task.installation_id)
    answer(stage.services, requests.new(stage.services.db, order, now=stage.clock()) or "")
    advance(stage.services, second)
    assert "stopped the work here before this was begun" in said(stage)[-1]

    stage.result(at_work, push=False, ending="cancelled", pushed=False)
    finish(stage.services, at_work.run_id)
    for key in (first, second):
        advance(stage.services, key)
    assert stage.now_task(task).status is Status.CANCELLED
    assert stage.now_task(task).run_id == at_work.run_id


def test_the_sweep_brings_what_redis_forgot(stage: Stage, task: Task) -> None:
    key = commented(stage, task, "greet the moon")
    Sweep(stage.services).quick()
    assert stage.services.queues.has_job("follow_up", key)
    stage.services.queues.redis.flushall()
    ended = begun(stage, key)
    stage.result(ended, push=False)
    finish(stage.services, ended.run_id)
    stage.services.queues.redis.flushall()
    Sweep(stage.services).quick()
    assert stage.services.queues.has_job("follow_up", key)
    advance(stage.services, key)
    stage.services.queues.redis.flushall()
    Sweep(stage.services).quick()
    assert not stage.services.queues.has_job("follow_up", key)


def test_somebody_who_may_not_write_gets_one_polite_reply_and_no_run(stage: Stage, task: Task) -> None:
    for words in ("open the door", "please"):
        key = commented(stage, task, words, by="eve")
        advance(stage.services, key)
        advance(stage.services, key)
    assert stage.now_task(task).status is Status.SUCCEEDED
    assert [body.startswith("Thank you, `eve`") for body in said(stage)] == [True]


@pytest.mark.parametrize("case", ["closed", "no-branch"])
def test_what_cannot_be_added_to_is_refused_with_one_sentence(stage: Stage, task: Task, case: str) -> None:
    key = commented(stage, task, "more")
    if case == "closed":
        close(stage)
    else:
        stage.github.repository.git.run("update-ref", "-d", f"refs/heads/{task.branch}")
    for _ in range(2):
        advance(stage.services, key)
    [words] = said(stage)
    assert ("is closed" if case == "closed" else "was deleted") in words
    assert now(stage, key).answered_at is not None
    assert stage.now_task(task).status is Status.SUCCEEDED


def test_a_pull_request_closed_before_the_launch_fails_the_run_with_the_sentence(stage: Stage, task: Task) -> None:
    key = commented(stage, task, "more")
    advance(stage.services, key)
    close(stage)
    again = stage.now_task(task)
    launch(stage.services, again.run_id)
    assert stage.now_task(task).status is Status.FAILED
    assert "is closed" in stage.now_task(task).message
    assert stage.host.machines == {}


def test_a_conflict_with_the_base_is_in_the_prompt(stage: Stage, task: Task) -> None:
    stage.github.world.push(stage.github.repository, "maria", "main", {"src/main.py": 'print("Hallo")\n'})
    again = begun(stage, commented(stage, task, "go on"))
    assert "conflicts with its base, main" in (stage.now_run(again).prompt or "")


def test_the_summary_is_in_the_prompt_only_where_no_conversation_can_be_resumed(stage: Stage, task: Task) -> None:
    again = begun(stage, commented(stage, task, "go on"))
    assert "Fixed the greeting" in (stage.now_run(again).prompt or "")
    stage.result(again, push=False)
    finish(stage.services, again.run_id)

    db, talk = stage.services.db, Session("s-1", "")
    sessions.keep(db, stage.services.vault, talk, task_id=task.id, agent="mock", run_id=again.run_id, now=stage.clock())
    again = begun(stage, commented(stage, task, "and on"))
    assert "Fixed the greeting" not in (stage.now_run(again).prompt or "")


def test_flags_of_the_follow_up_replace_what_the_task_had_but_not_its_branch(stage: Stage, task: Task) -> None:
    flags = {"model": "large", "priority": "high", "no_tests": True, "base_branch": "other"}
    again = begun(stage, commented(stage, task, "go on", flags=flags))
    assert (again.model, again.priority, again.flags["no_tests"]) == ("large", "high", True)
    assert (again.branch, again.base_branch) == (task.branch, "main")
    assert "Do not run the tests" in (stage.now_run(again).prompt or "")


def test_another_agent_can_be_named_and_gets_no_model_of_the_one_before(stage: Stage, task: Task) -> None:
    vault.put(stage.services.db, stage.services.vault, "global", "ANTHROPIC_API_KEY", "k", by="t", now=stage.clock())
    first = worked(stage, commented(stage, task, "go on", flags={"model": "large"}))
    assert first.model == "large"
    again = begun(stage, commented(stage, task, "go on", flags={"agent": "claude"}))
    assert (again.agent, again.model, again.branch) == ("claude-code", None, task.branch)


def test_a_task_has_used_what_all_its_runs_used(stage: Stage, task: Task) -> None:
    ended = worked(stage, commented(stage, task, "go on"))
    assert (ended.input_tokens, ended.cost_usd, ended.machine_seconds) == (20, 0.5, 122.0)
    assert [run.usage["cost_usd"] for run in runs.of_task(stage.services.db, task.id)] == [0.25, 0.25]


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
