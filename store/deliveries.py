"""Deliveries: each kept with its verdict, and what it brings about done in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from store import dialect, heard, tables
from store.among import among
from store.database import Database
from store.follow_ups import add as add_follow_up
from store.heard import News
from store.records import Delivery, NewFollowUp, NewRequest, NewTask, Repository, Verdict
from store.requests import add as add_request
from store.tasks import add

_deliveries = tables.deliveries
AUTOMATIC = ("opened", "labeled")  # sources of tasks that nobody asked for in so many words


@dataclass(frozen=True)
class Stored:
    """What became of a delivery: as stored, and the ids of the tasks, requests and follow-ups it made. `touched` are
    tasks that were there before and that its news changed."""

    delivery: Delivery
    task_ids: list[str]
    request_ids: list[str] = field(default_factory=list)
    follow_up_ids: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)


def accept(
    db: Database,
    delivery: Delivery,
    tasks: Sequence[NewTask] = (),
    *,
    requests: Sequence[NewRequest] = (),
    follow_ups: Sequence[NewFollowUp] = (),
    news: Sequence[News] = (),
    repository: Repository | None = None,
    nothing: str | None = None,
    now: datetime,
) -> Stored:
    """Store the delivery and make its tasks, requests and follow-ups and take in its news, or nothing.

    A delivery id seen before, or the same content under a new id, makes nothing and is answered with
    `Verdict.DUPLICATE`. A task whose issue was closed, or whose comment was deleted since it was asked for, is made and
    stopped. `nothing`: the reason to store, with `Verdict.IGNORED`, when it came to nothing.
    """
    with db.write() as connection:
        if not _insert(connection, delivery):
            return Stored(_duplicate(connection, delivery), [])
        made = [task_id for new in tasks if (task_id := _task(connection, new, now)) is not None]
        asked = [key for new in requests if (key := add_request(connection, new, delivery.id, now=now)) is not None]
        # A microsecond apart, so that the first one asked is the first to start.
        beats = ((now + timedelta(microseconds=n), new) for n, new in enumerate(follow_ups))
        follow = [key for at, new in beats if (key := add_follow_up(connection, new, now=at)) is not None]
        touched = [task_id for one in news for task_id in heard.take(connection, one, now=now)]
        if repository is not None:
            _remember(connection, repository, now)
        values: dict[str, Any] = {"task_ids": made + touched}
        if nothing is not None and not (made or asked or follow or touched):
            values |= {"verdict": Verdict.IGNORED, "reason": nothing}
        connection.execute(_deliveries.update().where(_deliveries.c.id == delivery.id).values(values))
        return Stored(replace(delivery, **values), made, asked, follow, touched)


def latest(db: Database, *, only: frozenset[str] | None = None, limit: int = 50) -> list[Delivery]:
    """The newest deliveries first; `only`: those of these repositories (None: all, those of none too)."""
    query = select(_deliveries).order_by(_deliveries.c.received_at.desc(), _deliveries.c.id.desc()).limit(limit)
    if only is not None:
        query = query.where(among(_deliveries.c.repository, only))
    with db.read() as connection:
        return [_record(row) for row in connection.execute(query).mappings()]


def verdicts(db: Database, *, since: datetime) -> dict[str, int]:
    """How many deliveries came to which verdict since then."""
    recent = _deliveries.c.received_at >= since
    query = select(_deliveries.c.verdict, func.count()).where(recent).group_by(_deliveries.c.verdict)
    with db.read() as connection:
        return {str(verdict): int(count) for verdict, count in connection.execute(query)}


def get(db: Database, delivery_id: str) -> Delivery | None:
    """The delivery with this id, if it was ever received."""
    with db.read() as connection:
        row = connection.execute(select(_deliveries).where(_deliveries.c.id == delivery_id)).mappings().first()
    return _record(row) if row else None


def _insert(connection: Connection, delivery: Delivery) -> bool:
    return dialect.insert_new(connection, _deliveries, [asdict(delivery)]) == 1


def _task(connection: Connection, new: NewTask, now: datetime) -> str | None:
    """A label or a newly opened issue asks for nothing that is at work already; a comment always asks anew."""
    if new.source in AUTOMATIC and heard.is_at_work(connection, new):
        return None
    made = add(connection, new, now=now)
    if made is not None:
        heard.stop_if_over(connection, made, new, now=now)
    return made


def _duplicate(connection: Connection, delivery: Delivery) -> Delivery:
    """Under a new id it gets a line of its own, so that the dashboard can say why nothing happened."""
    reason = "the same delivery was received before"
    known = connection.execute(select(_deliveries.c.id).where(_deliveries.c.id == delivery.id)).scalar()
    again = replace(delivery, verdict=Verdict.DUPLICATE, reason=reason, content_key=None)
    if known is None:
        dialect.insert_new(connection, _deliveries, [asdict(again)])
    return again


def _remember(connection: Connection, repository: Repository, now: datetime) -> None:
    row: dict[str, Any] = asdict(repository) | {"seen_at": now, "removed_at": None}
    dialect.upsert(connection, tables.repositories, row, keys=["full_name"])


def _record(row: Any) -> Delivery:
    return Delivery(**(dict(row) | {"verdict": Verdict(row["verdict"])}))
