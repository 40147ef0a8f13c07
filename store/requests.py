"""Requests: what comments ask of Porter itself. Each is answered once, however often it is tried."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update

from store import dialect, tables
from store.database import Database
from store.errors import NotFound
from store.records import NewRequest, Request

_requests = tables.requests
LEASE = timedelta(seconds=30)


def new(db: Database, asked: NewRequest, *, now: datetime) -> str | None:
    """Store a request that came without a delivery; its id, or None when the same command was stored before."""
    with db.write() as connection:
        return add(connection, asked, None, now=now)


def add(connection: Connection, asked: NewRequest, delivery_id: str | None, *, now: datetime) -> str | None:
    """The same inside a caller's transaction."""
    request_id = secrets.token_hex(6)
    row = asdict(asked) | {"id": request_id, "delivery_id": delivery_id, "created_at": now, "due_at": now}
    return request_id if dialect.insert_new(connection, _requests, [row]) else None


def get(db: Database, request_id: str) -> Request:
    """Raises NotFound."""
    with db.read() as connection:
        return _read(connection, request_id)


def claim(db: Database, request_id: str, *, now: datetime) -> Request | None:
    """Take hold of an open request for `LEASE`, or None: it is answered, or another worker holds it.

    There is no fence: an answer is looked up before it is given, so two at once give one.
    """
    free = or_(_requests.c.lease_until.is_(None), _requests.c.lease_until <= now)
    mine = (_requests.c.id == request_id) & _requests.c.done_at.is_(None) & free
    values = {"lease_until": now + LEASE, "attempts": _requests.c.attempts + 1}
    with db.write() as connection:
        if connection.execute(update(_requests).where(mine).values(values)).rowcount == 0:
            return None
        return _read(connection, request_id)


def note(db: Database, request_id: str, answer: str) -> None:
    """Write down what is about to be done, so that a repeated answer does not do it twice."""
    _write(db, request_id, answer=answer)


def finish(db: Database, request_id: str, answer: str, *, now: datetime) -> None:
    """Close the request for good."""
    _write(db, request_id, done_at=now, answer=answer, lease_until=None)


def put_off(db: Database, request_id: str, *, until: datetime) -> None:
    """Let go of the request; it is due again at `until`."""
    _write(db, request_id, lease_until=None, due_at=until)


def due(db: Database, *, now: datetime, limit: int = 100) -> list[str]:
    """Ids of open requests that nobody holds and that should be answered now."""
    free = or_(_requests.c.lease_until.is_(None), _requests.c.lease_until <= now)
    query = select(_requests.c.id).where(_requests.c.done_at.is_(None), _requests.c.due_at <= now, free)
    with db.read() as connection:
        return [str(key) for key in connection.execute(query.order_by(_requests.c.due_at).limit(limit)).scalars()]


def _write(db: Database, request_id: str, **values: Any) -> None:
    mine = (_requests.c.id == request_id) & _requests.c.done_at.is_(None)
    with db.write() as connection:
        connection.execute(update(_requests).where(mine).values(values))


def _read(connection: Connection, request_id: str) -> Request:
    row = connection.execute(select(_requests).where(_requests.c.id == request_id)).mappings().first()
    if row is None:
        raise NotFound("request", request_id)
    return _record(row)


def _record(row: Mapping[Any, Any]) -> Request:
    return Request(**dict(row))
