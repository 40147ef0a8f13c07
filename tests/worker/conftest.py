"""A bare repository, a Porter that listens, and the real runner as a process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.worker.porter import RUN_ID, TOKEN, Porter, listening
from worker import agents
from worker.contract import JobDocument, Limits

ROOT = Path(__file__).resolve().parents[2]
BRANCH = "porter/issue-1-mock-ab12"
GREETER = 'def greet():\n    return "Helo, world"\n\n\nprint(greet())\n'


@dataclass(frozen=True)
class Bare:
    """A bare repository with one commit on main."""

    path: Path

    @property
    def url(self) -> str:
        return f"file://{self.path}"

    def git(self, *arguments: str) -> str:
        return git(*arguments, at=self.path)

    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def show(self, revision: str) -> str:
        return self.git("show", revision)


@dataclass(frozen=True)
class Machine:
    """A running runner, as the host sees it."""

    process: subprocess.Popen[str]
    porter: Porter
    temporary: Path

    def wait(self, seconds: float = 30) -> str:
        """Its standard error, when it has ended; also checks what holds for every run."""
        _, complaints = self.process.communicate(timeout=seconds)
        assert self.porter.problems == []
        assert "Traceback" not in complaints
        assert list(self.temporary.glob("porter-*")) == []
        return complaints

    @property
    def result(self) -> dict[str, Any]:
        assert self.porter.result is not None
        return self.porter.result

    def until(self, seen: Callable[[], bool], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < deadline, f"not seen in {seconds} s; the log is:\n{self.porter.text}"
            time.sleep(0.02)


def git(*arguments: str, at: Path) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "HOME": "/nonexistent",
    }
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid")
    done = subprocess.run(["git", *person, *arguments], cwd=at, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seed")
    git("init", "--quiet", "-b", "main", at=path)
    for number, content in enumerate(("", GREETER)):
        (path / "greet.py").write_text(content)
        (path / "README.md").write_text("# Greeter\n\nIt greets the world.\n")
        (path / ".gitignore").write_text("*.secret\n")
        git("add", ".", at=path)
        git("commit", "--quiet", "-m", f"commit {number}", at=path)
    return path


@pytest.fixture
def bare(seed: Path, tmp_path: Path) -> Bare:
    path = tmp_path / "greeter.git"
    git("clone", "--quiet", "--bare", str(seed), str(path), at=tmp_path)
    return Bare(path)


@pytest.fixture
def porter() -> Iterator[Porter]:
    with listening(Porter()) as porter:
        yield porter


def prompt(instructions: str, issue: str = "The greeting is misspelt.") -> str:
    return (
        "# Task\n\nFix the greeting\n\n## Issue\n\n~~~~\n" + issue + "\n~~~~\n\n"
        "## Instructions\n\n~~~~\n"
        + instructions
        + "\n~~~~\n\n## Repository\n\nacme/greeter\n\n## Rules\n\nBe brief.\n"
    )


@pytest.fixture
def job(bare: Bare) -> JobDocument:
    """A mock job that fixes the greeting; tests replace what they are about."""
    return JobDocument(
        task_id="task-1",
        run_id=RUN_ID,
        repository="acme/greeter",
        clone_url=bare.url,
        base_branch="main",
        branch=BRANCH,
        prompt=prompt('It prints "Helo, world". It should print "Hello, world".'),
        commit_message="Fix the greeting\n\nRequested in #1.",
        author_name="Porter",
        author_email="porter@example.invalid",
        agent=agents.recipe(agents.AGENTS["mock"], settings={"MOCK_PACE": "0.01"}),
        limits=Limits(total=30, stall=20, setup=20),
    )


def told(job: JobDocument, directive: str) -> JobDocument:
    """The same job with test directives for the mock agent in its instructions."""
    return replace(job, prompt=prompt(f'Replace "Helo" with "Hello". {directive}'))


Start = Callable[..., Machine]


@pytest.fixture
def start(porter: Porter, tmp_path: Path) -> Iterator[Start]:
    """Start the real runner for a job, with the environment of a machine and nothing else."""
    with tempfile.TemporaryDirectory(prefix="machine-") as temporary, _machines() as running:
        Path(temporary).chmod(0o711)  # the agent's user must reach its own folder

        def begin(job: JobDocument, *, below: Sequence[str] = (), **extra: str) -> Machine:
            porter.job = job
            env = {
                "PATH": os.environ["PATH"],
                "TMPDIR": temporary,
                "PYTHONPATH": str(ROOT),
                "PORTER_URL": porter.url,
                "TASK_ID": "task-1",
                "RUN_ID": RUN_ID,
                "CALLBACK_TOKEN": TOKEN,
                **extra,
            }
            machine = Machine(run_worker(env, tmp_path, below=below), porter, Path(temporary))
            running.append(machine.process)
            return machine

        yield begin


def run_worker(env: dict[str, str], at: Path, *, below: Sequence[str] = ()) -> subprocess.Popen[str]:
    """`python -m worker` with exactly this environment, started by the program `below`, if any."""
    return subprocess.Popen(
        [*below, sys.executable, "-m", "worker"],
        env=env,
        cwd=at,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@contextmanager
def _machines() -> Iterator[list[subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []
    yield running
    for process in running:
        if process.poll() is None:
            process.kill()
            process.communicate()
