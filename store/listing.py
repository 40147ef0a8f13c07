"""Pages of tasks by key: the newest first, or the oldest, behind or before any of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select, union_all

from store import tables
from store.records import Task
from store.tasks import record

_tasks = tables.tasks
_NEWEST = (_tasks.c.created_at.desc(), _tasks.c.id.desc())
_OLDEST = (_tasks.c.created_at, _tasks.c.id)


def first(
    connection: Connection, ways: Sequence[ColumnElement[bool]], *, limit: int, oldest_first: bool = False
) -> list[Task]:
    """So many tasks that meet one of these conditions. No task may meet two: each is looked up by itself, for an index
    gives the newest of one repository or result, but not of several."""
    order = _OLDEST if oldest_first else _NEWEST
    query = select(_tasks).order_by(*order).limit(limit)
    if len(ways) == 1:
        query = query.where(ways[0])
    else:
        heads = [select(_tasks.c.id).where(way).order_by(*order).limit(limit).subquery() for way in ways]
        query = query.where(_tasks.c.id.in_(union_all(*(select(head.c.id) for head in heads))))
    return [record(row) for row in connection.execute(query).mappings()]


def beyond(key: str, *, newer: bool) -> ColumnElement[bool]:
    """The tasks on one side of the one with this key. Raises ValueError for a key that is none."""
    at, task_id = _read_key(key)
    moment, name = _tasks.c.created_at, _tasks.c.id
    if newer:
        return and_(moment >= at, or_(moment > at, name > task_id))
    return and_(moment <= at, or_(moment < at, name < task_id))


def key(task: Task) -> str:
    """Of the pages that begin or end with this task."""
    return f"{task.created_at.isoformat()}/{task.id}"


def _read_key(key: str) -> tuple[datetime, str]:
    at, _, task_id = key.partition("/")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or not task_id.isalnum():
        raise ValueError(f"not the key of a page: {key[:80]!r}")
    return moment, task_id
