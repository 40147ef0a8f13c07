"""Deliveries that GitHub was asked to send once more: how often, and when last."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, select

from store import dialect, tables
from store.database import Database

_redeliveries, _deliveries = tables.redeliveries, tables.deliveries
_PAGE = 500  # names in one question, well below what both databases take


@dataclass(frozen=True)
class Asked:
    """How often a delivery was asked for, and when last."""

    attempts: int
    at: datetime


def heard(db: Database, delivery_ids: Collection[str]) -> set[str]:
    """Which of these deliveries Porter has received, whatever became of them."""
    return {str(key) for (key,) in _rows(db, select(_deliveries.c.id), _deliveries.c.id, delivery_ids)}


def asked(db: Database, delivery_ids: Collection[str]) -> dict[str, Asked]:
    """Which of these were asked for before."""
    found = _rows(db, select(_redeliveries), _redeliveries.c.delivery_id, delivery_ids)
    return {row.delivery_id: Asked(row.attempts, row.asked_at) for row in found}


def failing(db: Database, *, limit: int = 50) -> list[tuple[str, Asked]]:
    """Deliveries that were asked for again and have not arrived, the latest first."""
    here = select(_deliveries.c.id).where(_deliveries.c.id == _redeliveries.c.delivery_id).exists()
    query = select(_redeliveries).where(~here).order_by(_redeliveries.c.asked_at.desc()).limit(limit)
    with db.read() as connection:
        return [(str(row.delivery_id), Asked(row.attempts, row.asked_at)) for row in connection.execute(query)]


def note(db: Database, delivery_id: str, attempts: int, *, now: datetime) -> None:
    """Count an attempt, before it is made: one that is cut short counts too."""
    row = {"delivery_id": delivery_id, "attempts": attempts, "asked_at": now}
    with db.write() as connection:
        dialect.upsert(connection, _redeliveries, row, keys=["delivery_id"])


def forget_older(db: Database, *, than: datetime) -> int:
    """Drop what GitHub itself no longer remembers; answers how many."""
    with db.write() as connection:
        return connection.execute(_redeliveries.delete().where(_redeliveries.c.asked_at <= than)).rowcount


def _rows(db: Database, query: Any, key: Column[Any], wanted: Collection[str]) -> list[Any]:
    names = sorted(wanted)
    found: list[Any] = []
    with db.read() as connection:
        for start in range(0, len(names), _PAGE):
            found += connection.execute(query.where(key.in_(names[start : start + _PAGE]))).all()
    return found
