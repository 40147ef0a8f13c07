"""Stops the run that works on a pull request which is turned down, so that nothing more is pushed onto its branch."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select, update

from store import tables
from store.held_changes import APPROVED, HELD, HOLDING
from store.lifecycle import Status
from store.records import Run, RunKind
from store.tasks import cancel_in, lock, run_record

_runs = tables.runs


class Work(StrEnum):
    """What was found at work on the branch."""

    NONE = "none"
    STOPPED = "stopped"  # it gets no token to push with any more
    PUSHING = "pushing"  # it may have one already: what it has done may arrive at any moment


def drop(
    connection: Connection, task_id: str, *, by: str, why: str, now: datetime, asked_before: datetime | None = None
) -> Work:
    """Tell the task's run to stop without saving, if it is one that works on the pull request's own branch.
    `asked_before`: only if it was asked for before that.

    Raises NotFound.
    """
    task = lock(connection, task_id)
    if not task.is_live:
        return Work.NONE
    run = run_record(connection.execute(select(_runs).where(_runs.c.id == task.run_id)).mappings().one())
    late = asked_before is not None and run.created_at > asked_before
    if not _would_push(run) or late:
        return Work.NONE
    is_pushing = _is_pushing(run, task.status, now)
    cancel_in(connection, task_id, by=by, now=now, why=why)
    connection.execute(update(_runs).where(_runs.c.id == run.id).values(discarded=True))
    return Work.PUSHING if is_pushing else Work.STOPPED


def _would_push(run: Run) -> bool:
    """Any run but a follow-up's has a branch of its own (jobs/launch.py); one that has its result has pushed, unless a
    person must see its work first."""
    waits = run.phase in (HOLDING, HELD, APPROVED)
    return run.kind is RunKind.FOLLOW_UP and (run.result is None or waits)


def _is_pushing(run: Run, status: Status, now: datetime) -> bool:
    """The machine has asked for its token, or Porter is at what was approved."""
    if run.result is None:
        return status is Status.FINISHING
    return run.phase == APPROVED and run.lease_until is not None and run.lease_until > now
