"""Figures for a monitor: read at each question, so that every process gives the same answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from store import tables
from store.database import Database
from store.lifecycle import Status

_tasks, _runs = tables.tasks, tables.runs
_MOST = 10_000  # runs; a day with more is told by its newest tasks


def tasks_by_status(db: Database) -> dict[Status, int]:
    """How many tasks there are in each status; every status is named. Reads an index, not the rows."""
    query = select(_tasks.c.status, func.count()).group_by(_tasks.c.status)
    with db.read() as connection:
        found = {str(status): int(count) for status, count in connection.execute(query)}
    return {status: found.get(status, 0) for status in Status}


def run_seconds(db: Database, *, since: datetime) -> list[float]:
    """How long each ended run was at work, of the tasks that were asked for since then."""
    newest = select(_tasks.c.id).where(_tasks.c.created_at >= since).order_by(_tasks.c.created_at.desc()).limit(_MOST)
    query = select(_runs.c.started_at, _runs.c.finished_at).where(
        _runs.c.task_id.in_(newest), _runs.c.started_at.is_not(None), _runs.c.finished_at.is_not(None)
    )
    with db.read() as connection:
        return [max(0.0, (ended - begun).total_seconds()) for begun, ended in connection.execute(query)]
