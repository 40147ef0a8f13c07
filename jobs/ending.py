"""The end of a run: the last status, then the last comment, then no machine."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from jobs import places, status_comment
from jobs.bootstrap import Services
from jobs.hosts.errors import HostError
from store import follow_ups, runs, tasks
from store.lifecycle import Status
from store.records import Run, Task
from store.runs import Claim

_log = logging.getLogger(__name__)


def end(
    services: Services,
    claim: Claim,
    to: Status,
    *,
    reason: str | None,
    message: str,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Give the task its last status and clean up. Raises Fenced or IllegalMove when another did so before.

    The status is committed first: from then on the run's token opens nothing, and what is left to do the sweep can do.
    """
    values = {"reason": reason, "message": message, **(changes or {})}
    with services.db.write() as connection:
        tasks.move(
            connection, claim.task.id, to, now=services.clock(), kind=to, text=message or to, run_id=claim.run.id,
            fence=claim.fence, changes=values,
        )  # fmt: skip
    extra = {"action": "task_ended", "task": claim.task.id, "status": to, "reason": reason}
    _log.info("a task has ended", extra=extra)
    places.wake(services)
    status_comment.publish(services, claim.task.id)
    remove_machine(services, runs.get(services.db, claim.run.id))
    _wake_follow_ups(services, claim.run)


def fail(services: Services, claim: Claim, reason: str, message: str) -> None:
    """`end` for what went wrong."""
    end(services, claim, Status.FAILED, reason=reason, message=message)


def with_fate(words: str, task: Task, *, kept: bool, unkept: str = "") -> str:
    """Why a run ended before it was done, and what became of its work. `unkept`: why that is on no branch."""
    if kept:
        return f"{words}; what was done so far is kept on branch {task.branch}"
    return f"{words}; what was done so far is not kept: {unkept}" if unkept else words


def _wake_follow_ups(services: Services, run: Run) -> None:
    """The feedback that this run was for is answered, and the next one has its turn."""
    waiting = [one.id for one in follow_ups.waiting(services.db, run.task_id)[:1]]
    for follow_up_id in filter(None, [run.follow_up_id, *waiting]):
        services.queues.follow_up(follow_up_id)


def remove_machine(services: Services, run: Run) -> None:
    """Destroy the run's machine, if it has one; what fails now the sweep tries again."""
    if run.machine_id is None or run.destroyed_at is not None or run.host != services.host.name:
        return
    try:
        services.host.destroy(run.machine_id)
    except HostError as error:
        extra = {"action": "destroy_failed", "task": run.task_id, "machine": run.machine_id, "error": str(error)}
        _log.warning("a machine could not be destroyed; the sweep tries again", extra=extra)
        return
    runs.mark_destroyed(services.db, run.id, now=services.clock())
