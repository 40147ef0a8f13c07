"""Every way in which a run of the real Codex can end, and that nothing of it is left then.

It has no limit of turns and none of cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.models.openai import Custom, Failure, Hang, Model, Nonsense, Refusal, Text, Turn, serving
from tests.worker.conftest import BRANCH, Bare, Start
from tests.worker.endings import PATIENCE, left_of
from tests.worker.every_ending import Cli, EveryEnding
from tests.worker.test_codex import NOTES, codex, run, shell, usage
from worker.agents.codex import AGENT
from worker.contract import JobDocument

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


def flood() -> Custom:
    """It tells a megabyte of each command's output, and escapes what cannot be printed with six characters."""
    command = "head -c 1048576 /dev/zero"
    many = f"for (let n = 0; n < 9; n++) await tools.exec_command({{cmd: {command!r}, max_output_tokens: 100}});"
    return Custom("exec", many)


@pytest.fixture(scope="module")
def cli(codex: Path) -> Cli:
    return Cli(
        path=codex,
        run=run,
        serving=lambda turns: serving(Model(turns)),
        notes=NOTES,
        noted="Patch add notes.md",
        words=Text,
        execute=shell,
        hang=Hang(),
        command="bin/codex exec",
        cut=5000,
        flood=[[flood()]],
        flooded="Run head -c",
    )


class TestCodex(EveryEnding):
    """As every CLI."""
