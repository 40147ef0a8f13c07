"""Rows for tests: sensible defaults plus what the test is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from store import bookkeeping, runs, tables, tasks
from store.database import Database
from store.lifecycle import MOVES, Status
from store.records import Delivery, NewTask, Run, RunKind, Task, Verdict
from store.runs import Claim

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

_NEW = NewTask.__dataclass_fields__.keys()


def new_task(**overrides: Any) -> NewTask:
    """A request as an issue comment makes it, before it has an id. Without a comment of its own it never repeats."""
    defaults: dict[str, Any] = {
        "repository": "acme/greeter",
        "requested_by": "maria",
        "agent": "claude-code",
        "source": "comment",
        "installation_id": 77,
        "issue_number": 1,
        "issue_title": "Greet people by name",
    }
    return NewTask(**(defaults | overrides))


def make_task(db: Database, *, status: Status = Status.QUEUED, now: datetime = NOW, **overrides: Any) -> Task:
    """A stored task that came to `status` by legal moves; overrides are fields of NewTask or of Task."""
    asked = {name: value for name, value in overrides.items() if name in _NEW}
    known = {name: value for name, value in overrides.items() if name not in _NEW}
    task = tasks.create(db, new_task(**asked), now=now)
    for step in path_to(status):
        task = move(db, task.id, step, now=now)
    if known:
        with db.write() as connection:
            connection.execute(tables.tasks.update().where(tables.tasks.c.id == task.id).values(known))
            bookkeeping.doubt(connection, task.created_at)
        task = tasks.get(db, task.id)
    return task


def make_run(db: Database, task: Task | None = None, *, now: datetime = NOW, **overrides: Any) -> Run:
    """The present run of `task` (or of a new, running one) with these columns."""
    task = task or make_task(db, status=Status.RUNNING, now=now)
    if overrides:
        with db.write() as connection:
            connection.execute(tables.runs.update().where(tables.runs.c.id == task.run_id).values(overrides))
    return runs.get(db, task.run_id)


def make_delivery(**overrides: Any) -> Delivery:
    """An accepted comment's delivery, not stored yet."""
    defaults: dict[str, Any] = {
        "id": "d-1",
        "event": "issue_comment",
        "received_at": NOW,
        "verdict": Verdict.ACCEPTED,
        "content_key": "acme/greeter:7:created",
        "action": "created",
        "repository": "acme/greeter",
        "sender": "maria",
    }
    return Delivery(**(defaults | overrides))


def move(db: Database, task_id: str, to: Status, *, now: datetime = NOW, **more: Any) -> Task:
    """`tasks.move` in a transaction of its own; to `queued` from the end it is a restart."""
    if to is Status.QUEUED and not tasks.get(db, task_id).is_live:
        return tasks.restart(db, task_id, by="maria", now=now, kind=RunKind.RETRY)
    with db.write() as connection:
        return tasks.move(connection, task_id, to, now=now, kind="moved", text=f"moved to {to}", **more)


def claimed(db: Database, run_id: str, *, now: datetime = NOW) -> Claim:
    """A claim on a run that nobody holds."""
    claim = runs.claim(db, run_id, now=now)
    assert claim is not None
    return claim


def path_to(status: Status) -> list[Status]:
    """The shortest legal way from `queued` to `status`."""
    ways: dict[Status, list[Status]] = {Status.QUEUED: []}
    waiting = [Status.QUEUED]
    for here in waiting:
        for there in sorted(MOVES[here] - ways.keys()):
            ways[there] = [*ways[here], there]
            waiting.append(there)
    return ways[status]
