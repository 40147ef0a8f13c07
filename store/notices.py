"""Notices: what a channel is told, written in the transaction of what it tells of, then sent until it has arrived.

A notice's id follows from its channel, its run and its event: the same thing is told to the same channel once, and a
receiver knows a repeated delivery by it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from store import channels, dialect, tables
from store.channels import Occasion
from store.database import Database
from store.lifecycle import Outcome, Status
from store.records import Task

_notices, _channels = tables.notices, tables.channels

LEASE = timedelta(seconds=60)  # longer than one delivery may take
_LONGEST = {"issue_title": 300, "message": 2_000, "summary": 1_500}
_FACTS = (
    "id", "run_id", "repository", "issue_number", "issue_title", "requested_by", "agent", "model", "status", "outcome",
    "reason", "message", "summary", "pr_number", "pr_url", "branch", "files_changed", "additions", "deletions",
    "cost_usd",
)  # fmt: skip
_UNHEARD = "not_permitted"  # a stranger's comment must not be able to fill a channel


class State(StrEnum):
    """What became of a notice."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Notice:
    """`facts`: the task as it was then; `answer`: how the last attempt went. `attempts` counts the one at work."""

    id: str
    channel_id: str
    task_id: str | None
    run_id: str | None
    event: Occasion
    at: datetime
    facts: dict[str, Any]
    state: State
    attempts: int
    due_at: datetime
    lease_until: datetime | None
    tried_at: datetime | None
    done_at: datetime | None
    answer: str


def occasion(task: Task) -> Occasion | None:
    """What there is to tell of a task that has ended. Pure."""
    match task.status:
        case Status.SUCCEEDED:
            return Occasion.PULL_REQUEST if task.outcome is Outcome.PULL_REQUEST else Occasion.NO_CHANGES
        case Status.FAILED | Status.TIMED_OUT:
            return None if task.reason == _UNHEARD else Occasion.FAILED
        case Status.CANCELLED:
            return Occasion.CANCELLED
    return None


def tell(connection: Connection, task: Task, event: Occasion | None, *, now: datetime) -> None:
    """Write a notice for each channel that wants to hear of this, as part of what happened."""
    if event is None:
        return
    facts = {name: _short(name, getattr(task, name)) for name in _FACTS}
    rows = [
        _row(_key(channel_id, task.run_id, event), channel_id, event, now)
        | {"task_id": task.id, "run_id": task.run_id, "facts": facts}
        for channel_id in channels.told_of(connection, event, task.repository)
    ]
    dialect.insert_new(connection, _notices, rows)


def trial_in(connection: Connection, channel_id: str, *, by: str, now: datetime) -> str:
    """A notice that somebody asked for, to see it arrive; its id."""
    key = secrets.token_hex(16)
    row = _row(key, channel_id, Occasion.TEST, now) | {"task_id": None, "run_id": None, "facts": {"requested_by": by}}
    connection.execute(_notices.insert(), row)
    channels.change_in(connection, channel_id, rests_until=None)
    return key


def due(db: Database, *, now: datetime) -> list[str]:
    """The channels with something to send now that nobody is sending."""
    joined = _notices.join(_channels, _channels.c.id == _notices.c.channel_id)
    query = select(_notices.c.channel_id).select_from(joined).where(_ready(now), _rested(now)).distinct()
    with db.read() as connection:
        return [str(key) for key in connection.execute(query).scalars()]


def claim(db: Database, channel_id: str, *, now: datetime) -> Notice | None:
    """Take hold of the channel's next notice for `LEASE`; None when there is none, or the channel rests."""
    joined = _notices.join(_channels, _channels.c.id == _notices.c.channel_id)
    mine = and_(_notices.c.channel_id == channel_id, _ready(now), _rested(now))
    query = select(_notices).select_from(joined).where(mine).order_by(_notices.c.due_at, _notices.c.at, _notices.c.id)
    with db.write() as connection:
        for row in connection.execute(query.limit(5)).mappings():
            taken = {"lease_until": now + LEASE, "attempts": row["attempts"] + 1, "tried_at": now}
            unchanged = and_(_notices.c.id == row["id"], _ready(now), _notices.c.attempts == row["attempts"])
            if connection.execute(update(_notices).where(unchanged).values(taken)).rowcount:
                return _record(dict(row) | taken)
    return None


