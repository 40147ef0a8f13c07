"""The runner as the first process of its machine, as a container or a Fly machine starts it."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.conftest import BRANCH, Bare, Machine, Start, told
from tests.worker.porter import Porter
from worker.contract import JobDocument

_OWN_USER = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
AS_PID_ONE = ["unshare", *_OWN_USER, "--pid", "--fork", "--kill-child", "--mount-proc"]

# Fifty orphans die; the agent waits until their corpses are gone, or for some seconds.
ORPHANS = """
cat /proc/1/cmdline | tr '\\0' ' '; echo
for i in $(seq 50); do (sleep 0.1 &); done
for i in $(seq 100); do
  zombies=$(grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l)
  [ $i -gt 5 ] && [ $zombies = 0 ] && break
  sleep 0.1
done
echo zombies: $zombies
"""


@pytest.fixture(autouse=True)
def allowed() -> None:
    try:
        done = subprocess.run([*AS_PID_ONE, "true"], capture_output=True, text=True, check=False)
        why = done.stderr.strip()
    except FileNotFoundError:
        why = "there is no unshare"
    if why:
        pytest.skip(f"a process namespace of our own is not to be had here: {why}")


def first_process(machine: Machine) -> int:
    """The runner, below the unshare that started it."""
    children = Path(f"/proc/{machine.process.pid}/task/{machine.process.pid}/children")
    machine.until(lambda: bool(children.read_text().split()))
    return int(children.read_text().split()[0])


def test_it_buries_orphans_and_ends_with_its_own_status(start: Start, job: JobDocument, porter: Porter) -> None:
    agent = replace(job.agent, argv=["/bin/sh", "-c", ORPHANS], stream="text")
    machine = start(replace(job, agent=agent), below=AS_PID_ONE)
    machine.wait()
    assert machine.process.returncode == 0
    assert "-m worker" in porter.text
    assert "zombies: 0" in porter.text


def test_it_hears_sigterm_and_ends_whatever_was_started(
    start: Start, job: JobDocument, porter: Porter, bare: Bare
) -> None:
    machine = start(told(job, "[mock:orphan] [mock:ignore-term] [mock:hang]"), below=AS_PID_ONE)
    runner = first_process(machine)
    machine.until(lambda: "Edit greet.py" in porter.text)
    os.kill(runner, signal.SIGTERM)
    machine.wait(60)
    assert machine.process.returncode == 0
    assert machine.result["ending"] == "cancelled"
    assert machine.result["pushed"] == (BRANCH in bare.branches())
