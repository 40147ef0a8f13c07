"""The real Claude Code CLI, driven by the real runner, against a scripted model on loopback: seconds, and no key."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.anthropic import Model, Refusal, Text, Tool, serving
from tests.models.outside import watched
from tests.programs import agent_cli
from tests.worker.conftest import BRANCH, Bare, Machine, Start
from tests.worker.endings import PATIENCE
from worker import agents
from worker.agents.claude_code import VERSION
from worker.contract import JobDocument, Limits, Session

pytestmark = [pytest.mark.claude, pytest.mark.timeout(2 * PATIENCE)]


@pytest.fixture(scope="module")
def claude() -> Path:
    return agent_cli("claude-code")


@pytest.fixture
def job(job: JobDocument) -> JobDocument:
    """With limits that a machine busy with something else does not reach."""
    return replace(job, limits=Limits(total=PATIENCE, stall=100))


def run(
    start: Start,
    job: JobDocument,
    claude: Path,
    model: Model,
    *,
    without: Collection[str] = (),
    more: Sequence[str] = (),
    **extra: str,
) -> Machine:
    """Run the job with Claude Code, `without` some words of its command and with `more`; the model's script decides."""
    settings = {"ANTHROPIC_BASE_URL": model.url, "HOME": "/not/taken"}
    recipe = agents.recipe(agents.AGENTS["claude-code"], model="claude-sonnet-4-5", settings=settings)
    recipe = replace(
        recipe, argv=[*(word for word in recipe.argv if word not in without), *more], env=recipe.env | extra
    )
    with_key = replace(job, agent=recipe, keys={"ANTHROPIC_API_KEY": "sk-ant-test-0123456789"})
    return start(with_key, PATH=f"{claude.parent}:{os.environ['PATH']}")


def test_the_cli_is_the_pinned_version(claude: Path) -> None:
    done = subprocess.run([claude, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(VERSION)


def test_it_edits_a_file_with_its_own_tools(start: Start, job: JobDocument, bare: Bare, claude: Path) -> None:
    edit = {"file_path": "greet.py", "old_string": "Helo", "new_string": "Hello"}
    turns = [
        [Text("I will look at the greeting."), Tool("Read", {"file_path": "greet.py"})],
        [Tool("Edit", edit)],
        [Tool("Bash", {"command": "python3 greet.py", "description": "Run it"})],
        [Text("The greeting is spelt right now.")],
    ]
    with serving(Model(turns)) as model, watched() as outside:
        machine = run(start, job, claude, model, **outside.env)
        machine.wait(PATIENCE)
    result, log = machine.result, machine.porter.text
    assert result["ending"] == "changes", (result, log)
    assert '+    return "Hello, world"' in bare.show(BRANCH)
    assert result["summary"] == "The greeting is spelt right now."
    assert result["agent_version"] == VERSION
    assert result["usage"]["output_tokens"] >= 4 * 34
    assert result["usage"]["cost_usd"] > 0
    for mark in ("the agent works with claude-sonnet-4-5", "Read greet.py", "Edit greet.py", "Bash python3 greet.py"):
        assert mark in log
    assert "It prints" in str(model.requests[0]["messages"]), "the prompt arrived"
    assert model.strange == []
    assert outside.asked == [], "no host but the model's"


@pytest.mark.parametrize(
    ("refusal", "ending"),
    [
        pytest.param(Refusal(401, "authentication_error", "invalid x-api-key"), "auth", id="401"),
        pytest.param(Refusal(429, "rate_limit_error", "slow down"), "rate_limited", id="429"),
        pytest.param(Refusal(529, "overloaded_error", "Overloaded"), "overloaded", id="529"),
        pytest.param(
            Refusal(400, "invalid_request_error", "prompt is too long: 300000 tokens > 200000 maximum"),
            "too_long",
            id="too-long",
        ),
    ],
)
def test_its_failures_are_told_apart(
    start: Start, job: JobDocument, bare: Bare, claude: Path, refusal: Refusal, ending: str
) -> None:
    with serving(Model([refusal])) as model:
        machine = run(start, job, claude, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == ending, (machine.result, machine.porter.text)
    assert machine.result["exit_code"] == 1
    assert "It said: " in machine.result["message"]
    assert bare.branches() == ["main"]
    assert len(model.requests) <= 12


def test_work_done_before_the_service_fails_is_kept(start: Start, job: JobDocument, bare: Bare, claude: Path) -> None:
    turns = [[Tool("Write", {"file_path": "notes.md", "content": "half done\n"})], Refusal(500, "api_error", "broken")]
    with serving(Model(turns)) as model:
        machine = run(start, job, claude, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "overloaded"
    assert machine.result["pushed"]
    assert bare.show(f"{BRANCH}:notes.md") == "half done"


def test_nothing_to_change_is_said_so(start: Start, job: JobDocument, claude: Path) -> None:
    with serving(Model([[Text("It is fine as it is.")]])) as model:
        machine = run(start, job, claude, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "no_changes"
    assert machine.result["summary"] == "It is fine as it is."


def test_it_tells_its_cost_when_it_is_interrupted(start: Start, job: JobDocument, claude: Path) -> None:
    turns = [[Tool("Bash", {"command": "echo begun; sleep 300", "description": "Wait"})]]
    with serving(Model(turns)) as model:
        machine = run(start, job, claude, model)
        machine.until(lambda: "Bash echo begun" in machine.porter.text, PATIENCE)
        machine.process.send_signal(signal.SIGTERM)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "cancelled"
    assert machine.result["usage"]["cost_usd"] > 0


def test_a_follow_up_resumes_its_conversation_and_counts_only_its_own_part(
    start: Start, job: JobDocument, bare: Bare, claude: Path
) -> None:
    edit = {"file_path": "greet.py", "old_string": "Helo", "new_string": "Hello"}
    turns = [
        [Tool("Read", {"file_path": "greet.py"})],
        [Tool("Edit", edit)],
        [Text("The greeting is spelt right now.")],
        [Tool("Write", {"file_path": "notes.md", "content": "Greets.\n"})],
        [Text("There are notes now.")],
    ]
    with serving(Model(turns)) as model:
        first = run(start, job, claude, model)
        first.wait(PATIENCE)
        porter, before = first.porter, first.result
        assert porter.session is not None, porter.text
        porter.last_seq, kept = 0, porter.session
        asked = len(model.requests)
        again = replace(job, continue_branch=True, session=Session.from_json(kept), prompt="Now write notes, please.")
        second = run(start, again, claude, model)
        second.wait(PATIENCE)
    result, log = second.result, porter.text
    assert result["summary"] == "There are notes now.", log
    assert "Now write notes" in str(model.requests[asked]["messages"][-1])
    assert "It prints" in str(model.requests[asked]["messages"][0]), "the first prompt is still known"
    assert bare.show(f"{BRANCH}:notes.md") == "Greets."
    assert porter.session["id"] == kept["id"]
    assert kept["usage"]["cost_usd"] == before["usage"]["cost_usd"]
    assert porter.session["usage"]["cost_usd"] == pytest.approx(kept["usage"]["cost_usd"] + result["usage"]["cost_usd"])
    assert result["usage"]["output_tokens"] == 2 * 34
    # Two calls of the model at the same price each, where the first run made three.
    assert result["usage"]["cost_usd"] == pytest.approx(before["usage"]["cost_usd"] * 2 / 3)
