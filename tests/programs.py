"""Outside programs that some tests need: found, or the test says aloud that it did not run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from worker.agents import AGENTS
from worker.image.install import program

INSTALLED = Path(__file__).resolve().parents[1] / ".node" / "bin"  # where `./run test` puts the agents


def require(name: str) -> str:
    """The path of the program `name`; without it the test is skipped, and in CI it fails."""
    path = shutil.which(name)
    if path is None:
        missing(f"the program {name} is not on PATH")
    return path


def agent_cli(name: str) -> Path:
    """An agent's program: named by PORTER_TEST_<PROGRAM>, on PATH, or in `INSTALLED`. Without it: skipped."""
    agent = AGENTS[name]
    called = program(agent)
    local = shutil.which(called, path=str(INSTALLED))
    found = os.environ.get(f"PORTER_TEST_{called.upper()}") or shutil.which(called) or local
    if not found:
        missing(f"no {agent.title} {agent.version}; python -m worker.image.install .node {name}")
    return Path(found)


def missing(what: str) -> NoReturn:
    """Skip the test and say why. In CI a test that cannot run is a failure: there, nobody reads what was skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must be able to run this test: {what}")
    pytest.skip(what)
