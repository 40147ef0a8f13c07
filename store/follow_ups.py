"""Follow-ups: feedback on a pull request, each of which becomes one run of its task, one after the other."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update

from store import dialect, events, tables
from store.database import Database
from store.errors import NotFound
from store.lifecycle import ENDED
from store.records import FollowUp, NewFollowUp, RunKind, Task
from store.tasks import lock, restart_in

ASKED = "asked"  # the kind of source that is no comment: a person said it to Porter itself

_follow_ups, _tasks = tables.follow_ups, tables.tasks
_WAITING = _follow_ups.c.started_at.is_(None) & _follow_ups.c.refused.is_(None)
_ORDER = (_follow_ups.c.asked_at, _follow_ups.c.id)


def add(connection: Connection, new: NewFollowUp, *, now: datetime) -> str | None:
    """Store it in the caller's transaction: its id, or None when the same comment or review was heard before. What a
    review and its remarks say with flags adds up until the run starts (docs/decisions/0011-one-review-is-one-run.md).
    """
    key, row = secrets.token_hex(6), asdict(new)
    said = {str(row.pop("place")): new.flags} if new.flags else {}
    if not dialect.insert_new(connection, _follow_ups, [row | {"id": key, "asked_at": now, "said": said}]):
        _add_flags(connection, new)
        return None
    text = f"{new.requested_by} asked for changes on the pull request"
    events.add(connection, new.task_id, "feedback", text, now=now, actor=new.requested_by, once=new.source_key)
    return key


def _add_flags(connection: Connection, new: NewFollowUp) -> None:
    if not new.flags:
        return
    mine = (_follow_ups.c.task_id == new.task_id) & (_follow_ups.c.source_key == new.source_key)
    known = connection.execute(select(_follow_ups.c.said).where(mine).with_for_update()).scalar()
    if known is None:
        return
    said = known | {str(new.place): new.flags}
    connection.execute(update(_follow_ups).where(mine).values(said=said))
    connection.execute(update(_follow_ups).where(mine, _WAITING).values(flags=_counting(said)))


def _counting(said: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The flags of all places: a review's own words win over its remarks, an earlier remark over a later one, in
    whatever order they arrived."""
    flags: dict[str, Any] = {}
    for place in sorted(said, key=int, reverse=True):
        flags |= said[place]
    return flags


def get(db: Database, follow_up_id: str) -> FollowUp:
    """Raises NotFound."""
    with db.read() as connection:
        return _read(connection, follow_up_id)


def waiting(db: Database, task_id: str) -> list[FollowUp]:
    """Those of a task that wait for their run, oldest first."""
    return _select(db, and_(_WAITING, _follow_ups.c.task_id == task_id), 100)


def ready(db: Database, *, limit: int = 100) -> list[FollowUp]:
    """Those that wait although their task has ended, oldest first: of each task the first can start now."""
    rested = select(_tasks.c.id).where(_tasks.c.status.in_(ENDED))
    return _select(db, and_(_WAITING, _follow_ups.c.task_id.in_(rested)), limit)


def start(db: Database, follow_up_id: str, *, now: datetime, changes: Mapping[str, Any] | None = None) -> Task | None:
    """Begin its run and give the task, queued again. `changes` replace inputs of the task (agent, model, priority).

    None when it is not its turn: it was started or refused before, the task is at work, or an older one waits.
    """
    with db.write() as connection:
        task = lock(connection, _read(connection, follow_up_id).task_id)
        first = connection.execute(
            select(_follow_ups.c.id).where(_WAITING, _follow_ups.c.task_id == task.id).order_by(*_ORDER).limit(1)
        ).scalar()
        if task.is_live or first != follow_up_id:
            return None
        it = _read(connection, follow_up_id)
        moved = restart_in(
            connection, task.id, by=it.requested_by, now=now, kind=RunKind.FOLLOW_UP, follow_up_id=it.id,
            changes=changes,
        )  # fmt: skip
        _write(connection, it.id, run_id=moved.run_id, started_at=now)
        return moved


def unanswered(db: Database, *, limit: int = 100) -> list[FollowUp]:
    """Those that are decided, refused or their run ended, but whose author was not told yet. Oldest first."""
    runs = tables.runs
    over = select(runs.c.id).where(runs.c.finished_at.is_not(None))
    decided = _follow_ups.c.refused.is_not(None) | _follow_ups.c.run_id.in_(over)
    return _select(db, and_(_follow_ups.c.answered_at.is_(None), decided), limit)


def answered(db: Database, follow_up_id: str, *, now: datetime) -> None:
    """Remember that its author was told."""
    with db.write() as connection:
        _write(connection, follow_up_id, answered_at=now)


def refuse(db: Database, follow_up_id: str, words: str, *, now: datetime) -> bool:
    """Decide that it gets no run; `words` is the sentence for its author. False when it has one already."""
    with db.write() as connection:
        return refuse_in(connection, _follow_ups.c.id == follow_up_id, words, now=now) > 0


def refuse_in(
    connection: Connection, which: ColumnElement[bool], words: str, *, now: datetime, silently: bool = False
) -> int:
    """The same for several, inside a caller's transaction; how many. `silently`: nobody is left to be told."""
    values = {"refused": words, "answered_at": now if silently else None}
    return connection.execute(update(_follow_ups).where(_WAITING, which).values(values)).rowcount


def _write(connection: Connection, follow_up_id: str, **values: Any) -> None:
    connection.execute(update(_follow_ups).where(_follow_ups.c.id == follow_up_id).values(values))


def _select(db: Database, which: ColumnElement[bool], limit: int) -> list[FollowUp]:
    with db.read() as connection:
        rows = connection.execute(select(_follow_ups).where(which).order_by(*_ORDER).limit(limit))
        return [FollowUp(**dict(row)) for row in rows.mappings()]


def _read(connection: Connection, follow_up_id: str) -> FollowUp:
    row = connection.execute(select(_follow_ups).where(_follow_ups.c.id == follow_up_id)).mappings().first()
    if row is None:
        raise NotFound("follow-up", follow_up_id)
    return FollowUp(**dict(row))
