"""Each command that concerns Porter itself gets its deed done once and exactly one reply."""

from __future__ import annotations

from typing import Any

import pytest

from jobs import roster
from jobs.answer import answer
from jobs.finish import finish
from jobs.launch import launch
from jobs.status_comment import publish
from store import requests, vault
from store.lifecycle import Status
from store.records import NewRequest
from tests.builders import move
from tests.jobs.stage import Died, Stage


def asked(stage: Stage, verb: str, *, sender: str = "maria", **more: Any) -> str:
    comment = stage.github.world.comment(stage.issue, sender, f"@porter {verb}")
    new = NewRequest(
        "acme/widgets", stage.issue.number, sender, verb, installation_id=stage.github.installation,
        comment_id=comment.id, comment_line=1, **more,
    )  # fmt: skip
    key = requests.new(stage.services.db, new, now=stage.clock())
    assert key is not None
    return key


def failed_task(stage: Stage, **more: Any):
    task = stage.task(**more)
    move(stage.services.db, task.id, Status.FAILED)
    stage.wait(1)
    return task


def test_stop_ends_what_is_at_work_and_says_so(stage: Stage):
    running = stage.task()
    stage.wait(1)
    queued = stage.task()
    launch(stage.services, running.run_id)
    answer(stage.services, asked(stage, "stop"))
    assert stage.now_task(queued).status is Status.CANCELLED
    assert stage.now_run(running).cancelled_by == "maria"
    assert "Stopping `mock` and `mock`" in stage.replies()[-1].body


def test_stop_with_nothing_at_work_says_that(stage: Stage):
    answer(stage.services, asked(stage, "stop"))
    assert "nothing to stop" in stage.replies()[-1].body


def test_stop_of_one_agent_leaves_the_others(stage: Stage):
    mine, other = stage.task(), stage.task(agent="claude-code")
    answer(stage.services, asked(stage, "stop", argument="mock"))
    assert (stage.now_task(mine).status, stage.now_task(other).status) == (Status.CANCELLED, Status.QUEUED)


def test_retry_starts_the_newest_task_again_with_what_its_flags_replace(stage: Stage):
    task = failed_task(stage, instructions="fix it")
    answer(stage.services, asked(stage, "retry", flags={"model": "big", "timeout_seconds": 90}))
    task = stage.now_task(task)
    assert (task.status, task.model, task.flags, task.instructions) == (
        Status.QUEUED, "big", {"timeout_seconds": 90}, "fix it",
    )  # fmt: skip
    assert task.run_id.endswith("-2")


@pytest.mark.parametrize("n", range(1, 6))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_retry_killed_at_any_outside_call_restarts_once_and_replies_once(stage: Stage, n: int, when: str):
    task = failed_task(stage)
    key = asked(stage, "retry")
    stage.outside.die_at, stage.outside.when = n, when
    try:
        answer(stage.services, key)
    except Died:
        stage.wait(31)
        answer(stage.again(), key)
    assert stage.now_task(task).run_id.endswith("-2")
    assert len(stage.replies()) == 1


def test_retry_while_at_work_and_with_nothing_to_retry(stage: Stage):
    answer(stage.services, asked(stage, "retry"))
    stage.task()
    answer(stage.services, asked(stage, "retry"))
    first, second = stage.replies()
    assert "starts a task" in first.body and "still waiting" in second.body


def test_status_and_help_and_a_mistake_are_answered(stage: Stage):
    stage.task()
    for verb in ("status", "help"):
        answer(stage.services, asked(stage, verb))
    answer(stage.services, asked(stage, "mistake", argument="Did you mean `@porter mock`? Use `--model=<name>`."))
    said = [one.body for one in stage.replies()]
    assert "**Queued** for `mock`" in said[0]
    assert "@porter stop" in said[1] and "`claude-code`" in said[1]
    assert said[2].startswith("Did you mean `@porter mock`?")


def test_status_says_what_the_status_comment_says(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task, step="reading greeter.py", percent=30)
    stage.wait(10)
    publish(stage.services, task.id)
    answer(stage.services, asked(stage, "status"))
    comment, reply = stage.replies()
    assert _words(comment.body).partition(" %")[0] == _words(reply.body).partition(" %")[0]
    assert "reading greeter.py" in reply.body and "30 %" in reply.body


