"""What somebody asks for under a key of their own is done once, however often they ask.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select

from store import tables
from store.database import Database
from store.errors import KeyTaken
from store.records import Task
from store.tasks import record


@dataclass(frozen=True)
class Once:
    """`key` stands for a caller and their key, `digest` for what they asked; neither is kept in clear."""

    key: str
    digest: str

    @classmethod
    def of(cls, caller: str, key: str, asked: str) -> Once:
        """`asked`: all of what is asked, worded the same way whenever it is the same."""
        return cls(_digest(f"{caller}\n{key}"), _digest(asked))


def task(db: Database, once: Once) -> Task | None:
    """The task that was made under this key; None while there is none. Raises KeyTaken when something else was asked
    for under it."""
    with db.read() as connection:
        row = connection.execute(select(tables.tasks).where(tables.tasks.c.asked_key == once.key)).mappings().first()
    if row is None:
        return None
    found = record(row)
    if found.asked_digest != once.digest:
        raise KeyTaken(found.id)
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
