"""The story without Fly: machines are processes of this computer, and the agent is one of the operator's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from porter.demo import Stage, stage
from store import vault
from tests.onlooker import Onlooker

pytestmark = pytest.mark.timeout(120)

_TIDY = """
import json, os, pathlib, sys
asked, home, model = sys.stdin.read(), pathlib.Path.home(), sys.argv[1]
assert "tidy up" in asked
assert os.environ["TIDY_TOKEN"] == "tidy-key-0123456789" and "TIDY_API_KEY" not in os.environ
assert "TIDY_URL" not in os.environ
assert (home / ".tidy/settings").read_text() == "neat"
kept = home / ".tidy/s1.json"
turn = 1 + (int(kept.read_text()) if sys.argv[2:] == ["--resume", "s1"] else 0)
kept.write_text(str(turn))
pathlib.Path("TIDY.md").write_text(f"tidied {turn} times with {model}\\n")
print(json.dumps({"type": "session", "id": "s1"}))
print(json.dumps({"type": "usage", "input_tokens": 1_000_000 * turn, "output_tokens": 0}))
print(json.dumps({"type": "result", "ok": True, "message": f"I tidied up. This is turn {turn}."}))
"""
_AGENTS = """
[[agents]]
name = "tidy"
title = "Tidy"
argv = ["{python}", "{folder}/tidy.py", "{{model}}"]
default_model = "broom"
models = [{{ name = "broom", input = 3, output = 15 }}]
stream = "mock"
keys = ["TIDY_API_KEY"]
called = {{ TIDY_API_KEY = "TIDY_TOKEN" }}
env = {{ TIDY_URL = "{{TIDY_BASE_URL}}/v1" }}
settings = ["TIDY_BASE_URL"]
files = {{ ".tidy/settings" = "neat" }}

[agents.resume]
argv = ["{python}", "{folder}/tidy.py", "{{model}}", "--resume", "{{session}}"]
path = ".tidy/{{session}}.json"
counts_all = ["input_tokens"]
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("local")
    (folder / "tidy.py").write_text(_TIDY)
    agents = folder / "agents.toml"
    agents.write_text(_AGENTS.format(python=sys.executable, folder=folder))
    with stage(folder / "data", PORTER_HOST="local", PORTER_AGENTS_FILE=str(agents)) as running:
        vault.put(
            running.services.db,
            running.services.vault,
            "global",
            "TIDY_API_KEY",
            "tidy-key-0123456789",
            by="operator",
            now=datetime.now(UTC),
        )
        yield running


def test_an_agent_of_the_operators_own_brings_a_pull_request_from_a_local_machine(demo: Stage) -> None:
    we = Onlooker(demo)
    task = we.ended_task_of(we.comment("@porter tidy tidy up", issue=2))
    assert (task["status"], task["outcome"]) == ("succeeded", "pull_request"), task["message"]
    assert "tidied 1 times with broom" in we.diff_of(we.pull(task["pr_number"]))
    assert "I tidied up." in we.porters_comments(issue=2)[-1]["body"]
    assert task["cost_usd"] == 3.0, "a million tokens at the price of its model"
    assert "LOCAL MACHINES ISOLATE NOTHING" in "".join(file.read_text() for file in demo.supervisor.logs.glob("*.log"))
    we.wait_for(lambda: not we.living_machines_of(task["id"]))

    we.comment("@porter tidy tidy up once more", issue=task["pr_number"])
    again = we.ended(task["id"], run=2)
    assert again["outcome"] == "pull_request", we.log_of(task["id"])
    assert "tidied 2 times" in we.diff_of(we.pull(task["pr_number"]))
    assert again["cost_usd"] == 6.0, "the task's two runs; the second counted what the first had used"


def test_a_local_machine_that_is_killed_fails_its_task_and_leaves_nothing(demo: Stage, tmp_path: Path) -> None:
    we = Onlooker(demo)
    task_id = we.task_of(we.comment("@porter mock [mock:hang] wait", issue=3))
    we.wait_for(lambda: we.task(task_id)["status"] == "running")
    we.kill_machine_of(task_id)
    task = we.ended(task_id)
    assert (task["status"], task["reason"]) == ("failed", "crashed")
