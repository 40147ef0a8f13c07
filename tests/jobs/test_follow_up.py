"""Feedback on Porter's pull request becomes one run on the same branch; there is no second pull request."""

from __future__ import annotations

import pytest

from jobs.answer import answer
from jobs.finish import finish
from jobs.follow_up import advance
from jobs.launch import launch
from jobs.sweep import Sweep
from store import requests, runs, sessions, vault
from store.lifecycle import Status
from store.records import NewRequest, RunKind, Task
from store.sessions import Session
from tests.jobs.feedback_stage import (
    SECOND,
    answers,
    begun,
    brought,
    close,
    commented,
    heard,
    now,
    pull,
    review,
    said,
    worked,
)
from tests.jobs.stage import Stage


@pytest.fixture
def task(stage: Stage) -> Task:
    """A task that brought a pull request."""
    return brought(stage)


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


@pytest.mark.parametrize(("first", "is_there"), [("tom", True), ("eve", False)])
def test_an_answer_in_a_thread_brings_the_words_it_answers(
    stage: Stage, task: Task, first: str, is_there: bool
) -> None:
    remark = stage.github.world.review(
        pull(stage), first, "COMMENT", "", [("src/main.py", 3, "This is too quiet.")]
    ).comments[0]
    path = f"/repos/acme/widgets/pulls/{task.pr_number}/comments/{remark.id}/replies"
    body = {"body": "@porter do what is said above"}
    answer_id = stage.github.api.post(path, json=body, headers=stage.github.person("maria")).json()["id"]

    key = heard(stage, task, f"review_comment:{answer_id}", by="maria")
    ended = worked(stage, key)

    prompt = stage.now_run(ended).prompt or ""
    assert "do what is said above" in prompt
    assert ("too quiet" in prompt) is is_there
    assert [one for one, _ in answers(stage)] == [remark.id]
