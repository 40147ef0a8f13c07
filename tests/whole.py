"""All of Porter in one process: the real intake, jobs as RQ has them, GitHub at the wire, machines in a table."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from pydantic import SecretStr
from redis import Redis
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from intake.app import create_app
from jobs import bootstrap, work
from jobs.queues import NAMES
from store import tasks
from store.database import Database
from store.lifecycle import Status
from store.records import Task
from tests.emulators.github_stage import APP_ID, SECRET, Clock
from tests.jobs import stage as stages
from tests.jobs.stage import Stage


@dataclass
class Whole:
    """Porter, and the stage it stands on."""

    stage: Stage
    intake: Flask
    is_down: bool = False

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """What GitHub reaches when it delivers a webhook."""
        if self.is_down:
            start("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"down"]
        return self.intake.wsgi_app(environ | {"PATH_INFO": "/api/webhooks/github"}, start)

    @property
    def redis(self) -> Redis:
        return self.stage.services.queues.redis

    def work_off(self, most: int = 1000) -> int:
        """Do the jobs that are in the queues, and those that they bring; answers how many."""
        done = 0
        while done < most and self.work_once():
            done += 1
        return done

    def work_once(self) -> bool:
        """Do one job, as a worker would."""
        for name in NAMES:
            job_id = self.redis.lpop(Queue(name, connection=self.redis, serializer=JSONSerializer).key)
            if job_id is None:
                continue
            try:
                job = Job.fetch(str(job_id, "utf-8"), connection=self.redis, serializer=JSONSerializer)
            except NoSuchJobError:  # it was put in twice, and another worker has done it
                return True
            self.redis.delete(job.key)
            getattr(work, job.func_name.rpartition(".")[2])(*job.args)
            return True
        return False

    def tasks(self) -> list[Task]:
        with self.stage.services.db.read() as connection:
            keys = connection.exec_driver_sql("select id from tasks order by created_at, id").scalars().all()
        return [tasks.get(self.stage.services.db, key) for key in keys]

    def settle(self) -> None:
        """Wait until GitHub has delivered what it has to deliver."""
        assert self.stage.github.world.webhooks.settle()

    def let_machines_finish(self) -> list[Task]:
        """Every machine that is at work does its work and reports it."""
        finished = []
        for task in self.tasks():
            if task.status is Status.LAUNCHING and self.stage.now_run(task).machine_id:
                self.stage.report(task)
                self.stage.result(task)
                self.stage.services.queues.finish(task.run_id)
                finished.append(task)
        return finished


@contextmanager
def opened(folder: Path, db: Database, monkeypatch: Any, clock: Clock | None = None) -> Iterator[Whole]:
    """Porter stands before GitHub's App: what people do on GitHub reaches it."""
    with stages.opened(folder, db, clock) as stage:
        settings = {"github_webhook_secret": SecretStr(SECRET), "github_app_id": str(APP_ID)}
        object.__setattr__(stage.services, "config", stage.services.config.model_copy(update=settings))
        monkeypatch.setattr(bootstrap, "_built", {os.getpid(): stage.services})
        whole = Whole(stage, create_app(stage.services))
        stage.github.receiver.behind = whole
        yield whole
