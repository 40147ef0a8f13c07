"""The real Gemini CLI, driven by the real runner, against a scripted model on loopback: seconds each, and no key."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import zlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.models.google import CACHED, OUTPUT, PROMPT, THOUGHTS, Model, Text, Tool, Turn, serving
from tests.models.outside import watched
from tests.programs import agent_cli
from tests.worker.conftest import BRANCH, Bare, Machine, Start, git
from tests.worker.endings import PATIENCE, left_of
from worker import agents
from worker.agents.gemini import AGENT, VERSION
from worker.contract import JobDocument, Limits, Price, Session, Usage

pytestmark = [pytest.mark.gemini, pytest.mark.timeout(2 * PATIENCE)]

FLASH = Price(0.30, 2.50, cache_read=0.03)
LOOK = Tool("read_file", {"file_path": "greet.py"})
EDIT = Tool("replace", {"file_path": "greet.py", "old_string": "Helo", "new_string": "Hello", "instruction": "Spell"})
NOTES = Tool("write_file", {"file_path": "notes.md", "content": "half done\n"})
HOME_FILE = ".gemini/settings.json"


@pytest.fixture(scope="module")
def gemini() -> Path:
    return agent_cli("gemini")


def run(
    start: Start,
    job: JobDocument,
    gemini: Path,
    model: Model,
    *,
    own: Mapping[str, Mapping[str, Any]] | None = None,
    without: Collection[str] = (),
    env: Mapping[str, str] | None = None,
) -> Machine:
    """Run the job with the Gemini CLI; the model's script decides what happens. `own`: more of the CLI's settings."""
    recipe = agents.recipe(AGENT, model="gemini-2.5-flash", settings={"GOOGLE_GEMINI_BASE_URL": model.url, "HOME": "/"})
    laid = json.loads(recipe.files[HOME_FILE])
    for name, table in (own or {}).items():
        laid[name] = laid.get(name, {}) | dict(table)
    recipe = replace(
        recipe,
        argv=[word for word in recipe.argv if word not in without],
        env=recipe.env | dict(env or {}),
        files={HOME_FILE: json.dumps(laid)},
    )
    limits = job.limits if job.limits != Limits(total=30, stall=20, setup=20) else Limits(total=PATIENCE, stall=100)
    with_key = replace(job, agent=recipe, limits=limits, keys={"GEMINI_API_KEY": model.key})
    return start(with_key, PATH=f"{gemini.parent}:{os.environ['PATH']}")


def test_the_cli_is_the_pinned_version(gemini: Path) -> None:
    done = subprocess.run([gemini, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == VERSION


def test_it_edits_a_file_with_its_own_tools_and_a_follow_up_goes_on(
    start: Start, job: JobDocument, bare: Bare, gemini: Path
) -> None:
    turns: list[Turn] = [
        [Text("I will look "), Text("at the greeting."), LOOK],
        [EDIT],
        [Tool("run_shell_command", {"command": "python3 greet.py", "description": "Run it"})],
        [Text("The greeting is "), Text("spelt right now.")],
        [Tool("write_file", {"file_path": "notes.md", "content": "Greets.\n"})],
        [Text("There are notes now.")],
    ]
    with serving(Model(turns)) as model, watched() as outside:
        first = run(start, job, gemini, model, env=outside.env)
        first.wait(PATIENCE)
        _edited(first, bare, model)
        porter, kept, asked = first.porter, first.porter.session, len(model.requests)
        assert kept is not None, porter.text
        porter.last_seq = 0
        again = replace(job, continue_branch=True, session=Session.from_json(kept), prompt="Now write notes, please.")
        second = run(start, again, gemini, model, env=outside.env)
        second.wait(PATIENCE)
    result = second.result
    assert result["summary"] == "There are notes now.", porter.text
    said = [json.dumps(content) for content in model.requests[asked]["contents"]]
    assert "Now write notes" in said[-1]
    assert any("It prints" in one for one in said[:-1]), "the first prompt is still known"
    assert bare.show(f"{BRANCH}:notes.md") == "Greets."
    _used(result, 2)
    assert porter.session is not None
    whole = zlib.decompress(base64.b64decode(porter.session["data"])).decode()
    for mark in ("It prints", "Now write notes", "There are notes now."):
        assert mark in whole, "a third run would know it all"
    assert model.strange == []
    assert outside.asked == [], "no host but the model's"
    assert left_of(second) == []


def _edited(machine: Machine, bare: Bare, model: Model) -> None:
    result, log = machine.result, machine.porter.text
    assert result["ending"] == "changes", (result, log)
    assert '+    return "Hello, world"' in bare.show(BRANCH)
    assert result["summary"] == "The greeting is spelt right now."
    assert result["agent_version"] == VERSION
    _used(result, 4)
    for mark in (
        *("the agent works with gemini-2.5-flash", "I will look at the greeting.", "read_file greet.py"),
        *("replace greet.py", "run_shell_command python3 greet.py", "Hello, world"),
    ):
        assert mark in log
    assert "It prints" in json.dumps(model.requests[0]["contents"]), "the prompt arrived"
    assert len(model.requests) == 4


def _used(result: dict[str, Any], turns: int) -> None:
    """So many turns, and no more. Thoughts are paid for like output."""
    used = Usage(turns * (PROMPT - CACHED), turns * (OUTPUT + THOUGHTS), turns * CACHED)
    assert result["usage"] == {
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "cache_read_tokens": used.cache_read_tokens,
        "cache_write_tokens": 0,
        "cost_usd": pytest.approx(FLASH.of(used)),
    }


def test_what_looks_like_its_own_orders_is_only_words(
    start: Start, job: JobDocument, bare: Bare, gemini: Path, tmp_path: Path
) -> None:
    """Its prompt reads files in by `@`, and `@porter` is a folder here."""
    git("clone", "--quiet", str(bare.path), "work", at=tmp_path)
    (tmp_path / "work" / "porter").mkdir()
    (tmp_path / "work" / "porter" / "secret.py").write_text("PLEASE_NOT = 1\n")
    (tmp_path / "work" / "AGENTS.md").write_text("Spell with care.\n")
    git("add", ".", at=tmp_path / "work")
    git("commit", "--quiet", "-m", "porter", at=tmp_path / "work")
    git("push", "--quiet", at=tmp_path / "work")
    words = "/help: @porter gemini, see @greet.py, ask ada@example.invalid"
    with serving(Model([[Text("It is fine as it is.")]])) as model:
        machine = run(start, replace(job, prompt=words), gemini, model)
        machine.wait(PATIENCE)
    asked = json.dumps(model.requests[0])
    assert machine.result["ending"] == "no_changes"
    assert machine.result["summary"] == "It is fine as it is."
    assert words.replace("@", "\\@") == model.requests[0]["contents"][-1]["parts"][-1]["text"]
    assert "PLEASE_NOT" not in asked
    assert "Spell with care." in asked, "it reads AGENTS.md"


def test_a_conversation_it_does_not_know_begins_anew(start: Start, job: JobDocument, gemini: Path) -> None:
    broken = Session.from_json({"id": "s-1", "data": "eJwrSS0uAQAEXQHB", "path": ".gemini/tmp/x/chats/session-1.jsonl"})
    with serving(Model([[EDIT], [Text("Done.")]])) as model:
        machine = run(start, replace(job, session=broken), gemini, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "changes", machine.porter.text
    assert "could not resume" in machine.porter.text
    assert "It prints" in json.dumps(model.requests[0])
