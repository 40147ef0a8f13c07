"""The history of a task, line by line."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from store import dialect, tables
from store.database import Database
from store.records import Event


def add(
    connection: Connection,
    task_id: str,
    kind: str,
    text: str,
    *,
    now: datetime,
    run_id: str | None = None,
    actor: str = "porter",
    once: str | None = None,
) -> None:
    """Write one line. With `once`, a second line of the same key on the same task is not written."""
    row = {"task_id": task_id, "run_id": run_id, "at": now, "kind": kind, "text": text, "actor": actor, "once": once}
    if once is None:
        connection.execute(tables.events.insert(), row)
    else:
        dialect.insert_new(connection, tables.events, [row])


def record(
    db: Database,
    task_id: str,
    kind: str,
    text: str,
    *,
    now: datetime,
    run_id: str | None = None,
    once: str | None = None,
) -> None:
    """`add` in a transaction of its own, for a step that changes no row but must be seen."""
    with db.write() as connection:
        add(connection, task_id, kind, text, now=now, run_id=run_id, once=once)


def of_task(db: Database, task_id: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
    """The task's history in order, from behind event `after`."""
    columns = [c for c in tables.events.c if c.name != "once"]
    query = select(*columns).where(tables.events.c.task_id == task_id, tables.events.c.id > after)
    with db.read() as connection:
        rows = connection.execute(query.order_by(tables.events.c.id).limit(limit)).mappings()
        return [Event(**row) for row in rows]
