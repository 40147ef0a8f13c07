"""Deliveries in a list: filtered, a page at a time by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, true

from store import dialect, tables
from store.among import among
from store.database import Database
from store.records import Delivery, Verdict

_deliveries = tables.deliveries
_AGAIN = "again"


@dataclass(frozen=True)
class DeliveryFilter:
    """Which deliveries to list; empty means all. `search` looks in reason, repository, sender, event and id. `only`:
    the repositories that the reader may see (None: all, and what concerns none)."""

    verdict: Verdict | None = None
    search: str | None = None
    only: frozenset[str] | None = None


@dataclass(frozen=True)
class DeliveryPage:
    """Deliveries, newest first, and the key of the next page (None at the end)."""

    deliveries: list[Delivery]
    next_key: str | None


def page(db: Database, wanted: DeliveryFilter, *, after: str | None = None, limit: int = 50) -> DeliveryPage:
    """One page behind the key `after`. Raises ValueError for a key that is none."""
    query = select(_deliveries).where(_where(wanted))
    if after:
        at, key = _read_key(after)
        query = query.where(
            or_(_deliveries.c.received_at < at, and_(_deliveries.c.received_at == at, _deliveries.c.id < key))
        )
    query = query.order_by(_deliveries.c.received_at.desc(), _deliveries.c.id.desc()).limit(limit + 1)
    with db.read() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    found = [Delivery(**(row | {"verdict": Verdict(row["verdict"])})) for row in rows]
    shown = found[:limit]
    more = f"{shown[-1].received_at.isoformat()}/{shown[-1].id}" if len(found) > limit else None
    return DeliveryPage(shown, more)


def set_aside(db: Database, delivery_id: str, *, now: datetime) -> str | None:
    """Let the same delivery be judged anew when it comes once more: the line of the first time stays, under a name of
    its own, which is the answer. None when it made a task, for then a second time must make nothing."""
    kept = f"{_AGAIN}-{int(now.timestamp()):x}:{delivery_id}"[:64]
    mine = (_deliveries.c.id == delivery_id) & _deliveries.c.verdict.in_([Verdict.IGNORED, Verdict.REFUSED])
    with db.write() as connection:
        done = connection.execute(_deliveries.update().where(mine).values(id=kept, content_key=None)).rowcount
    return kept if done else None


def put_back(db: Database, kept: str, delivery_id: str) -> None:
    """Undo `set_aside`, unless it has come meanwhile."""
    with db.write() as connection:
        row = connection.execute(select(_deliveries).where(_deliveries.c.id == kept)).mappings().first()
        if row is not None and dialect.insert_new(connection, _deliveries, [dict(row) | {"id": delivery_id}]):
            connection.execute(_deliveries.delete().where(_deliveries.c.id == kept))


def guid(delivery_id: str) -> str:
    """GitHub's own name of a delivery: Porter keeps further lines about one under names that hold it. Pure."""
    return delivery_id.split(":")[1] if ":" in delivery_id else delivery_id


def _where(wanted: DeliveryFilter) -> ColumnElement[bool]:
    where: list[ColumnElement[bool]] = [true()]
    if wanted.verdict is not None:
        where.append(_deliveries.c.verdict == wanted.verdict)
    if wanted.only is not None:
        where.append(among(_deliveries.c.repository, wanted.only))
    if wanted.search:
        columns = (getattr(_deliveries.c, name) for name in ("reason", "repository", "sender", "event", "id"))
        where.append(or_(*(column.icontains(wanted.search, autoescape=True) for column in columns)))
    return and_(*where)


def _read_key(key: str) -> tuple[datetime, str]:
    at, _, delivery_id = key.partition("/")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or not delivery_id:
        raise ValueError(f"not the key of a page: {key[:80]!r}")
    return moment, delivery_id
