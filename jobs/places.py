"""Places for runs: who gets one, who is told to wait, and who is woken when one is free."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from jobs.bootstrap import Services
from jobs.config import Config
from store import admission, feed, tasks
from store.admission import Waits
from store.line import Asked, Limits
from store.records import Task
from store.runs import Claim

TELL_EVERY = timedelta(seconds=15)
TOLD = 20  # of those who wait: further ones read of their place in the dashboard


def limits_of(config: Config) -> Limits:
    return Limits(user=config.max_runs_per_user, repository=config.max_runs_per_repository, deployment=config.max_runs)


def take(services: Services, claim: Claim, changes: Mapping[str, Any]) -> Task | None:
    """The task, now launching and with `changes`; None when it waits for its place and the run was let go.

    Raises Fenced or IllegalMove when another worker was faster.
    """
    now, limits = services.clock(), limits_of(services.config)
    answer = admission.admit(services.db, claim, limits, now=now, changes=changes)
    if not isinstance(answer, Waits):
        return answer
    wake(services)  # it may have had to wait for one who stands before it and has no job
    return None


def is_free_for(services: Services, run_id: str) -> bool:
    """Whether a run that waits would get a place now."""
    return admission.may_start(services.db, run_id, limits_of(services.config), now=services.clock())


def turns(services: Services) -> list[Asked]:
    """The waiting runs whose turn it is."""
    return admission.next_waiting(services.db, limits_of(services.config), now=services.clock())


def wake(services: Services) -> None:
    """Give each of them a launch job; while Redis is away the sweep does."""
    for asked in turns(services):
        if not services.queues.launch(asked.run_id, asked.priority):
            return


class Line:
    """Keeps the first of those who wait informed of their position. It remembers what it told; forgetting that costs
    nothing, since the comment says where the task stood when it began to wait."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        self._at: datetime | None = None

    def tell(self, services: Services) -> None:
        """Let comments follow that show another position than the task has now; at most every `TELL_EVERY`."""
        now = services.clock()
        if self._at is not None and now < self._at + TELL_EVERY:
            return
        self._at, before, self._told = now, self._told, {}
        line = admission.first_in_line(services.db, most=TOLD)
        if line:
            admission.look_again(services.db, line, limits_of(services.config), now=now)
        for asked in line:
            task = tasks.get(services.db, asked.task_id)
            position = self._told[asked.run_id] = feed.position(services.db, task)
            if before.get(asked.run_id, position) != position:
                tasks.change(services.db, task.id, now=now)
