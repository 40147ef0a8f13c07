"""How runs of the real Gemini CLI end badly: the reason of each, in its own words, and what was done so far kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.models.google import Hang, Model, Raw, Refusal, Text, Tool, Turn, serving
from tests.programs import agent_cli
from tests.worker.conftest import BRANCH, Bare, Machine, Start
from tests.worker.endings import MANY_MEGABYTES, PATIENCE, left_of
from tests.worker.every_ending import Cli, EveryEnding
from tests.worker.test_gemini import EDIT, NOTES, run
from worker.contract import JobDocument

pytestmark = [pytest.mark.gemini, pytest.mark.timeout(2 * PATIENCE)]

ONCE = {"general": {"maxAttempts": 1}}


@pytest.fixture(scope="module")
def gemini() -> Path:
    return agent_cli("gemini")


def kept(machine: Machine, bare: Bare) -> None:
    """What was done before the end is on the branch, and nobody of the agent's side is left."""
    assert machine.result["pushed"], machine.porter.text
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert left_of(machine) == []


@pytest.mark.parametrize(
    ("turn", "own", "ending", "words"),
    [
        pytest.param(
            Refusal(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "API_KEY_INVALID"),
            {},
            "auth",
            "API key not valid.",
            id="key-refused",
        ),
        pytest.param(
            Refusal(403, "PERMISSION_DENIED", "Your key was reported as leaked."),
            {},
            "auth",
            "reported as leaked",
            id="key-revoked",
        ),
        pytest.param(
            Refusal(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota."),
            ONCE,
            "rate_limited",
            "You exceeded your current quota.",
            id="rate-limited",
        ),
        pytest.param(
            Refusal(503, "UNAVAILABLE", "The model is overloaded."),
            ONCE,
            "overloaded",
            "The model is overloaded.",
            id="overloaded",
        ),
        pytest.param(
            Refusal(400, "INVALID_ARGUMENT", "The input token count (2000000) exceeds the maximum (1048576)."),
            {},
            "too_long",
            "The input token count (2000000)",
            id="too-long",
        ),
        pytest.param(
            [Text("On I go.")], {"model": {"maxSessionTurns": 1}}, "turns", "Reached max session turns", id="turn-limit"
        ),
        pytest.param(Raw(b"data: {nonsense"), ONCE, "crashed", "Incomplete JSON segment", id="nonsense"),
    ],
)
def test_its_failures_are_told_apart_and_its_work_is_kept(
    start: Start,
    job: JobDocument,
    bare: Bare,
    gemini: Path,
    turn: Turn,
    own: Mapping[str, Mapping[str, Any]],
    ending: str,
    words: str,
) -> None:
    with serving(Model([[NOTES], turn])) as model:
        machine = run(start, job, gemini, model, own=own)
        machine.wait(PATIENCE)
    result = machine.result
    assert result["ending"] == ending, (result, machine.porter.text)
    assert words in result["message"]
    assert "{" not in result["message"], "the words, not their wrapping"
    assert result["exit_code"] != 0
    assert result["usage"]["output_tokens"] > 0
    kept(machine, bare)
    assert len(model.requests) <= 2
    assert model.strange == []


def test_it_gives_up_a_service_that_keeps_refusing(start: Start, job: JobDocument, gemini: Path) -> None:
    """Its own way is ten tries, half a minute apart."""
    with serving(Model([Refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded.")])) as model:
        machine = run(start, job, gemini, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "rate_limited", machine.porter.text
    assert len(model.requests) == 3


def test_tools_it_may_not_use_explain_why_nothing_changed(
    start: Start, job: JobDocument, bare: Bare, gemini: Path
) -> None:
    with serving(Model([[EDIT], [Text("I was not allowed to.")]])) as model:
        machine = run(start, job, gemini, model, without=["--yolo"])
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "denied", machine.porter.text
    assert "not allowed to use replace" in machine.result["message"]
    assert machine.result["summary"] == "I was not allowed to."
    assert bare.branches() == ["main"]


def shell(command: str) -> Tool:
    return Tool("run_shell_command", {"command": command})


@pytest.fixture(scope="module")
def cli(gemini: Path) -> Cli:
    return Cli(
        path=gemini,
        run=run,
        serving=lambda turns: serving(Model(turns)),
        notes=NOTES,
        noted="write_file",
        words=Text,
        execute=shell,
        hang=Hang(),
        command="gemini",
        stall=20,
        cut=1200,
        # It ends without writing what still stands in its pipe; a real model takes longer over its last words.
        flood=[[shell(MANY_MEGABYTES)], [shell("sleep 3")]],
    )


class TestGemini(EveryEnding):
    """As every CLI. It takes SIGTERM for a success, exit status 0, and leaves its tool behind."""
