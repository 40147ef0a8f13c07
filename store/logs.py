"""The log of a run: what the runner and its agent said."""

from __future__ import annotations

from sqlalchemy import func, select

from store import tables
from store.database import Database
from store.records import LogLine


def of_run(db: Database, run_id: str, *, after: int = 0, limit: int = 1000) -> list[LogLine]:
    """The lines behind number `after`, in order."""
    lines = tables.log_lines
    query = select(lines).where(lines.c.run_id == run_id, lines.c.n > after).order_by(lines.c.n).limit(limit)
    with db.read() as connection:
        return [LogLine(**row) for row in connection.execute(query).mappings()]


def tail(db: Database, run_id: str, *, upto: int | None = None, limit: int = 200) -> list[LogLine]:
    """The last lines, or the last up to number `upto`, in order."""
    lines = tables.log_lines
    query = select(lines).where(lines.c.run_id == run_id).order_by(lines.c.n.desc()).limit(limit)
    if upto is not None:
        query = query.where(lines.c.n <= upto)
    with db.read() as connection:
        return [LogLine(**row) for row in connection.execute(query).mappings()][::-1]


def count(db: Database, run_id: str) -> int:
    """The number of the last line; 0 when there is none."""
    query = select(func.max(tables.log_lines.c.n)).where(tables.log_lines.c.run_id == run_id)
    with db.read() as connection:
        return connection.execute(query).scalar() or 0