def settle(db: Database, notice: Notice, state: State, answer: str, *, now: datetime) -> bool:
    """Write how it ended; False when another worker has taken it over since."""
    with db.write() as connection:
        return _write(connection, notice, state=state, answer=answer, done_at=now)


def put_off(db: Database, notice: Notice, answer: str, *, until: datetime, rest: datetime) -> bool:
    """Let go of it until then, and send nothing to its channel before `rest`. False when another worker has taken it
    over since, or its channel is gone."""
    with db.write() as connection:
        # The channel first, as where one is removed: two that took them in different orders could wait for each other.
        mine = _channels.c.id == notice.channel_id
        connection.execute(update(_channels).where(mine).values(rests_until=rest))
        return _write(connection, notice, answer=answer, due_at=until)


def worst(db: Database, channel_id: str) -> int:
    """The most attempts that a notice of this channel has had that has not arrived yet."""
    query = select(func.max(_notices.c.attempts)).where(
        _notices.c.channel_id == channel_id, _notices.c.done_at.is_(None)
    )
    with db.read() as connection:
        return int(connection.execute(query).scalar() or 0)


def last(db: Database) -> dict[str, Notice]:
    """By channel, the notice that was tried last."""
    newest = select(_notices).where(_notices.c.tried_at.is_not(None)).order_by(_notices.c.tried_at.desc()).limit(1)
    with db.read() as connection:
        keys = connection.execute(select(_channels.c.id)).scalars().all()
        found = [connection.execute(newest.where(_notices.c.channel_id == key)).mappings().first() for key in keys]
    return {row["channel_id"]: _record(row) for row in found if row}


def waiting(db: Database) -> dict[str, int]:
    """By channel, how many notices are still to be sent; a channel with none is not named."""
    query = select(_notices.c.channel_id, func.count()).where(_notices.c.done_at.is_(None))
    with db.read() as connection:
        return {str(key): int(n) for key, n in connection.execute(query.group_by(_notices.c.channel_id))}


def ended(db: Database, *, since: datetime) -> dict[State, int]:
    """How many arrived and how many were given up since then."""
    query = select(_notices.c.state, func.count()).where(_notices.c.done_at >= since).group_by(_notices.c.state)
    with db.read() as connection:
        found = {str(state): int(count) for state, count in connection.execute(query)}
    return {state: found.get(state, 0) for state in (State.SENT, State.FAILED)}


def _key(channel_id: str, run_id: str, event: str) -> str:
    return hashlib.sha256(f"{channel_id}/{run_id}/{event}".encode()).hexdigest()[:32]


def _row(key: str, channel_id: str, event: Occasion, now: datetime) -> dict[str, Any]:
    return {"id": key, "channel_id": channel_id, "event": event, "at": now, "due_at": now}


def _short(name: str, value: Any) -> Any:
    return value[: _LONGEST[name]] if name in _LONGEST else value


def _ready(now: datetime) -> ColumnElement[bool]:
    free = or_(_notices.c.lease_until.is_(None), _notices.c.lease_until <= now)
    return and_(_notices.c.done_at.is_(None), _notices.c.due_at <= now, free)


def _rested(now: datetime) -> ColumnElement[bool]:
    return or_(_channels.c.rests_until.is_(None), _channels.c.rests_until <= now)


def _write(connection: Connection, notice: Notice, **values: Any) -> bool:
    """Only while the claim is still this one: each counts one attempt more."""
    mine = and_(_notices.c.id == notice.id, _notices.c.done_at.is_(None), _notices.c.attempts == notice.attempts)
    return connection.execute(update(_notices).where(mine).values(values | {"lease_until": None})).rowcount > 0


def _record(row: Mapping[Any, Any]) -> Notice:
    return Notice(**(dict(row) | {"event": Occasion(row["event"]), "state": State(row["state"])}))
