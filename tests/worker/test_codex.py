"""The real Codex CLI, driven by the real runner, against a scripted model on loopback: a second each, and no key."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.openai import KEY, Custom, Model, Said, Text, Tool, serving
from tests.programs import agent_cli
from tests.worker.conftest import BRANCH, Bare, Machine, Start
from worker import agents
from worker.agents.codex import VERSION
from worker.contract import JobDocument

pytestmark = pytest.mark.codex

PATCH = (
    "*** Begin Patch\n*** Update File: greet.py\n@@\n"
    '-    return "Helo, world"\n+    return "Hello, world"\n*** End Patch\n'
)


@pytest.fixture(scope="module")
def codex() -> Path:
    return agent_cli("codex")


def run(start: Start, job: JobDocument, codex: Path, model: Model, *, name: str | None = None) -> Machine:
    """Run the job with Codex; the model's script decides what happens."""
    settings = {"OPENAI_BASE_URL": model.url, "HOME": "/not/taken"}
    recipe = agents.recipe(agents.AGENTS["codex"], model=name, settings=settings)
    with_key = replace(job, agent=recipe, keys={"OPENAI_API_KEY": KEY})
    return start(with_key, PATH=f"{codex.parent}:{os.environ['PATH']}")


def shell(command: str) -> Said:
    """The newer models do everything with one tool that runs JavaScript."""
    return Custom("exec", f"text(await tools.exec_command({json.dumps({'cmd': command})}));")


def patch(text: str) -> Said:
    return Custom("exec", f"text(await tools.apply_patch({json.dumps(text)}));")


def test_the_cli_is_the_pinned_version(codex: Path) -> None:
    done = subprocess.run([codex, "--version"], capture_output=True, text=True, check=True)
    assert VERSION in done.stdout


@pytest.mark.parametrize(
    ("name", "look", "edit", "check"),
    [
        pytest.param(None, shell("cat greet.py"), patch(PATCH), shell("python3 greet.py"), id="one-tool"),
        pytest.param(
            "gpt-5.5",
            Tool("exec_command", {"cmd": "cat greet.py"}),
            Custom("apply_patch", PATCH),
            Tool("exec_command", {"cmd": "python3 greet.py"}),
            id="a-tool-for-each",
        ),
    ],
)
def test_it_edits_a_file_with_its_own_tools(
    start: Start, job: JobDocument, bare: Bare, codex: Path, name: str | None, look: Said, edit: Said, check: Said
) -> None:
    turns = [
        [Text("I will look at the greeting."), look],
        [edit],
        [check],
        [Text("The greeting is spelt right now.")],
    ]
    with serving(Model(turns)) as model:
        machine = run(start, job, codex, model, name=name)
        machine.wait(60)
    result, log = machine.result, machine.porter.text
    assert result["ending"] == "changes", (result, log)
    assert '+    return "Hello, world"' in bare.show(BRANCH)
    assert result["summary"] == "The greeting is spelt right now."
    assert result["agent_version"] == VERSION
    cost = agents.AGENTS["codex"].price(name)
    assert cost is not None
    used = {"input_tokens": 4 * 500, "output_tokens": 4 * 34, "cache_read_tokens": 4 * 700, "cache_write_tokens": 0}
    assert result["usage"] == {
        **used,
        "cost_usd": pytest.approx((2000 * cost.input + 136 * cost.output + 2800 * (cost.cache_read or 0)) / 1e6),
    }
    for mark in ("Run cat greet.py", "Patch update greet.py", "Run python3 greet.py", "Hello, world"):
        assert mark in log
    assert "WARNING" not in log
    assert "It prints" in json.dumps(model.requests[0]["input"]), "the prompt arrived"
    assert {body["model"] for body in model.requests} == {name or "gpt-6.1-sol"}
    assert machine.porter.session is not None, "the conversation is kept for a follow-up"
    assert (len(model.requests), model.strange) == (4, [])