def test_status_tells_of_the_tasks_at_work_or_else_of_the_last_one(stage: Stage):
    failed_task(stage, instructions="the first")
    last = failed_task(stage)
    answer(stage.services, asked(stage, "status"))
    assert stage.replies()[-1].body.count("**Failed**") == 1
    assert last.id in stage.replies()[-1].body
    stage.task()
    stage.task(agent="claude-code")
    answer(stage.services, asked(stage, "status"))
    assert "Failed" not in stage.replies()[-1].body
    assert stage.replies()[-1].body.count("**Queued**") == 2


def test_status_with_nothing_known_says_so(stage: Stage):
    launch(stage.services, stage.task(requested_by="eve").run_id)  # a stranger's attempt is no task to tell of
    answer(stage.services, asked(stage, "status"))
    assert "no task here yet" in stage.replies()[-1].body


def test_help_tells_which_agents_are_ready(stage: Stage):
    answer(stage.services, asked(stage, "help"))
    agents = {agent.name: agent for agent in roster.load("mock", None).all()}
    assert agents["claude-code"].needs_key
    [ready] = [line for line in stage.replies()[-1].body.splitlines() if line.startswith("Agents:")]
    [missing] = [line for line in stage.replies()[-1].body.splitlines() if line.startswith("Not ready")]
    assert "`mock`" in ready and "`claude-code`" in missing
    key = agents["claude-code"].keys[0]
    vault.put(stage.services.db, stage.services.vault, "global", key, "x", by="maria", now=stage.clock())
    answer(stage.services, asked(stage, "help"))
    [ready] = [line for line in stage.replies()[-1].body.splitlines() if line.startswith("Agents:")]
    assert "`claude-code`" in ready


def test_commands_are_answered_on_the_pull_request_as_on_the_issue(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.result(task)
    finish(stage.services, task.run_id)
    [pull] = stage.pulls()
    comment = stage.github.world.comment(pull, "maria", "@porter status")
    new = NewRequest(
        "acme/widgets", pull.number, "maria", "status", installation_id=stage.github.installation,
        comment_id=comment.id, comment_line=1,
    )  # fmt: skip
    key = requests.new(stage.services.db, new, now=stage.clock())
    assert key is not None
    answer(stage.services, key)
    assert f"Pull request #{pull.number}" in pull.comments[-1].body


def test_the_command_gets_eyes_and_the_reply_its_marker(stage: Stage):
    key = asked(stage, "help")
    answer(stage.services, key)
    answer(stage.services, key)
    [reply] = stage.replies()
    assert reply.body.endswith(f"<!-- porter:request={key} -->")
    assert [one.content for one in stage.issue.comments[-2].reactions] == ["eyes"]


def test_who_may_not_write_gets_one_refusal_for_the_whole_issue(stage: Stage):
    task = stage.task()
    for verb in ("stop", "help", "mistake"):
        answer(stage.services, asked(stage, verb, sender="eve"))
    [reply] = stage.replies()
    assert "may write" in reply.body
    assert stage.now_task(task).status is Status.QUEUED


def test_while_github_is_away_the_answer_waits(stage: Stage):
    key = asked(stage, "help")
    stage.github.world.faults.fail_next("*", ".", 503, times=50)
    answer(stage.services, key)
    assert stage.replies() == []
    assert requests.due(stage.services.db, now=stage.clock()) == []
    stage.github.world.faults.clear()
    stage.wait(5)
    assert requests.due(stage.services.db, now=stage.clock()) == [key]
    answer(stage.services, key)
    assert len(stage.replies()) == 1


def test_a_reply_that_github_refuses_is_not_tried_for_ever(stage: Stage):
    key = asked(stage, "help")
    stage.github.world.faults.fail_next("POST", "/comments$", 403, body={"message": "locked"})
    answer(stage.services, key)
    assert requests.get(stage.services.db, key).answer == "refused"


def _words(body: str) -> str:
    return body.rpartition("\n\n")[0]
