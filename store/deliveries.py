"""Deliveries: each kept with its verdict, and its tasks made in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from store import dialect, tables
from store.database import Database
from store.records import Delivery, NewRequest, NewTask, Repository, Verdict
from store.requests import add as add_request
from store.tasks import add

_deliveries = tables.deliveries


@dataclass(frozen=True)
class Stored:
    """What became of a delivery: as stored, and the ids of the tasks and requests it made."""

    delivery: Delivery
    task_ids: list[str]
    request_ids: list[str] = field(default_factory=list)


def accept(
    db: Database,
    delivery: Delivery,
    tasks: Sequence[NewTask] = (),
    *,
    requests: Sequence[NewRequest] = (),
    repository: Repository | None = None,
    now: datetime,
) -> Stored:
    """Store the delivery and make its tasks and requests, or nothing.

    A delivery id seen before, or the same content under a new id, makes nothing and is answered with
    `Verdict.DUPLICATE`.
    """
    with db.write() as connection:
        if not _insert(connection, delivery):
            return Stored(_duplicate(connection, delivery), [])
        made = [task_id for new in tasks if (task_id := add(connection, new, now=now)) is not None]
        asked = [key for new in requests if (key := add_request(connection, new, delivery.id, now=now)) is not None]
        if made:
            connection.execute(_deliveries.update().where(_deliveries.c.id == delivery.id).values(task_ids=made))
        if repository is not None:
            _remember(connection, repository, now)
        return Stored(replace(delivery, task_ids=made), made, asked)


def latest(db: Database, *, limit: int = 50) -> list[Delivery]:
    """The newest deliveries first."""
    query = select(_deliveries).order_by(_deliveries.c.received_at.desc(), _deliveries.c.id.desc()).limit(limit)
    with db.read() as connection:
        return [_record(row) for row in connection.execute(query).mappings()]


def get(db: Database, delivery_id: str) -> Delivery | None:
    """The delivery with this id, if it was ever received."""
    with db.read() as connection:
        row = connection.execute(select(_deliveries).where(_deliveries.c.id == delivery_id)).mappings().first()
    return _record(row) if row else None


def _insert(connection: Connection, delivery: Delivery) -> bool:
    return dialect.insert_new(connection, _deliveries, [asdict(delivery)]) == 1


def _duplicate(connection: Connection, delivery: Delivery) -> Delivery:
    """Under a new id it gets a line of its own, so that the dashboard can say why nothing happened."""
    reason = "the same delivery was received before"
    known = connection.execute(select(_deliveries.c.id).where(_deliveries.c.id == delivery.id)).scalar()
    again = replace(delivery, verdict=Verdict.DUPLICATE, reason=reason, content_key=None)
    if known is None:
        dialect.insert_new(connection, _deliveries, [asdict(again)])
    return again


def _remember(connection: Connection, repository: Repository, now: datetime) -> None:
    row: dict[str, Any] = asdict(repository) | {"seen_at": now}
    dialect.upsert(connection, tables.repositories, row, keys=["full_name"])


def _record(row: Any) -> Delivery:
    return Delivery(**(dict(row) | {"verdict": Verdict(row["verdict"])}))
