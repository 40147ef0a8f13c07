"""Every way in which a run of the real opencode can end, and that nothing of it is left then.

It has no limit of turns: `steps` in its configuration only makes the model sum up, which is a good end.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.models.anthropic import Hang, Model, Nonsense, Refusal, Text, Tool, Turn, serving
from tests.worker.conftest import BRANCH, Bare, Start
from tests.worker.endings import PATIENCE, left_of
from tests.worker.every_ending import Cli, EveryEnding
from tests.worker.test_opencode import EDIT, job, opencode, run
from worker.contract import JobDocument

__all__ = ["job", "opencode"]

pytestmark = [pytest.mark.opencode, pytest.mark.timeout(PATIENCE + 60)]

NOTES = Tool("write", {"filePath": "notes.md", "content": "half done\n"})


@pytest.mark.parametrize(
    ("turn", "ending", "words"),
    [
        pytest.param(Refusal(401, "authentication_error", "invalid x-api-key"), "auth", "invalid x-api-key", id="401"),
        pytest.param(Refusal(429, "rate_limit_error", "slow down"), "rate_limited", "slow down", id="429"),
        pytest.param(Refusal(529, "overloaded_error", "Overloaded"), "overloaded", "Overloaded", id="529"),
        pytest.param(Nonsense(), "crashed", "JSON parsing failed", id="nonsense"),
    ],
)
def test_a_service_that_fails_is_told_in_its_words_and_the_work_so_far_is_kept(
    start: Start, job: JobDocument, bare: Bare, opencode: Path, turn: Turn, ending: str, words: str
) -> None:
    with serving(Model([[NOTES], turn])) as model:
        machine = run(start, job, opencode, model, resumes=False)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == ending, (machine.result, machine.porter.text)
    assert words in machine.result["message"]
    assert machine.result["pushed"]
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert model.asked <= 12
    assert left_of(machine) == []


def test_a_prompt_that_is_too_long_is_said_so(start: Start, job: JobDocument, bare: Bare, opencode: Path) -> None:
    refusal = Refusal(400, "invalid_request_error", "prompt is too long: 300000 tokens > 200000 maximum")
    with serving(Model([refusal])) as model:
        machine = run(start, job, opencode, model, resumes=False)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "too_long", (machine.result, machine.porter.text)
    assert "300000 tokens" in machine.result["message"]
    assert bare.branches() == ["main"]
    assert model.asked <= 4, "it tries to sum the conversation up, which is too long as well"


@pytest.mark.parametrize("rules", ['{"edit": "deny"}', '{"edit": "ask"}'], ids=["denied", "asked-and-nobody-answers"])
def test_a_tool_that_its_rules_deny_explains_why_nothing_changed(
    start: Start, job: JobDocument, opencode: Path, rules: str
) -> None:
    with serving(Model([[EDIT], [Text("I was not allowed to edit it.")]])) as model:
        machine = run(start, job, opencode, model, resumes=False, without=("--auto",), OPENCODE_PERMISSION=rules)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "denied", (machine.result, machine.porter.text)
    assert "edit" in machine.result["message"]


def test_a_model_nobody_has_is_named(start: Start, job: JobDocument, opencode: Path) -> None:
    with serving(Model([[Text("Not reached.")]])) as model:
        machine = run(start, job, opencode, model, resumes=False, model_name="anthropic/nonesuch")
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "crashed"
    assert "Model not found: anthropic/nonesuch" in machine.result["message"]
    assert model.requests == []


@pytest.fixture(scope="module")
def cli(opencode: Path) -> Cli:
    return Cli(
        path=opencode,
        run=partial(run, resumes=False),
        serving=lambda turns: serving(Model(turns)),
        notes=NOTES,
        noted="write notes.md",
        words=Text,
        execute=lambda command: Tool("bash", {"command": command, "description": "Run it"}),
        hang=Hang(),
        command="opencode run",
        stall=12,
    )


class TestOpencode(EveryEnding):
    """As every CLI."""
