"""Every way in which a run of the real Codex can end, and that nothing of it is left then.

It has no limit of turns and none of cost.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.openai import Custom, Failure, Hang, Model, Nonsense, Refusal, Text, Turn, serving
from tests.worker.conftest import BRANCH, Bare, Start
from tests.worker.endings import PATIENCE, cut_short, left_of, memory_until_the_result, pid_of
from tests.worker.test_codex import NOTES, PATCH, codex, patch, run, shell, usage
from worker.agents.codex import AGENT
from worker.contract import JobDocument, Limits

__all__ = ["codex"]

pytestmark = [pytest.mark.codex, pytest.mark.timeout(2 * PATIENCE)]

TOO_LONG = "Your input exceeds the context window of this model. Please adjust your input and try again."


@pytest.mark.parametrize(
    ("turn", "ending", "words", "most"),
    [
        pytest.param(
            Refusal(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-x."),
            *("auth", "Incorrect API key provided: sk-x.", 4),
            id="401",
        ),
        pytest.param(
            Refusal(429, "tokens", "rate_limit_exceeded", "Rate limit reached"),
            *("rate_limited", "429 Too Many Requests", 4),
            id="429",
        ),
        pytest.param(
            Failure("rate_limit_exceeded", "Rate limit reached for gpt-6.1-sol. Please try again in 11ms."),
            *("rate_limited", "Rate limit reached for gpt-6.1-sol", 4),
            id="rate-limited-in-the-answer",
        ),
        pytest.param(
            Refusal(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
            *("budget", "Quota exceeded. Check your plan and billing details.", 4),
            id="no-credit",
        ),
        pytest.param(
            Refusal(503, "server_error", "server_is_overloaded", "Our servers are currently overloaded."),
            *("overloaded", "Selected model is at capacity.", 4),
            id="503",
        ),
        pytest.param(
            Refusal(500, "server_error", "server_error", "The server had an error."),
            *("overloaded", "currently experiencing high demand", 10),
            id="500",
        ),
        pytest.param(
            Refusal(400, "invalid_request_error", "context_length_exceeded", TOO_LONG),
            *("too_long", "ran out of room in the model's context window", 2),
            id="too-long",
        ),
        pytest.param(
            Failure("context_length_exceeded", TOO_LONG),
            *("too_long", "ran out of room in the model's context window", 2),
            id="too-long-in-the-answer",
        ),
        pytest.param(Nonsense(), "crashed", "stream closed before response.completed", 4, id="nonsense"),
    ],
)
def test_a_service_that_fails_is_told_in_its_words_and_the_work_so_far_is_kept(
    start: Start, job: JobDocument, bare: Bare, codex: Path, turn: Turn, ending: str, words: str, most: int
) -> None:
    with serving(Model([[NOTES], turn])) as model:
        machine = run(start, job, codex, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == ending, (machine.result, machine.porter.text)
    assert words in machine.result["message"]
    assert machine.result["pushed"]
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert machine.result["usage"] == usage(1, AGENT.price(None)), "what it used so far, though it did not say it"
    assert len(model.requests) <= most
    assert model.strange == []
    assert left_of(machine) == []


def test_a_key_that_was_never_good_leaves_no_branch(start: Start, job: JobDocument, bare: Bare, codex: Path) -> None:
    with serving(Model([[NOTES]])) as model:
        machine = run(start, job, codex, model, key="sk-not-this-one")
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "auth", (machine.result, machine.porter.text)
    assert "sk-not-this-one" not in machine.porter.everything()
    assert bare.branches() == ["main"]
    assert len(model.requests) <= 3


def test_a_service_that_is_not_there_is_not_waited_for(start: Start, job: JobDocument, codex: Path) -> None:
    """By itself it would try again until the time of the run is over."""
    with serving(Model([[NOTES]])) as model:
        pass
    machine = run(start, job, codex, model)
    machine.wait(PATIENCE)
    assert machine.result["ending"] == "overloaded", (machine.result, machine.porter.text)
    assert "Connection failed" in machine.result["message"]


FORBIDDEN = {
    ".codex/rules/porter.rules": 'prefix_rule(pattern=["tee"], decision="forbidden", justification="no tee")\n'
}


@pytest.mark.parametrize(
    ("files", "sandbox", "asked", "tool"),
    [
        pytest.param({}, ["-s", "read-only"], NOTES, "apply_patch", id="a-sandbox"),
        pytest.param(
            FORBIDDEN,
            ["--dangerously-bypass-approvals-and-sandbox"],
            shell("tee notes.md"),
            "exec_command",
            id="a-rule",
        ),
    ],
)
def test_a_tool_that_is_denied_explains_why_nothing_changed(
    start: Start, job: JobDocument, codex: Path, files: Mapping[str, str], sandbox: list[str], asked: Custom, tool: str
) -> None:
    instead = {"--dangerously-bypass-approvals-and-sandbox": sandbox}
    with serving(Model([[asked], [Text("I was not allowed to.")]])) as model:
        machine = run(start, job, codex, model, instead=instead, files=files)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "denied", (machine.result, machine.porter.text)
    assert tool in machine.result["message"]
    assert machine.result["summary"] == "I was not allowed to."


def test_a_model_that_never_answers_is_waited_for_until_the_limit_of_silence(
    start: Start, job: JobDocument, bare: Bare, codex: Path
) -> None:
    with serving(Model([[NOTES], Hang()])) as model:
        machine = run(start, replace(job, limits=Limits(total=PATIENCE, stall=8)), codex, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "stalled", (machine.result, machine.porter.text)
    # Where the machine is too busy for it to begin in time there is nothing to keep.
    assert machine.result["pushed"] == ("Patch add notes.md" in machine.porter.text) == (BRANCH in bare.branches())
    assert left_of(machine) == []


def test_a_cli_that_is_killed_has_crashed_and_its_work_is_kept(
    start: Start, job: JobDocument, bare: Bare, codex: Path
) -> None:
    with serving(Model([[NOTES], Hang()])) as model:
        machine = run(start, job, codex, model)
        machine.until(lambda: len(model.requests) == 2, PATIENCE)
        os.kill(pid_of(machine, "bin/codex exec"), signal.SIGKILL)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "crashed", (machine.result, machine.porter.text)
    assert "SIGKILL" in machine.result["message"]
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert left_of(machine) == []


def test_a_tool_at_work_dies_with_it_though_it_ignores_the_signal(
    start: Start, job: JobDocument, bare: Bare, codex: Path
) -> None:
    waiting = "trap '' TERM; (setsid sleep 4321) & echo half done > notes.md; sleep 4321"
    with serving(Model([[shell(waiting)]])) as model:
        machine = run(start, job, codex, model)
        pid_of(machine, "sleep 4321")
        machine.process.send_signal(signal.SIGTERM)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "cancelled", (machine.result, machine.porter.text)
    assert left_of(machine) == []
    assert bare.show(f"{BRANCH}:notes.md") == "half done"


def test_output_that_ends_within_a_line_is_no_good_end(
    start: Start, job: JobDocument, bare: Bare, codex: Path, tmp_path: Path
) -> None:
    with serving(Model([[NOTES], [Text("There are notes now. " * 500)]])) as model:
        machine = run(start, job, cut_short(codex, tmp_path / "cut", 5000), model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "crashed", (machine.result, machine.porter.text)
    assert "without its final event" in machine.result["message"]
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert left_of(machine) == []


def test_fifty_megabytes_of_output_need_little_memory(start: Start, job: JobDocument, bare: Bare, codex: Path) -> None:
    """It tells a megabyte of each command's output, and escapes what cannot be printed with six characters."""
    command = "head -c 1048576 /dev/zero"
    many = f"for (let n = 0; n < 9; n++) await tools.exec_command({{cmd: {command!r}, max_output_tokens: 100}});"
    with serving(Model([[Custom("exec", many)], [patch(PATCH)], [Text("Done.")]])) as model:
        machine = run(start, job, codex, model)
        most = memory_until_the_result(machine)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "changes", (machine.result, machine.porter.text)
    assert machine.porter.text.count("Run head -c") == 9
    assert "Hello" in bare.show(f"{BRANCH}:greet.py")
    assert 0 < most < 150 * 1024 * 1024
