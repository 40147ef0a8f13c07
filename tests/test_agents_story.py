"""The story with real agents: from a comment to a pull request, over real processes; only the models are scripted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import pytest

from porter.demo import Stage, stage
from store import vault
from tests.models import anthropic, google, openai
from tests.onlooker import Onlooker
from tests.programs import INSTALLED, agent_cli
from tests.worker.endings import PATIENCE

pytestmark = pytest.mark.timeout(240)

DONE = "The greeting is spelt right now."


class Model(Protocol):
    """What each scripted model keeps of the requests."""

    @property
    def requests(self) -> list[dict[str, object]]: ...

    @property
    def strange(self) -> list[str]: ...


@dataclass(frozen=True)
class Part:
    """What an agent plays with: its model service, the key it is given, and the variables that lead to the service."""

    model: Model
    secret: tuple[str, str]
    settings: dict[str, str]


# Each agent's part is one function here, one line in PARTS, and one parameter of the test.
@contextmanager
def claude_code() -> Iterator[Part]:
    edit = {"file_path": "greeter.py", "old_string": "Helo", "new_string": "Hello"}
    turns: list[anthropic.Turn] = [
        [anthropic.Tool("Read", {"file_path": "greeter.py"})],
        [anthropic.Tool("Edit", edit)],
        [anthropic.Text(DONE)],
    ]
    with anthropic.serving(anthropic.Model(turns)) as model:
        yield Part(model, ("ANTHROPIC_API_KEY", model.key), {"ANTHROPIC_BASE_URL": model.url})


@contextmanager
def codex() -> Iterator[Part]:
    patch = '*** Begin Patch\n*** Update File: greeter.py\n@@\n-GREETING = "Helo"\n+GREETING = "Hello"\n*** End Patch\n'
    turns: list[openai.Turn] = [
        [openai.Custom("exec", 'text(await tools.exec_command({cmd: "cat greeter.py"}));')],
        [openai.Custom("exec", f"text(await tools.apply_patch({json.dumps(patch)}));")],
        [openai.Text(DONE)],
    ]
    with openai.serving(openai.Model(turns)) as model:
        yield Part(model, ("OPENAI_API_KEY", model.key), {"OPENAI_BASE_URL": model.url})


@contextmanager
def gemini() -> Iterator[Part]:
    edit = {"file_path": "greeter.py", "old_string": "Helo", "new_string": "Hello", "instruction": "Spell it right"}
    turns: list[google.Turn] = [
        [google.Tool("read_file", {"file_path": "greeter.py"})],
        [google.Tool("replace", edit)],
        [google.Text(DONE)],
    ]
    with google.serving(google.Model(turns)) as model:
        yield Part(model, ("GEMINI_API_KEY", model.key), {"GOOGLE_GEMINI_BASE_URL": model.url})


@contextmanager
def opencode() -> Iterator[Part]:
    turns: list[anthropic.Turn] = [
        [anthropic.Tool("read", {"filePath": "greeter.py"})],
        [anthropic.Tool("edit", {"filePath": "greeter.py", "oldString": "Helo", "newString": "Hello"})],
        [anthropic.Text(DONE)],
    ]
    with anthropic.serving(anthropic.Model(turns)) as model:
        options = {"baseURL": f"{model.url}/v1"}  # ANTHROPIC_BASE_URL leads to the model of Claude Code
        config = {"provider": {"anthropic": {"options": options}}, "model": "anthropic/claude-sonnet-4-5"}
        yield Part(model, ("ANTHROPIC_API_KEY", model.key), {"OPENCODE_CONFIG_CONTENT": json.dumps(config)})


PARTS: dict[str, Callable[[], AbstractContextManager[Part]]] = {
    "claude-code": claude_code,
    "codex": codex,
    "gemini": gemini,
    "opencode": opencode,
}


@pytest.fixture(scope="module")
def parts() -> Iterator[dict[str, Part]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(begin()) for name, begin in PARTS.items()}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, parts: dict[str, Part]) -> Iterator[Stage]:
    """One Porter for all of them; its machines find the agents on the PATH of the stand-in for Fly."""
    settings = {name: value for part in parts.values() for name, value in part.settings.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{INSTALLED}")
        with stage(tmp_path_factory.mktemp("porter") / "data", **settings) as running:
            yield running


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("claude-code", marks=pytest.mark.claude),
        pytest.param("codex", marks=pytest.mark.codex),
        pytest.param("gemini", marks=pytest.mark.gemini),
        pytest.param("opencode", marks=pytest.mark.opencode),
    ],
)
def test_a_comment_that_names_an_agent_becomes_its_pull_request(demo: Stage, parts: dict[str, Part], name: str) -> None:
    agent_cli(name)
    part, services, we = parts[name], demo.services, Onlooker(demo)
    vault.put(services.db, services.vault, "global", *part.secret, by="operator", now=datetime.now(UTC))

    task = we.ended_task_of(we.comment(f"@porter {name} mind your spelling", issue=1), seconds=PATIENCE)

    assert (task["status"], task["outcome"], task["agent"]) == ("succeeded", "pull_request", name), task["message"]
    pull = we.pull(task["pr_number"])
    assert pull["head"]["ref"].startswith(f"porter/issue-1-{name}-")
    assert '+GREETING = "Hello"' in we.diff_of(pull)
    [said] = [one["body"] for one in we.porters_comments(issue=1) if task["id"] in one["body"]]
    assert DONE in said
    log = "\n".join(we.log_of(task["id"]))
    assert "greeter.py" in log
    assert part.secret[1] not in log
    asked = json.dumps(part.model.requests[0])
    assert "mind your spelling" in asked, "the prompt arrived"
    assert "For agents that work here" in asked, "it read the repository's AGENTS.md by itself"
    assert part.model.strange == []
