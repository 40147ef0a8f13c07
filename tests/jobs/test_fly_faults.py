"""Runs on the emulated Fly when Fly is slow, away, full, stuck, or takes the token back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from emulators.fly import Server
from jobs import fly_settings
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.launch import launch
from jobs.queues import NAMES
from jobs.stop import stop
from jobs.sweep import Sweep
from store import events
from store.lifecycle import Status
from store.records import Task
from tests.contracts.fly import HOOKS
from tests.emulators.fly_api import DEPLOY, IMAGE, TOKEN, Api, eventually, world
from tests.jobs.stage import Stage

MARK = {"porter_deployment": "default"}


@dataclass
class Ground:
    """The stage's Porter with a real FlyHost in front of an emulated Fly; both go by the stage's clock."""

    stage: Stage
    server: Server
    services: Services

    def launched(self, task: Task | None = None) -> Task:
        task = task or self.stage.task()
        launch(self.services, task.run_id)
        return self.stage.now_task(task)

    def machines(self) -> list[Any]:
        return self.server.world.machines("porter")

    def jobs(self) -> list[str]:
        redis = self.services.queues.redis
        found = [Queue(name, connection=redis, serializer=JSONSerializer).get_jobs() for name in NAMES]
        return [job.description or "" for jobs in found for job in jobs]


@pytest.fixture
def ground(stage: Stage, tmp_path: Path) -> Iterator[Ground]:
    """Each request and each answer is held against Fly's own description."""
    emulated = world(tmp_path / "fly", clock=lambda: stage.clock().timestamp(), boot_seconds=3600.0)
    with Server(emulated) as server, httpx.Client(event_hooks=HOOKS) as http:
        given = {"PORTER_HOST": "fly", "FLY_API_URL": server.url, "PORTER_WORKER_IMAGE": IMAGE}
        config = Config.model_validate(
            {"PORTER_DATA_DIR": tmp_path, "PORTER_DEFAULT_AGENT": "mock", "PORTER_VAULT_KEYS": "set", **given}
        )
        services = replace(stage.services, config=config)
        services.__dict__.update({"github": stage.services.github, "_fly_line": http})
        fly_settings.save(
            services.db, services.vault, token=DEPLOY, app="porter", org="personal",
            sizes={"regions": ["iad", "fra"]}, by="maria", now=stage.clock(),
        )  # fmt: skip
        yield Ground(stage, server, services)


def test_a_launch_records_where_the_machine_is_and_the_digest_of_its_image(ground: Ground) -> None:
    task = ground.launched()
    run = ground.stage.now_run(task)
    assert (run.host, run.region, run.machine_id) == ("fly", "iad", ground.machines()[0].id)
    assert re.fullmatch(r"registry\.fly\.io/porter@sha256:[0-9a-f]{64}", run.image or "")
    assert any("@sha256:" in event.text for event in events.of_task(ground.services.db, task.id))


def test_a_token_that_was_revoked_fails_the_launch_for_good_and_says_what_to_do(ground: Ground) -> None:
    ground.server.world.revoke(DEPLOY)
    task = ground.launched()
    assert (task.status, task.reason) == (Status.FAILED, "launch_failed")
    assert "revoked" in task.message and "porter fly set" in task.message and "fly-request-id" in task.message
    Sweep(ground.services).quick()
    assert not [job for job in ground.jobs() if job.startswith("launch")]
    assert DEPLOY not in task.message + ground.stage.replies()[0].body


def test_the_next_launch_works_with_the_token_that_was_saved_meanwhile(ground: Ground) -> None:
    ground.server.world.revoke(DEPLOY)
    sweep = Sweep(ground.services)
    ground.launched()
    fly_settings.save(
        ground.services.db, ground.services.vault, token=TOKEN, app="porter", org="personal", sizes={}, by="maria",
        now=ground.stage.clock(),
    )  # fmt: skip
    assert ground.launched().status is Status.LAUNCHING
    sweep.slow()


