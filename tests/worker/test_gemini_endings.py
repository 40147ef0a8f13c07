"""How runs of the real Gemini CLI end badly: the reason of each, in its own words, and what was done so far kept."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.models.google import Hang, Model, Raw, Refusal, Text, Tool, Turn, serving
from tests.programs import agent_cli
from tests.worker.conftest import BRANCH, Bare, Machine, Start
from tests.worker.endings import MANY_MEGABYTES, PATIENCE, cut_short, kill, left_of, memory_until_the_result
from tests.worker.test_gemini import EDIT, NOTES, run
from worker.contract import JobDocument, Limits

pytestmark = [pytest.mark.gemini, pytest.mark.timeout(2 * PATIENCE)]

ONCE = {"general": {"maxAttempts": 1}}
DEAF = Tool("run_shell_command", {"command": "trap '' TERM INT; echo deaf; setsid sleep 600 & sleep 600"})
SOON = 20  # seconds; ten are promised, the rest is for a test computer that does other things as well


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


def test_a_model_that_never_answers_is_a_stall(start: Start, job: JobDocument, bare: Bare, gemini: Path) -> None:
    with serving(Model([[NOTES], Hang()])) as model:
        machine = run(start, replace(job, limits=Limits(total=PATIENCE, stall=20)), gemini, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "stalled", machine.porter.text
    assert "silent for 20 seconds" in machine.result["message"]
    kept(machine, bare)


def test_a_stop_ends_it_and_a_tool_that_left_its_group(
    start: Start, job: JobDocument, bare: Bare, gemini: Path
) -> None:
    """It takes SIGTERM for a success, exit status 0, and leaves its tool behind."""
    with serving(Model([[NOTES], [DEAF]])) as model:
        machine = run(start, job, gemini, model)
        machine.until(lambda: "trap" in machine.porter.text, PATIENCE)
        machine.until(lambda: any("sleep 600" in one for one in left_of(machine)), PATIENCE)
        machine.process.send_signal(signal.SIGTERM)
        machine.wait(SOON)
    assert machine.result["ending"] == "cancelled", machine.porter.text
    kept(machine, bare)


def test_a_killed_cli_is_a_crash(start: Start, job: JobDocument, bare: Bare, gemini: Path) -> None:
    with serving(Model([[NOTES], Hang()])) as model:
        machine = run(start, job, gemini, model)
        machine.until(lambda: len(model.requests) == 2, PATIENCE)
        kill(machine, "gemini")
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "crashed", machine.porter.text
    assert "SIGKILL" in machine.result["message"]
    kept(machine, bare)


def test_output_that_is_cut_in_a_line_is_no_success(
    start: Start, job: JobDocument, bare: Bare, gemini: Path, tmp_path: Path
) -> None:
    short = cut_short(gemini, tmp_path / "short", 1200)
    with serving(Model([[NOTES], [Text("Done, " * 200)]])) as model:
        machine = run(start, job, short, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "crashed", machine.porter.text
    assert "ended without its final event" in machine.result["message"]
    kept(machine, bare)


def test_fifty_megabytes_of_a_tool_need_little_memory(start: Start, job: JobDocument, gemini: Path) -> None:
    tool = Tool("run_shell_command", {"command": MANY_MEGABYTES})
    # It ends without writing what still stands in its pipe; a real model takes longer over its last words.
    breath = Tool("run_shell_command", {"command": "sleep 3"})
    with serving(Model([[EDIT], [tool], [breath], [Text("That was long.")]])) as model:
        machine = run(start, job, gemini, model)
        memory = memory_until_the_result(machine)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "changes", machine.porter.text[-2000:]
    assert machine.result["summary"] == "That was long."
    assert len(json.dumps(machine.result)) < 100_000
    assert memory < 200 * 1024**2
