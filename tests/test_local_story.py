"""The story without Fly: machines are processes of this computer, and the agent is one of the operator's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from porter.demo import Stage, stage
from tests.onlooker import Onlooker

pytestmark = pytest.mark.timeout(120)

_TIDY = """
import pathlib, sys
asked = sys.stdin.read()
assert "tidy up" in asked
pathlib.Path("TIDY.md").write_text("tidied\\n")
print("I tidied up.")
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("local")
    (folder / "tidy.py").write_text(_TIDY)
    agents = folder / "agents.toml"
    agents.write_text(f'[[agents]]\nname = "tidy"\ntitle = "Tidy"\nargv = ["{sys.executable}", "{folder}/tidy.py"]\n')
    with stage(folder / "data", PORTER_HOST="local", PORTER_AGENTS_FILE=str(agents)) as running:
        yield running


def test_an_agent_of_the_operators_own_brings_a_pull_request_from_a_local_machine(demo: Stage) -> None:
    we = Onlooker(demo)
    task = we.ended_task_of(we.comment("@porter tidy tidy up", issue=2))
    assert (task["status"], task["outcome"]) == ("succeeded", "pull_request"), task["message"]
    assert "tidied" in we.diff_of(we.pull(task["pr_number"]))
    assert "I tidied up." in we.porters_comments(issue=2)[-1]["body"]
    assert "LOCAL MACHINES ISOLATE NOTHING" in "".join(file.read_text() for file in demo.supervisor.logs.glob("*.log"))
    we.wait_for(lambda: not we.living_machines_of(task["id"]))


def test_a_local_machine_that_is_killed_fails_its_task_and_leaves_nothing(demo: Stage, tmp_path: Path) -> None:
    we = Onlooker(demo)
    task_id = we.task_of(we.comment("@porter mock [mock:hang] wait", issue=3))
    we.wait_for(lambda: we.task(task_id)["status"] == "running")
    we.kill_machine_of(task_id)
    task = we.ended(task_id)
    assert (task["status"], task["reason"]) == ("failed", "crashed")
