"""Who changed what, and which run used which secret: lines that are written and never rewritten."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from store import dialect, tables
from store.database import Database

_audit = tables.audit
_LENGTHS = {"who": 100, "action": 64, "what": 300, "detail": 2_000, "once": 400}


@dataclass(frozen=True)
class Note:
    """One line. `what` is what was changed or used, such as `global/ANTHROPIC_API_KEY`."""

    id: int
    at: datetime
    who: str
    action: str
    what: str
    detail: str


def note(
    where: Database | Connection,
    *,
    who: str,
    action: str,
    what: str,
    now: datetime,
    detail: str = "",
    once: str | None = None,
) -> None:
    """Write one line, in a transaction of its own or, given a connection, in that one. Never put a secret into it.

    `action`: a word of two, such as `setting_changed`; `who`: a login, or `porter`; with `once`, a second line of the
    same key is not written.
    """
    words = {"who": who, "action": action, "what": what, "detail": detail, "once": once}
    row = {name: text and text[: _LENGTHS[name]] for name, text in words.items()} | {"at": now}
    with _writing(where) as connection:
        if once is None:
            connection.execute(_audit.insert(), row)
        else:
            dialect.insert_new(connection, _audit, [row])


def latest(
    db: Database,
    *,
    limit: int = 100,
    before: int | None = None,
    who: str | None = None,
    what: str | None = None,
    search: str | None = None,
) -> list[Note]:
    """The last lines, newest first; `before`: only those under this id, which gives the next page. `search` looks in
    everything a line says."""
    query = select(*(column for column in _audit.c if column.name != "once"))
    for column, value in ((_audit.c.who, who), (_audit.c.what, what)):
        query = query.where(column == value) if value is not None else query
    if before is not None:
        query = query.where(_audit.c.id < before)
    if search:
        said = (_audit.c.who, _audit.c.action, _audit.c.what, _audit.c.detail)
        query = query.where(or_(*(column.icontains(search, autoescape=True) for column in said)))
    with db.read() as connection:
        rows = connection.execute(query.order_by(_audit.c.id.desc()).limit(limit)).mappings()
        return [Note(**row) for row in rows]


def forget_older(db: Database, *, than: datetime) -> int:
    """Drop the lines before this moment; answers how many."""
    with db.write() as connection:
        return connection.execute(_audit.delete().where(_audit.c.at < than)).rowcount


def _writing(where: Database | Connection) -> AbstractContextManager[Connection]:
    return where.write() if isinstance(where, Database) else nullcontext(where)
