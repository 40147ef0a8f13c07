"""How much somebody asked for lately, by any way but the API's: what a limit for each sender is counted by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from store import tables
from store.database import Database

_tasks, _requests, _follow_ups = tables.tasks, tables.requests, tables.follow_ups
TOLD = "too_many"  # the request whose answer tells somebody that it was too much
_NO_PERSON = "api"  # a task's source that is a program, whomever it names


@dataclass(frozen=True)
class Asked:
    """What one sender asked for: how many `commands`, and whether they were `told` that it was too much."""

    commands: int = 0
    told: bool = False


def asked(db: Database, login: str, *, since: datetime) -> Asked:
    """Since then. What was refused for being too much does not count, so that waiting helps."""
    of_tasks = (_tasks.c.requested_by == login) & (_tasks.c.created_at > since) & (_tasks.c.source != _NO_PERSON)
    mine = (_requests.c.sender == login) & (_requests.c.created_at > since)
    of_follow_ups = (_follow_ups.c.requested_by == login) & (_follow_ups.c.asked_at > since)
    told = func.coalesce(func.sum(case((_requests.c.verb == TOLD, 1), else_=0)), 0)
    with db.read() as connection:
        tasks = connection.execute(select(func.count(_tasks.c.id)).where(of_tasks)).scalar_one()
        follow_ups = connection.execute(select(func.count(_follow_ups.c.id)).where(of_follow_ups)).scalar_one()
        requests, words = connection.execute(select(func.count(), told).where(mine)).one()
    return Asked(int(tasks) + int(follow_ups) + int(requests) - int(words), bool(words))
