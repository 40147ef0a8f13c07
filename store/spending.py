"""What the newest tasks cost, summed in bounded time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, select

from store import tables
from store.database import Database
from store.feed import COUNT_LIMIT
from store.filters import TaskFilter, visible

_tasks = tables.tasks


@dataclass(frozen=True)
class Spent:
    """Sums over `tasks` tasks. `cost_usd`: US dollars, of the `known` ones whose agents told what they cost.
    `is_whole`: no task was left out."""

    tasks: int
    known: int
    cost_usd: float
    is_whole: bool


def spent(db: Database, wanted: TaskFilter, since: Sequence[datetime], *, limit: int = COUNT_LIMIT) -> list[Spent]:
    """For each moment of `since`, what the matching tasks cost that were asked for from then on; of the newest
    `limit` tasks. One look into the database for all."""
    columns = _tasks.c.created_at, _tasks.c.cost_usd
    with db.read() as connection:
        where = visible(connection, replace(wanted, since=max(filter(None, (wanted.since, min(since))))))
        newest = select(*columns).where(where).order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc())
        rows = newest.limit(limit + 1).subquery()
        found = connection.execute(select(*(part for moment in since for part in _sums(rows, moment)))).one()
    return [_spent(found[at : at + 3], limit) for at in range(0, len(found), 3)]


def _sums(rows: Subquery, since: datetime) -> tuple[ColumnElement[Any], ...]:
    counts, cost = rows.c.created_at >= since, rows.c.cost_usd
    return func.count(case((counts, 1))), func.count(case((counts, cost))), func.sum(case((counts, cost)))


def _spent(found: Sequence[Any], limit: int) -> Spent:
    tasks, known, cost = found
    return Spent(tasks, known, cost or 0.0, is_whole=tasks <= limit)
