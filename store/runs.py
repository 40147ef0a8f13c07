"""Runs: claimed by one worker at a time, watched by the sweep, heard through their token."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    LABEL_STYLE_TABLENAME_PLUS_COL,
    ColumnElement,
    Connection,
    and_,
    func,
    or_,
    select,
    update,
)

from store import tables
from store.database import Database
from store.errors import Fenced, NotFound, WrongToken
from store.records import Run, Task
from store.tasks import record, run_record

_tasks, _runs = tables.tasks, tables.runs
LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a run. Writes made with an outdated fence are refused."""

    task: Task
    run: Run
    fence: int


def get(db: Database, run_id: str) -> Run:
    """Raises NotFound."""
    with db.read() as connection:
        return _read(connection, run_id)


def of_task(db: Database, task_id: str) -> list[Run]:
    """All runs of a task, oldest first."""
    query = select(_runs).where(_runs.c.task_id == task_id).order_by(_runs.c.number)
    with db.read() as connection:
        return [run_record(row) for row in connection.execute(query).mappings()]


def claim(db: Database, run_id: str, *, now: datetime, lease: timedelta = LEASE) -> Claim | None:
    """Take hold of an unfinished run for `lease`, or None: it is over, or another worker holds it."""
    free = or_(_runs.c.lease_until.is_(None), _runs.c.lease_until <= now)
    mine = (_runs.c.id == run_id) & _runs.c.finished_at.is_(None) & free
    with db.write() as connection:
        values = {"fence": _runs.c.fence + 1, "lease_until": now + lease}
        if connection.execute(update(_runs).where(mine).values(values)).rowcount == 0:
            return None
        run = _read(connection, run_id)
        row = connection.execute(select(_tasks).where(_tasks.c.id == run.task_id)).mappings().one()
        return Claim(record(row), run, run.fence)


def write(db: Database, claim: Claim, **values: Any) -> None:
    """Write to the claimed run. Raises Fenced when the claim was lost."""
    with db.write() as connection:
        write_in(connection, claim, values)


def write_in(connection: Connection, claim: Claim, values: Mapping[str, Any]) -> None:
    """The same inside a caller's transaction. Together with `tasks.move`: after it, never before (see `tasks.lock`)."""
    mine = (_runs.c.id == claim.run.id) & (_runs.c.fence == claim.fence)
    if connection.execute(update(_runs).where(mine).values(dict(values))).rowcount == 0:
        raise Fenced(claim.run.id, claim.fence)


def release(db: Database, claim: Claim, *, due_at: datetime | None = None, attempts: int | None = None) -> None:
    """Let go of the run; with `due_at`, the sweep hands it out again from then on."""
    values: dict[str, Any] = {"lease_until": None, "due_at": due_at, "enqueued_at": None}
    if attempts is not None:
        values["attempts"] = attempts
    write(db, claim, **values)


def mark_enqueued(db: Database, run_id: str, *, now: datetime) -> None:
    """Remember when a job for this run was last put in a queue."""
    with db.write() as connection:
        connection.execute(update(_runs).where(_runs.c.id == run_id).values(enqueued_at=now))


def mark_destroyed(db: Database, run_id: str, *, now: datetime) -> None:
    """Remember that the run's machine is gone."""
    gone = (_runs.c.id == run_id) & _runs.c.destroyed_at.is_(None)
    with db.write() as connection:
        connection.execute(update(_runs).where(gone).values(destroyed_at=now))


