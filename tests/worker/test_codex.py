"""The real Codex CLI, driven by the real runner, against a scripted model on loopback: a second each, and no key."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.models.openai import KEY, Custom, Model, Said, Text, Tool, serving
from tests.models.outside import watched
from tests.programs import agent_cli
from tests.worker.conftest import BRANCH, Bare, Machine, Start
from tests.worker.endings import PATIENCE, left_of
from worker import agents
from worker.agents.codex import AGENT, VERSION
from worker.contract import JobDocument, Limits, Price, Session, Usage

pytestmark = [pytest.mark.codex, pytest.mark.timeout(2 * PATIENCE)]

PATCH = (
    "*** Begin Patch\n*** Update File: greet.py\n@@\n"
    '-    return "Helo, world"\n+    return "Hello, world"\n*** End Patch\n'
)


def shell(command: str) -> Custom:
    """The newer models do everything with one tool that runs JavaScript."""
    return Custom("exec", f"text(await tools.exec_command({json.dumps({'cmd': command})}));")


def patch(text: str) -> Custom:
    return Custom("exec", f"text(await tools.apply_patch({json.dumps(text)}));")


NOTES = patch("*** Begin Patch\n*** Add File: notes.md\n+half done\n*** End Patch\n")


@pytest.fixture(scope="module")
def codex() -> Path:
    return agent_cli("codex")


def run(
    start: Start,
    job: JobDocument,
    codex: Path,
    model: Model,
    *,
    name: str | None = None,
    key: str = KEY,
    instead: Mapping[str, Sequence[str]] | None = None,
    files: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> Machine:
    """Run the job with Codex; the model's script decides what happens. `instead`: words of its command, and others."""
    settings = {"OPENAI_BASE_URL": model.url, "HOME": "/not/taken"}
    recipe = agents.recipe(AGENT, model=name, effort="high", settings=settings)
    argv = [other for word in recipe.argv for other in (instead or {}).get(word, [word])]
    recipe = replace(recipe, argv=argv, files=dict(files or {}), env=recipe.env | dict(env or {}))
    limits = job.limits if job.limits != Limits(total=30, stall=20, setup=20) else Limits(total=PATIENCE, stall=100)
    with_key = replace(job, agent=recipe, limits=limits, keys={"OPENAI_API_KEY": key})
    return start(with_key, PATH=f"{codex.parent}:{os.environ['PATH']}")


def test_the_cli_is_the_pinned_version(codex: Path) -> None:
    done = subprocess.run([codex, "--version"], capture_output=True, text=True, check=True)
    assert VERSION in done.stdout


def test_it_knows_every_model_that_is_offered(codex: Path, tmp_path: Path) -> None:
    argv = [codex, "debug", "models", "--bundled"]
    done = subprocess.run(argv, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=True)
    known = {model["slug"]: model for model in json.loads(done.stdout)["models"]}
    for model in AGENT.models:
        assert known[model.name]["supported_in_api"], model.name
    first = min((model for model in known.values() if model["visibility"] == "list"), key=lambda one: one["priority"])
    assert first["slug"] == AGENT.default_model, "what it takes by itself"


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
    with serving(Model(turns)) as model, watched() as outside:
        machine = run(start, job, codex, model, name=name, env=outside.env)
        machine.wait(PATIENCE)
    result, log = machine.result, machine.porter.text
    assert result["ending"] == "changes", (result, log)
    assert '+    return "Hello, world"' in bare.show(BRANCH)
    assert result["summary"] == "The greeting is spelt right now."
    assert result["agent_version"] == VERSION
    assert result["usage"] == usage(4, AGENT.price(name))
    for mark in ("Run cat greet.py", "Patch update greet.py", "Run python3 greet.py", "Hello, world"):
        assert mark in log
    assert "Model metadata" not in log, "it knows the model"
    assert "It prints" in json.dumps(model.requests[0]["input"]), "the prompt arrived"
    asked = {(body["model"], body["reasoning"]["effort"]) for body in model.requests}
    assert asked == {(name or "gpt-6.1-sol", "high")}
    assert (len(model.requests), model.strange) == (4, [])
    assert outside.asked == [], "no host but the model's"
    assert left_of(machine) == []


def usage(turns: int, price: Price | None) -> dict[str, Any]:
    """What so many answers of the model come to: of 1200 tokens of input each, 700 are from the cache."""
    assert price is not None
    used = Usage(turns * 500, turns * 34, turns * 700)
    return asdict(replace(used, cost_usd=pytest.approx(price.of(used))))


def test_a_follow_up_resumes_its_conversation_and_counts_only_its_own_part(
    start: Start, job: JobDocument, bare: Bare, codex: Path
) -> None:
    turns = [[patch(PATCH)], [Text("The greeting is spelt right now.")], [NOTES], [Text("There are notes now.")]]
    with serving(Model(turns)) as model:
        first = run(start, job, codex, model)
        first.wait(PATIENCE)
        porter, kept, asked = first.porter, first.porter.session, len(model.requests)
        assert kept is not None, porter.text
        porter.last_seq = 0
        again = replace(job, continue_branch=True, session=Session.from_json(kept), prompt="Now write notes, please.")
        second = run(start, again, codex, model)
        second.wait(PATIENCE)
    result, log = second.result, porter.text
    assert result["summary"] == "There are notes now.", log
    said = [json.dumps(item) for item in model.requests[asked]["input"]]
    assert "Now write notes" in said[-1]
    assert any("It prints" in one for one in said[:-1]), "the first prompt is still known"
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert porter.session is not None
    assert porter.session["id"] == kept["id"]
    assert result["usage"] == usage(2, AGENT.price(None))
    assert porter.session["usage"]["output_tokens"] == 4 * 34
    assert model.strange == []


def test_a_conversation_that_it_does_not_know_is_begun_anew(start: Start, job: JobDocument, codex: Path) -> None:
    name = "01a1fddb-ccaa-7241-939b-534cef279bff"
    path = f".codex/sessions/2026/11/21/rollout-2026-11-21T11-26-42-{name}.jsonl"
    lost = Session(name, base64.b64encode(zlib.compress(b"{}\n")).decode(), path)
    with serving(Model([[NOTES], [Text("There are notes now.")]])) as model:
        machine = run(start, replace(job, session=lost), codex, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "changes", (machine.result, machine.porter.text)
    assert "could not resume its conversation and begins a new one" in machine.porter.text
    assert machine.porter.session is not None
    assert machine.porter.session["id"] != name
    assert machine.result["usage"] == usage(2, AGENT.price(None))
