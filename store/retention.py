"""What is forgotten when its time is over. Tasks and runs stay with all they came to; what was said on the way goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, and_, or_, select

from store import settings, tables
from store.database import Database

_runs, _tasks, _deliveries = tables.runs, tables.tasks, tables.deliveries
_CURSOR = "pruned_up_to"
PAGE = 200  # runs in one transaction: a log may have fifty thousand lines
_ROWS = 2_000  # of other tables in one transaction

# Of no use once they are old, whatever became of them; the column that says how old they are.
_BY_AGE: Mapping[str, Column[Any]] = {
    "closed or deleted subjects": tables.closings.c.at,
    "answered requests": tables.requests.c.done_at,
    "decided changes": tables.held_changes.c.decided_at,
    "conversations": tables.sessions.c.kept_at,
    "audit lines": tables.audit.c.at,
    "notifications": tables.notices.c.done_at,
    "deliveries": _deliveries.c.received_at,
}


def forget_older(db: Database, *, than: datetime) -> dict[str, int]:
    """Drop deliveries and what else only recent work needs; answers how many of each, at most a page of each."""
    found: dict[str, int] = {}
    for name, column in _BY_AGE.items():
        with db.write() as connection:
            found[name] = _drop(connection, column, than)
    return {name: count for name, count in found.items() if count}


def forget_work(db: Database, *, than: datetime, now: datetime) -> tuple[int, dict[str, int]]:
    """Drop the logs and events of the next runs that ended before `than`: how many runs were looked at (0: none is
    left), and how many rows of each kind went. Where it stands is kept, so that no run is looked at twice."""
    with db.write() as connection:
        runs = _next_runs(connection, settings.get(db, settings.PORTER, _CURSOR), than)
        if not runs:
            return 0, {}
        ids, owners = [run.id for run in runs], {run.task_id for run in runs}
        lines, events = tables.log_lines, tables.events
        gone = {
            "log lines": connection.execute(lines.delete().where(lines.c.run_id.in_(ids))).rowcount,
            "events": connection.execute(events.delete().where(_of_ended(owners, than), events.c.at < than)).rowcount,
        }
        last = {"at": runs[-1].finished_at.isoformat(), "run": runs[-1].id}
        settings.put_in(connection, settings.PORTER, _CURSOR, last, by="porter", now=now)
    return len(runs), {name: count for name, count in gone.items() if count}


def _next_runs(connection: Connection, cursor: dict[str, str] | None, than: datetime) -> list[Any]:
    query = select(_runs.c.id, _runs.c.task_id, _runs.c.finished_at).where(_runs.c.finished_at < than)
    if cursor is not None:
        at = datetime.fromisoformat(cursor["at"])
        same = and_(_runs.c.finished_at == at, _runs.c.id > cursor["run"])
        query = query.where(or_(_runs.c.finished_at > at, same))
    return list(connection.execute(query.order_by(_runs.c.finished_at, _runs.c.id).limit(PAGE)))


def _of_ended(owners: set[str], than: datetime) -> Any:
    """The history of a task that is at work, or was lately, stays whole."""
    ended = select(_tasks.c.id).where(_tasks.c.id.in_(owners), _tasks.c.finished_at < than)
    return tables.events.c.task_id.in_(ended)


def _drop(connection: Connection, column: Column[Any], than: datetime) -> int:
    """A page where rows have one key; the tables with several keys are small."""
    table, old = column.table, column < than
    keys = list(table.primary_key.columns)
    which = keys[0].in_(select(keys[0]).where(old).limit(_ROWS)) if len(keys) == 1 else old
    return connection.execute(table.delete().where(which)).rowcount
