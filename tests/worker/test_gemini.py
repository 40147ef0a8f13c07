"""The real Gemini CLI, driven by the real runner, against a scripted model on loopback: seconds each, and no key."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.google import CACHED, OUTPUT, PROMPT, THOUGHTS, Model, Text, Tool, Turn, serving
from tests.programs import agent_cli
from tests.worker.conftest import BRANCH, Bare, Machine, Start
from worker import agents
from worker.agents.gemini import AGENT, VERSION
from worker.contract import JobDocument, Price, Usage

pytestmark = pytest.mark.gemini

FLASH = Price(0.30, 2.50, cache_read=0.03)
LOOK = Tool("read_file", {"file_path": "greet.py"})
EDIT = Tool("replace", {"file_path": "greet.py", "old_string": "Helo", "new_string": "Hello", "instruction": "Spell"})


@pytest.fixture(scope="module")
def gemini() -> Path:
    return agent_cli("gemini")


def run(start: Start, job: JobDocument, gemini: Path, model: Model, **extra: str) -> Machine:
    """Run the job with the Gemini CLI; the model's script decides what happens."""
    settings = {"GOOGLE_GEMINI_BASE_URL": model.url, "HOME": "/not/taken"}
    recipe = agents.recipe(AGENT, model="gemini-2.5-flash", settings=settings)
    with_key = replace(job, agent=recipe, keys={"GEMINI_API_KEY": model.key})
    return start(with_key, PATH=f"{gemini.parent}:{os.environ['PATH']}", **extra)


def test_the_cli_is_the_pinned_version(gemini: Path) -> None:
    done = subprocess.run([gemini, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == VERSION


def test_it_edits_a_file_with_its_own_tools(start: Start, job: JobDocument, bare: Bare, gemini: Path) -> None:
    turns: list[Turn] = [
        [Text("I will look "), Text("at the greeting."), LOOK],
        [EDIT],
        [Tool("run_shell_command", {"command": "python3 greet.py", "description": "Run it"})],
        [Text("The greeting is "), Text("spelt right now.")],
    ]
    with serving(Model(turns)) as model:
        machine = run(start, job, gemini, model)
        machine.wait(60)
    result, log = machine.result, machine.porter.text
    assert result["ending"] == "changes", (result, log)
    assert '+    return "Hello, world"' in bare.show(BRANCH)
    assert result["summary"] == "The greeting is spelt right now."
    assert result["agent_version"] == VERSION
    used = Usage(4 * (PROMPT - CACHED), 4 * (OUTPUT + THOUGHTS), 4 * CACHED)
    assert result["usage"]["input_tokens"] == used.input_tokens
    assert result["usage"]["output_tokens"] == used.output_tokens, "thoughts are paid for"
    assert result["usage"]["cache_read_tokens"] == used.cache_read_tokens
    assert result["usage"]["cost_usd"] == FLASH.of(used)
    for mark in (
        *("the agent works with gemini-2.5-flash", "I will look at the greeting.", "read_file greet.py"),
        *("replace greet.py", "run_shell_command python3 greet.py", "Hello, world"),
    ):
        assert mark in log
    assert "It prints" in json.dumps(model.requests[0]["contents"]), "the prompt arrived"
    assert machine.porter.session is not None, "the conversation is kept for a follow-up"
    assert (len(model.requests), model.strange) == (4, [])