def test_a_fly_that_is_not_set_up_fails_the_launch_with_what_to_do(ground: Ground) -> None:
    fly_settings.forget(ground.services.db, by="maria", now=ground.services.clock())
    task = ground.launched()
    assert task.reason == "launch_failed"
    assert "Fly is not set up" in task.message and "porter fly set" in task.message


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        pytest.param(429, {"Retry-After": "90"}, 90, id="rate-limit-that-says-when"),
        pytest.param(503, {}, 2, id="broken"),
    ],
)
def test_what_passes_puts_the_launch_off_for_as_long_as_fly_asked(
    ground: Ground, status: int, headers: dict[str, str], pause: float
) -> None:
    ground.server.world.faults.fail_next("create", status, "sorry", headers=headers)
    task = ground.launched()
    assert task.status is Status.QUEUED
    assert re.search(rf"{status}.*sorry.*fly-request-id", task.message)
    due = ground.stage.now_run(task).due_at
    assert due is not None and (due - ground.stage.clock()).total_seconds() == pause
    ground.stage.wait(pause + 1)
    assert ground.launched(task).status is Status.LAUNCHING


def test_a_create_whose_answer_was_lost_makes_one_machine(ground: Ground) -> None:
    ground.server.world.faults.list_lag = 60.0
    ground.server.world.faults.drop_reply_next("create")
    task = ground.launched()
    assert (task.status, ground.stage.now_run(task).machine_id) == (Status.QUEUED, None)
    ground.stage.wait(3)
    task = ground.launched(task)
    assert [machine.id for machine in ground.machines()] == [ground.stage.now_run(task).machine_id]


def test_a_machine_that_never_comes_up_is_replaced_once_and_elsewhere(ground: Ground) -> None:
    task = ground.launched()
    [first] = ground.machines()
    ground.stage.wait(301)
    Sweep(ground.services).quick()
    assert f"stop {task.run_id}" in ground.jobs()
    stop(ground.services, task.run_id)
    assert (ground.stage.now_task(task).status, ground.machines()) == (Status.QUEUED, [])
    ground.launched(task)
    [second] = ground.machines()
    assert (first.region, second.region) == ("iad", "fra")
    ground.stage.wait(301)
    stop(ground.services, task.run_id)
    ended = ground.stage.now_task(task)
    assert (ended.status, ended.reason) == (Status.FAILED, "launch_failed")
    assert "still starting after 5 minutes" in ended.message
    assert ground.machines() == []


def test_how_a_machine_died_is_read_before_it_is_destroyed(ground: Ground) -> None:
    ground.server.world.config = replace(ground.server.world.config, boot_seconds=0.0)
    task = ground.launched()
    [machine] = ground.machines()
    eventually(lambda: machine.state == "started")
    ground.stage.report(task)
    ground.server.world.life(machine).signal("SIGKILL")
    eventually(lambda: machine.state == "stopped")
    Sweep(ground.services).slow()
    assert f"stop {task.run_id}" in ground.jobs()
    stop(ground.services, task.run_id)
    ended = ground.stage.now_task(task)
    assert ended.reason == "crashed"
    assert "exit code 137 (killed by SIGKILL)" in ended.message
    assert ground.machines() == []


def test_a_stray_machine_is_destroyed_and_another_deployments_is_left_alone(ground: Ground) -> None:
    api = Api(ground.server)
    api.create("porter-x", metadata={"porter_run": "x", "porter_task": "x", **MARK})
    api.create("porter-y", metadata={"porter_run": "y", "porter_task": "y", "porter_deployment": "other"})
    ground.stage.wait(121)
    Sweep(ground.services).slow()
    assert [machine.name for machine in ground.machines()] == ["porter-y"]


def test_while_fly_is_away_no_run_is_given_up(ground: Ground) -> None:
    task = ground.launched()
    ground.stage.report(task)
    ground.server.world.faults.fail_next("get", 502, times=3)
    ground.stage.wait(60)
    stop(ground.services, task.run_id)
    assert ground.stage.now_task(task).status is Status.RUNNING
