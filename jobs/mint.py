"""Gets a token for a run's machine and keeps it, sealed, where intake finds it."""

from __future__ import annotations

from datetime import datetime

from jobs import repository
from jobs.bootstrap import Services
from jobs.github.app import Purpose
from store import credentials, runs, tasks
from store.lifecycle import Status
from store.records import Run, Task
from store.stopping import may_save

FOR_MACHINES = (Purpose.CLONE, Purpose.PUSH)


def mint(services: Services, run_id: str, purpose: str) -> None:
    """Keep a fresh token for this run, if it is its turn to have one.

    A push token is made only once the runner has said that every process of the agent is dead. Raises a GitHubError,
    ValueError for a purpose that is no machine's business.
    """
    wanted = Purpose(purpose)
    if wanted not in FOR_MACHINES:
        raise ValueError(f"a machine gets no token to {purpose}")
    run = runs.get(services.db, run_id)
    task = tasks.get(services.db, run.task_id)
    if may_have(task, run, wanted, now=services.clock()):
        keep(services, task, run, wanted)


def keep(services: Services, task: Task, run: Run, purpose: Purpose) -> None:
    """Mint a token and keep it for the run."""
    here = repository.of(services, task.repository, task.installation_id)
    token = services.github.app.mint(here.installation_id, task.repository, purpose)
    credentials.keep(services.db, services.vault, f"run:{run.id}", purpose, token)


def may_have(task: Task, run: Run, purpose: Purpose, *, now: datetime) -> bool:
    """Whether the run's machine may hold such a token now. After a stop: only one to push with, for a while."""
    if task.run_id != run.id:
        return False
    if purpose is Purpose.PUSH:
        return task.status is Status.FINISHING and may_save(run, now)
    wanted = run.finished_at is None and run.cancel_requested_at is None
    return wanted and task.status in (Status.LAUNCHING, Status.RUNNING)
