"""Answers of GitHub that may still be true: asked for again with their ETag, they cost no request of the rate limit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from store import dialect, tables
from store.database import Database

_responses = tables.responses

LONGEST = 512 * 1024  # characters; a longer answer is not kept


@dataclass(frozen=True)
class Kept:
    """An answer: `body` is the JSON text that `etag` stands for."""

    etag: str
    body: str


def key(*parts: str) -> str:
    """What an answer is kept under: everything that decides what the answer is, and for whom."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def find(db: Database, key: str, *, since: datetime | None = None) -> Kept | None:
    """The kept answer, if there is one; with `since`, only one that was kept after that."""
    query = select(_responses.c.etag, _responses.c.body).where(_responses.c.key == key)
    if since is not None:
        query = query.where(_responses.c.kept_at > since)
    with db.read() as connection:
        row = connection.execute(query).first()
    return Kept(row.etag, row.body) if row else None


def keep(db: Database, key: str, kept: Kept, *, now: datetime) -> None:
    """Keep an answer in place of an older one; none that is too long to be worth it."""
    if len(kept.body) > LONGEST or len(kept.etag) > 200:
        return
    row = {"key": key, "etag": kept.etag, "body": kept.body, "kept_at": now}
    with db.write() as connection:
        dialect.upsert(connection, _responses, row, keys=["key"])


def forget(db: Database, *, before: datetime) -> int:
    """Drop what was kept before then; how many answers that were."""
    with db.write() as connection:
        return connection.execute(_responses.delete().where(_responses.c.kept_at < before)).rowcount
