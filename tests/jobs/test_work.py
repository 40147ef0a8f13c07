"""RQ carries ids; a token is minted when it is its run's turn; a job that comes too late ends quietly."""

from __future__ import annotations

import logging
import os

import pytest
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from jobs import bootstrap, work
from jobs.launch import launch
from jobs.mint import mint
from jobs.queues import NAMES
from jobs.rq_worker import PorterWorker
from store import credentials, reports, tasks
from store.lifecycle import Status
from tests.jobs.stage import Stage


@pytest.fixture
def porter(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """This process's services are the stage's."""
    monkeypatch.setattr(bootstrap, "_built", {os.getpid(): stage.services})
    return stage


def kept(stage: Stage, run_id: str, purpose: str):
    services = stage.services
    return credentials.find(services.db, services.vault, f"run:{run_id}", purpose, valid_at=stage.clock())


def test_jobs_go_through_rq_from_launch_to_pull_request(porter: Stage):
    task = porter.task()
    queues = porter.services.queues
    queues.launch(task.run_id, task.priority)
    run_all(porter)
    assert porter.now_task(task).status is Status.LAUNCHING
    porter.report(task)
    porter.result(task)
    queues.finish(task.run_id)
    run_all(porter)
    assert porter.now_task(task).pr_number == porter.pulls()[0].number


def run_all(stage: Stage) -> None:
    redis = stage.services.queues.redis
    queues = [Queue(name, connection=redis, serializer=JSONSerializer) for name in NAMES]
    SimpleWorker(queues, connection=redis, serializer=JSONSerializer).work(burst=True, logging_level="CRITICAL")


def test_what_redis_holds_of_a_job_is_ids(porter: Stage):
    task = porter.task()
    porter.services.queues.launch(task.run_id, task.priority)
    porter.services.queues.mint(task.run_id, "clone")
    redis = porter.services.queues.redis
    held = b" ".join(b"".join(redis.hgetall(key).values()) for key in redis.keys("rq:job:*"))
    assert task.run_id.encode() in held
    assert b"acme" not in held and b"maria" not in held


def test_a_push_token_is_made_only_when_the_agent_is_dead(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    mint(stage.services, task.run_id, "push")
    assert kept(stage, task.run_id, "push") is None
    reports.begin_finishing(stage.services.db, task.run_id, now=stage.clock())
    mint(stage.services, task.run_id, "push")
    assert kept(stage, task.run_id, "push") is not None


def test_nobody_gets_a_token_once_the_time_to_save_work_after_a_stop_is_over(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    reports.begin_finishing(stage.services.db, task.run_id, now=stage.clock())
    tasks.cancel(stage.services.db, task.id, by="tom", now=stage.clock())
    stage.wait(31)
    mint(stage.services, task.run_id, "push")
    assert kept(stage, task.run_id, "push") is None


def test_a_machine_cannot_have_a_token_to_talk(stage: Stage):
    with pytest.raises(ValueError, match="no token to talk"):
        mint(stage.services, stage.task().run_id, "talk")


def test_a_job_that_was_overtaken_or_meets_trouble_says_so_in_one_line(porter: Stage, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    task = porter.task()
    launch(porter.services, task.run_id)
    reports.begin_finishing(porter.services.db, task.run_id, now=porter.clock())
    porter.github.world.faults.fail_next("POST", "/access_tokens", 503, times=9)
    work.mint(task.run_id, "push")
    assert "a job could not do its work" in caplog.text
    assert "Traceback" not in caplog.text


def test_the_worker_has_porters_intervals(stage: Stage):
    worker = PorterWorker(["control"], connection=stage.services.queues.redis, prepare_for_work=False)
    assert (worker.worker_ttl, worker.maintenance_interval, worker.job_monitoring_interval) == (45, 15, 10)
    assert worker.serializer is JSONSerializer
    assert worker.log_job_description is False


def test_each_repository_has_a_job_of_its_own_to_read_its_file(stage: Stage):
    names = ["acme/widgets", "acme/wid.gets", "acme/wid_gets"]
    assert all(stage.services.queues.refresh_config(name) for name in names)
    waiting = Queue("control", connection=stage.services.queues.redis, serializer=JSONSerializer)
    assert sorted(job.args[0] for job in waiting.jobs) == sorted(names)
    assert len({job.id for job in waiting.jobs}) == 3
