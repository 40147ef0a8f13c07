"""The real opencode CLI, driven by the real runner, against a scripted model on loopback: no key, and no other host."""

from __future__ import annotations

import base64
import os
import subprocess
import zlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.anthropic import Model, Text, Tool, serving
from tests.models.outside import watched
from tests.programs import agent_cli
from tests.worker.conftest import BRANCH, Bare, Machine, Start
from tests.worker.endings import PATIENCE, left_of
from worker import agents
from worker.agents.opencode import VERSION
from worker.contract import JobDocument, Limits, Session

pytestmark = [pytest.mark.opencode, pytest.mark.timeout(2 * PATIENCE)]


@pytest.fixture(scope="module")
def opencode() -> Path:
    return agent_cli("opencode")


@pytest.fixture
def job(job: JobDocument) -> JobDocument:
    """With limits that a machine busy with something else does not reach."""
    return replace(job, limits=Limits(total=PATIENCE, stall=100))


def run(
    start: Start,
    job: JobDocument,
    opencode: Path,
    model: Model,
    *,
    resumes: bool = True,
    without: Collection[str] = (),
    model_name: str = "anthropic/claude-sonnet-4-5",
    **extra: str,
) -> Machine:
    """Run the job with opencode; the model's script decides what happens. `extra` goes into its environment."""
    settings = {"ANTHROPIC_BASE_URL": model.url}
    recipe = agents.recipe(agents.AGENTS["opencode"], model=model_name, settings=settings)
    recipe = replace(
        recipe,
        argv=[word for word in recipe.argv if word not in without],
        env=recipe.env | extra,
        resume=recipe.resume if resumes else None,
    )
    with_key = replace(job, agent=recipe, keys={"ANTHROPIC_API_KEY": "sk-ant-test-0123456789"})
    return start(with_key, PATH=f"{opencode.parent}:{os.environ['PATH']}")


EDIT = Tool("edit", {"filePath": "greet.py", "oldString": "Helo", "newString": "Hello"})


def test_the_cli_is_the_pinned_version(opencode: Path, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([opencode, "--version"], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == VERSION


def test_it_edits_a_file_with_its_own_tools_and_a_follow_up_goes_on(
    start: Start, job: JobDocument, bare: Bare, opencode: Path
) -> None:
    turns = [
        [Text("I will look at the greeting."), Tool("read", {"filePath": "greet.py"})],
        [EDIT],
        [Tool("bash", {"command": "python3 greet.py", "description": "Run it"})],
        [Text("The greeting is spelt right now.")],
        [Tool("write", {"filePath": "notes.md", "content": "Greets.\n"})],
        [Text("There are notes now.")],
    ]
    with serving(Model(turns)) as model, watched() as outside:
        first = run(start, job, opencode, model, **outside.env)
        first.wait(PATIENCE)
        result, log = first.result, first.porter.text
        assert result["ending"] == "changes", (result, log)
        assert '+    return "Hello, world"' in bare.show(BRANCH)
        assert result["summary"] == "The greeting is spelt right now."
        assert result["agent_version"] == VERSION
        assert result["diff"]["files"] == 1
        assert result["usage"]["output_tokens"] == 4 * 34
        assert result["usage"]["input_tokens"] == 4 * 1200
        assert result["usage"]["cost_usd"] > 0
        for mark in ("I will look at", "read greet.py", "edit greet.py", "bash python3 greet.py"):
            assert mark in log
        assert "It prints" in str(model.requests[0]["messages"]), "the prompt arrived"

        porter, kept = first.porter, first.porter.session
        assert kept is not None, log
        porter.last_seq, asked = 0, len(model.requests)
        again = replace(job, continue_branch=True, session=Session.from_json(kept), prompt="Now write notes, please.")
        second = run(start, again, opencode, model, **outside.env)
        second.wait(PATIENCE)
    before, result, log = result, second.result, porter.text
    assert result["summary"] == "There are notes now.", log
    assert "Now write notes" in str(model.requests[asked]["messages"][-1])
    assert "It prints" in str(model.requests[asked]["messages"][0]), "the first prompt is still known"
    assert bare.show(f"{BRANCH}:notes.md") == "Greets."
    assert porter.session and porter.session["id"] == kept["id"]
    assert result["usage"]["output_tokens"] == 2 * 34
    assert result["usage"]["cost_usd"] == pytest.approx(before["usage"]["cost_usd"] / 2)
    assert model.strange == []
    assert outside.asked == [], "no host but the model's"
    assert left_of(second) == []


def test_a_conversation_that_it_cannot_take_in_is_begun_anew(start: Start, job: JobDocument, opencode: Path) -> None:
    lost = Session("ses_lost", base64.b64encode(zlib.compress(b"{}")).decode(), ".porter/ses_lost.json")
    with serving(Model([[EDIT], [Text("Spelt right.")]])) as model:
        machine = run(start, replace(job, session=lost), opencode, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "changes", (machine.result, machine.porter.text)
    assert "the earlier conversation cannot be resumed" in machine.porter.text
    assert machine.porter.session and machine.porter.session["id"] != lost.id
