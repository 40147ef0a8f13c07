"""Machines that die, never report or outlive their run, on every host: what Porter makes of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from jobs.hosts.port import MachineState
from jobs.launch import launch
from jobs.stop import stop
from jobs.sweep import Sweep
from store import tasks
from store.database import Database
from store.lifecycle import Status
from store.records import Task
from tests.emulators.fly_api import eventually
from tests.hosts.conftest import HostFactory
from tests.jobs import stage as stages
from tests.jobs.stage import Stage

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
Launched = Callable[[list[str]], tuple[Stage, Task]]


@pytest.fixture
def launched(host_for: HostFactory, tmp_path: Path, migrated_sqlite: Path) -> Iterator[Launched]:
    """Launches a task whose machine runs this program, on the host under test."""
    database = Database(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'life.db')}")
    with stages.opened(tmp_path / "stage", database) as stage:

        def start(argv: list[str]) -> tuple[Stage, Task]:
            fly = {"fly_api_token": SecretStr("the-token-of-the-tests"), "fly_app_name": "porter"}
            services = replace(stage.services, config=stage.services.config.model_copy(update=fly))
            services.__dict__.update({"github": stage.services.github, "host": host_for(argv)})
            stage.services = services
            task = stage.task()
            launch(stage.services, task.run_id)
            assert stage.now_run(task).machine_id, stage.now_task(task).message
            return stage, stage.now_task(task)

        yield start
    database.close()


def state(stage: Stage, task: Task) -> MachineState | None:
    machine = stage.services.host.get(stage.now_run(task).machine_id or "")
    return None if machine is None else machine.state


def swept(stage: Stage, task: Task) -> Task:
    """What the sweep finds is done at once, as a worker would."""
    sweep = Sweep(stage.services)
    sweep.quick()
    sweep.slow()
    stop(stage.services, task.run_id)
    return stage.now_task(task)


def is_gone(stage: Stage, task: Task) -> bool:
    return state(stage, task) in (None, MachineState.GONE)


def test_a_machine_that_dies_fails_its_task_with_the_code_it_died_of(launched: Launched) -> None:
    stage, task = launched([sys.executable, "-c", "raise SystemExit(3)"])
    stage.report(task)
    eventually(lambda: state(stage, task) is MachineState.STOPPED, 30)
    task = swept(stage, task)
    assert (task.status, task.reason) == (Status.FAILED, "crashed")
    assert "exit code 3" in (task.message or "")
    eventually(lambda: is_gone(stage, task), 30)


def test_a_machine_that_never_reports_is_given_up_and_destroyed(launched: Launched) -> None:
    stage, task = launched(SLEEPS)
    eventually(lambda: state(stage, task) is MachineState.RUNNING, 30)
    stage.wait(5 * 60 + 1)
    task = swept(stage, task)
    assert (task.status, task.reason) == (Status.FAILED, "no_contact")
    eventually(lambda: is_gone(stage, task), 30)


def test_a_machine_that_outlives_its_run_is_cleared_away(launched: Launched) -> None:
    stage, task = launched(SLEEPS)
    stage.report(task)
    eventually(lambda: state(stage, task) is MachineState.RUNNING, 30)
    with stage.services.db.write() as connection:  # as if whoever ended the task died before the machine was destroyed
        tasks.move(connection, task.id, Status.FAILED, now=stage.clock(), kind="failed", text="it failed")
    stage.wait(120)
    sweep = Sweep(stage.services)
    sweep.slow()
    sweep.slow()
    eventually(lambda: is_gone(stage, task), 30)
