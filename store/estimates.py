"""What work like this took before: figures of past tasks, looked up in bounded time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from store import tables
from store.database import Database
from store.lifecycle import Status

_tasks = tables.tasks
_LOOKED_AT = 500  # newest tasks of the repository; older ones say little about today


@dataclass(frozen=True)
class Took:
    """What one task took: seconds of machines in all its runs, and US dollars if its agent told."""

    seconds: float
    cost_usd: float | None


def past(db: Database, repository: str, agent: str, *, limit: int = 50) -> list[Took]:
    """The newest succeeded tasks of this agent in this repository."""
    newest = (
        select(_tasks.c.status, _tasks.c.agent, _tasks.c.machine_seconds, _tasks.c.cost_usd)
        .where(_tasks.c.repository == repository)
        .order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    alike = (newest.c.status == Status.SUCCEEDED) & (newest.c.agent == agent) & (newest.c.machine_seconds > 0)
    query = select(newest.c.machine_seconds, newest.c.cost_usd).where(alike).limit(limit)
    with db.read() as connection:
        return [Took(seconds, cost) for seconds, cost in connection.execute(query)]
