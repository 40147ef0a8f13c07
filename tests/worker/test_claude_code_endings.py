"""Every way in which a run of the real Claude Code can end beside a service that refuses, and that nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.anthropic import Hang, Model, Nonsense, Text, Tool, serving
from tests.worker.conftest import BRANCH, Bare, Start
from tests.worker.endings import PATIENCE
from tests.worker.every_ending import Cli, EveryEnding
from tests.worker.test_claude_code import claude, job, run
from worker.contract import JobDocument

__all__ = ["claude", "job"]

pytestmark = [pytest.mark.claude, pytest.mark.timeout(PATIENCE + 60)]

NOTES = Tool("Write", {"file_path": "notes.md", "content": "half done\n"})


def test_a_tool_that_it_may_not_use_explains_why_nothing_changed(start: Start, job: JobDocument, claude: Path) -> None:
    with serving(Model([[NOTES], [Text("I was not allowed to write it.")]])) as model:
        machine = run(start, job, claude, model, without=["--dangerously-skip-permissions"])
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "denied", (machine.result, machine.porter.text)
    assert "Write" in machine.result["message"]
    assert machine.result["summary"] == "I was not allowed to write it."


def test_its_limit_of_turns_is_told_and_the_work_so_far_is_kept(
    start: Start, job: JobDocument, bare: Bare, claude: Path
) -> None:
    with serving(Model([[NOTES], [Text("There are notes now.")]])) as model:
        machine = run(start, job, claude, model, more=["--max-turns", "1"])
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "turns", (machine.result, machine.porter.text)
    assert bare.show(f"{BRANCH}:notes.md") == "half done"


def test_an_answer_that_is_none_is_an_error_in_its_words(
    start: Start, job: JobDocument, bare: Bare, claude: Path
) -> None:
    with serving(Model([[NOTES], Nonsense()])) as model:
        machine = run(start, job, claude, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "crashed", (machine.result, machine.porter.text)
    assert "It said: " in machine.result["message"]
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert model.asked <= 12


@pytest.fixture(scope="module")
def cli(claude: Path) -> Cli:
    return Cli(
        path=claude,
        run=run,
        serving=lambda turns: serving(Model(turns)),
        notes=NOTES,
        noted="Write notes.md",
        words=Text,
        execute=lambda command: Tool("Bash", {"command": command, "description": "Run it"}),
        hang=Hang(),
        command="claude -p",
    )


class TestClaudeCode(EveryEnding):
    """As every CLI."""