def hash_token(token: str) -> str:
    """What is stored of a run's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_token(db: Database, claim: Claim, token: str, *, now: datetime) -> None:
    """Let `token` speak for the run until the run ends. A launch that is repeated adds another: the machine that
    exists holds one of them."""
    with db.write() as connection:
        write_in(connection, claim, {"launched_at": now})
        row = {"token_hash": hash_token(token), "run_id": claim.run.id, "created_at": now}
        connection.execute(tables.run_tokens.insert().values(row))


def authenticate(db: Database, run_id: str, token: str) -> Run:
    """The run that `token` speaks for. Looked up by its hash, so no comparison leaks time.

    Raises NotFound for an unknown run, WrongToken for any other token.
    """
    with db.read() as connection:
        run = _read(connection, run_id)
        held = select(tables.run_tokens.c.run_id).where(tables.run_tokens.c.token_hash == hash_token(token))
        if connection.execute(held).scalar() != run_id:
            raise WrongToken(run_id)
        return run


@dataclass(frozen=True)
class Open:
    """An unfinished run and its task, as the sweep sees them."""

    task: Task
    run: Run


@dataclass(frozen=True)
class Quiet:
    """When a run at work needs a look: silent since `silent`, or without a first word since `no_word`."""

    silent: datetime
    no_word: datetime


@dataclass(frozen=True)
class Placed:
    """Of an unfinished run no more than where its machine is said to be."""

    run_id: str
    host: str | None
    machine_id: str | None


def placed(db: Database, *, after: str = "", limit: int = 1000) -> list[Placed]:
    """Unfinished runs by id, behind `after`. Their prompts and results are left where they are: this is read of all."""
    query = select(_runs.c.id, _runs.c.host, _runs.c.machine_id).where(
        _runs.c.finished_at.is_(None), _runs.c.id > after
    )
    with db.read() as connection:
        return [Placed(*row) for row in connection.execute(query.order_by(_runs.c.id).limit(limit))]


def with_machine_on(db: Database, host: str) -> int:
    """How many unfinished runs have a machine of this host."""
    there = (_runs.c.finished_at.is_(None), _runs.c.machine_id.is_not(None), _runs.c.destroyed_at.is_(None))
    query = select(func.count()).select_from(_runs).where(_runs.c.host == host, *there)
    with db.read() as connection:
        return int(connection.execute(query).scalar_one())


def unfinished(db: Database, ids: Sequence[str]) -> list[Open]:
    """Those of the runs that have not ended, whole."""
    return _unfinished(db, _runs.c.id.in_(ids), "", len(ids))


def to_look_at(db: Database, quiet: Quiet, *, now: datetime, after: str = "", limit: int = 1000) -> list[Open]:
    """The unfinished runs that nobody holds and that are not simply at work: they have no machine, or a result, or are
    to stop, or are late. Of ten thousand healthy runs, or of as many that wait in line for a place, none is read."""
    free = or_(_runs.c.lease_until.is_(None), _runs.c.lease_until <= now)
    late = or_(
        _runs.c.deadline <= now,
        _runs.c.heartbeat_at <= quiet.silent,
        and_(_runs.c.heartbeat_at.is_(None), _runs.c.launched_at <= quiet.no_word),
    )
    unplaced = and_(_runs.c.machine_id.is_(None), _runs.c.waits_for.is_(None))
    waits = or_(unplaced, _runs.c.result.is_not(None), _runs.c.cancel_requested_at.is_not(None))
    return _unfinished(db, and_(free, or_(waits, late)), after, limit)


def _unfinished(db: Database, which: ColumnElement[bool], after: str, limit: int) -> list[Open]:
    query = (
        select(_runs, _tasks)
        .join(_tasks, _tasks.c.run_id == _runs.c.id)
        .where(_runs.c.finished_at.is_(None), _runs.c.id > after, which)
        .order_by(_runs.c.id)
        .limit(limit)
        .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
    )
    with db.read() as connection:
        return [_open(row) for row in connection.execute(query).mappings()]


def with_machine_left(db: Database, *, limit: int = 200) -> list[Run]:
    """Ended runs whose machine is not known to be gone."""
    query = (
        select(_runs)
        .where(_runs.c.finished_at.is_not(None), _runs.c.destroyed_at.is_(None), _runs.c.machine_id.is_not(None))
        .order_by(_runs.c.finished_at)
        .limit(limit)
    )
    with db.read() as connection:
        return [run_record(row) for row in connection.execute(query).mappings()]


def comments_behind(db: Database, *, edited_before: datetime, limit: int = 100) -> list[str]:
    """Ids of tasks whose status comment does not show their present version and was last edited before then.

    A comment that was posted and never edited may be edited at once. A task that has no comment yet is listed once it
    has stood as it is since then: its launch posts one.
    """
    edited, posted = _tasks.c.comment_edited_at, _tasks.c.status_comment_id.is_not(None)
    may_change = or_(edited <= edited_before, and_(edited.is_(None), or_(posted, _tasks.c.updated_at <= edited_before)))
    behind = (
        (_tasks.c.comment_version < _tasks.c.version)
        & (_tasks.c.issue_number.is_not(None))
        & may_change
        & (_tasks.c.updated_at >= edited_before - timedelta(hours=1))
    )
    query = select(_tasks.c.id).where(behind).order_by(_tasks.c.updated_at).limit(limit)
    with db.read() as connection:
        return [str(key) for key in connection.execute(query).scalars()]


def _open(row: Mapping[Any, Any]) -> Open:
    run = {name.removeprefix("runs_"): value for name, value in row.items() if name.startswith("runs_")}
    task = {name.removeprefix("tasks_"): value for name, value in row.items() if name.startswith("tasks_")}
    return Open(record(task), run_record(run))


def _read(connection: Connection, run_id: str) -> Run:
    row = connection.execute(select(_runs).where(_runs.c.id == run_id)).mappings().first()
    if row is None:
        raise NotFound("run", run_id)
    return run_record(row)
