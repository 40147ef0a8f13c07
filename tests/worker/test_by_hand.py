"""The runner without Porter, by the older variables, and what bad variables get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worker.conftest import ROOT, Bare, run_worker
from worker import environment
from worker.environment import ByHand, FromPorter
from worker.errors import BadEnvironment

HAND = {"TASK_ID": "7", "AGENT": "mock", "PROMPT": 'replace "Helo" with "Hello"', "REPO_CLONE_URL": "file:///x.git"}
PORTER = {"PORTER_URL": "http://127.0.0.1:1", "TASK_ID": "7", "RUN_ID": "r", "CALLBACK_TOKEN": "t"}


def test_a_run_by_hand_prints_its_result_as_json(bare: Bare, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "MOCK_PACE": "0.01", **HAND, "REPO_CLONE_URL": bare.url}
    process = run_worker({**env, "BRANCH_NAME": "try/one"}, tmp_path)
    printed, log = process.communicate(timeout=20)
    told = json.loads(printed)
    assert process.returncode == 0, log
    assert told["status"] == "complete"
    assert told["branch_name"] == "try/one"
    assert told["commit_hash"] == bare.git("rev-parse", "try/one")
    assert "Edit greet.py" in log


def test_the_example_in_the_help_runs_as_it_stands_and_nothing_needs_installing(tmp_path: Path) -> None:
    without_packages = [sys.executable, "-S", "-m", "worker", "--help"]
    said = subprocess.run(without_packages, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    example = said.partition("bare repository:\n\n")[2].partition("\n\n")[0]
    (tmp_path / "python").symlink_to(sys.executable)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(["/bin/sh", "-ec", example], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result, _, shown = done.stdout.partition("\n")
    assert json.loads(result)["status"] == "complete"
    assert '+print("Hello")' in shown


def test_missing_variables_are_one_line_and_exit_status_2(tmp_path: Path) -> None:
    process = run_worker({"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, tmp_path)
    _, complaint = process.communicate(timeout=20)
    assert process.returncode == 2
    assert complaint == "porter worker: PORTER_URL and TASK_ID are missing: this is the machine's program; see --help\n"


def test_a_patience_that_is_no_number_is_one_line_and_exit_status_2(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **PORTER, "PORTER_WORKER_PATIENCE": "long"}
    process = run_worker(env, tmp_path)
    _, complaint = process.communicate(timeout=20)
    assert (process.returncode, complaint) == (
        2, "porter worker: PORTER_WORKER_PATIENCE is a number of seconds, not 'long'\n",
    )  # fmt: skip


def test_the_environment_of_a_machine() -> None:
    assert environment.read(PORTER) == FromPorter("http://127.0.0.1:1", "7", "r", "t")


def test_the_environment_by_hand() -> None:
    start = environment.read({**HAND, "REPO_CLONE_URL": "", "REPO_FULL_NAME": "acme/greeter", "GITHUB_TOKEN": "ghs_1"})
    assert isinstance(start, ByHand)
    assert start.job.clone_url == "https://github.com/acme/greeter.git"
    assert start.job.clone_token == start.push_token == "ghs_1"
    assert start.job.branch == "porter/7"
    assert start.job.base_branch == "main"


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        pytest.param({**PORTER, "CALLBACK_TOKEN": ""}, "CALLBACK_TOKEN is missing", id="no-token"),
        pytest.param({**PORTER, "PORTER_URL": "file:///etc"}, "PORTER_URL is not a plain", id="scheme"),
        pytest.param({**HAND, "AGENT": "nobody"}, "AGENT is one of .*claude-code", id="agent"),
        pytest.param({**HAND, "AGENT": "claude"}, "Claude Code needs a key", id="key"),
        pytest.param({**HAND, "PROMPT": ""}, "PROMPT is missing", id="prompt"),
        pytest.param({**HAND, "REPO_CLONE_URL": ""}, "set REPO_FULL_NAME", id="repository"),
        pytest.param({**HAND, "REPO_CLONE_URL": "https://x:y@host/r.git"}, "holds a password", id="token-in-url"),
    ],
)
def test_variables_that_make_no_sense_are_explained(variables: dict[str, str], complaint: str) -> None:
    with pytest.raises(BadEnvironment, match=complaint):
        environment.read(variables)
