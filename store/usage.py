"""What a task has used in all its runs: each run tells its own part, the task shows the sum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from store import tables
from store.database import Database
from store.records import Run

_runs = tables.runs
COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cost_usd", "machine_seconds")


def told(db: Database, run: Run, own: Mapping[str, Any]) -> dict[str, Any]:
    """The task's figures when this run has used `own`; a figure that nobody told is left out."""
    with db.read() as connection:
        return with_earlier(connection, run, own)


def with_earlier(connection: Connection, run: Run, own: Mapping[str, Any]) -> dict[str, Any]:
    """The same inside a caller's transaction. The first run, which most are, has nothing to look up."""
    parts = [own]
    if run.number > 1:
        earlier = select(_runs.c.usage).where(_runs.c.task_id == run.task_id, _runs.c.number < run.number)
        earlier = earlier.order_by(_runs.c.number)
        parts += connection.execute(earlier).scalars().all()
    values = {name: [part[name] for part in parts if part.get(name) is not None] for name in COUNTS}
    return {name: sum(found) for name, found in values.items() if found}
