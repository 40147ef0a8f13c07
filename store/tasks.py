"""Tasks: made, read, moved. Every change of status goes through `move`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update

from store import bookkeeping, dialect, events, notices, tables
from store.database import Database
from store.errors import AskedBefore, Fenced, IllegalMove, NotFound
from store.lifecycle import ENDED, LIVE, Outcome, Status, allowed
from store.records import NewTask, Priority, Run, RunKind, Task

_tasks, _runs = tables.tasks, tables.runs


def create(db: Database, new: NewTask, *, now: datetime) -> Task:
    """A new task with its first run, queued. A command that already made a task gives that task. Raises AskedBefore."""
    with db.write() as connection:
        made = add(connection, new, now=now)
        task_id = made if made is not None else _of_command(connection, new)
        return _read(connection, task_id)


def add(connection: Connection, new: NewTask, *, now: datetime) -> str | None:
    """The same inside a caller's transaction: the new task's id, or None when its command made one before."""
    task_id = secrets.token_hex(6)
    run_id = f"{task_id}-1"
    row = asdict(new) | {"id": task_id, "run_id": run_id, "status": Status.QUEUED, "created_at": now, "updated_at": now}
    if not dialect.insert_new(connection, _tasks, [row]):
        return None
    connection.execute(_runs.insert().values(id=run_id, task_id=task_id, number=1, kind=RunKind.FIRST, created_at=now))
    asked = f"{new.requested_by} asked {new.agent} to work on {_subject(new)}"
    events.add(connection, task_id, "asked", asked, now=now, run_id=run_id, actor=new.requested_by)
    return task_id


def get(db: Database, task_id: str) -> Task:
    """Raises NotFound."""
    with db.read() as connection:
        return _read(connection, task_id)


def current_run(db: Database, task_id: str) -> Run:
    """The run the task stands on now. Raises NotFound."""
    query = select(_runs).join(_tasks, _tasks.c.run_id == _runs.c.id).where(_tasks.c.id == task_id)
    with db.read() as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound("task", task_id)
    return run_record(row)


def on_issue(db: Database, repository: str, issue_number: int, *, limit: int = 20) -> list[Task]:
    """The tasks of one issue (or of the pull request with that number), newest first."""
    mine = (_tasks.c.issue_number == issue_number) | (_tasks.c.pr_number == issue_number)
    query = select(_tasks).where(_tasks.c.repository == repository, mine)
    with db.read() as connection:
        rows = connection.execute(query.order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc()).limit(limit))
        return [record(row) for row in rows.mappings()]


def of_pull(db: Database, repository: str, number: int) -> Task | None:
    """The task whose pull request this is: the newest, when several worked on it."""
    mine = (_tasks.c.repository == repository) & (_tasks.c.pr_number == number)
    query = select(_tasks).where(mine).order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc()).limit(1)
    with db.read() as connection:
        row = connection.execute(query).mappings().first()
    return record(row) if row else None


def move(
    connection: Connection,
    task_id: str,
    to: Status,
    *,
    now: datetime,
    kind: str,
    text: str,
    was: frozenset[Status] | None = None,
    run_id: str | None = None,
    fence: int | None = None,
    actor: str = "porter",
    once: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Task:
    """Give the task another status and write the event that says why, in the caller's transaction.

    `was`: only from these statuses; `run_id`: only while the task stands on this run; `fence`: only while the run's
    claim is still this one. A move to an ended status also ends the run.

    Raises IllegalMove when the task stands elsewhere (someone else moved it), Fenced when the claim was lost.
    """
    task = lock(connection, task_id)
    if (was is not None and task.status not in was) or not allowed(task.status, to):
        raise IllegalMove(task_id, task.status, to)
    if run_id is not None and task.run_id != run_id:
        raise IllegalMove(task_id, task.status, to)
    if fence is not None:
        _check_fence(connection, task.run_id, fence)
    values = dict(changes or {}) | {"status": to, "version": task.version + 1, "updated_at": now}
    if to in ENDED:
        values["finished_at"] = now
    guard = (_tasks.c.id == task_id) & (_tasks.c.status == task.status) & (_tasks.c.version == task.version)
    if connection.execute(update(_tasks).where(guard).values(values)).rowcount == 0:
        raise IllegalMove(task_id, task.status, to)
    events.add(connection, task_id, kind, text, now=now, run_id=task.run_id, actor=actor, once=once)
    moved = _settled(connection, task, now)
    notices.tell(connection, moved, notices.occasion(moved), now=now)
    return moved


def lock(connection: Connection, task_id: str) -> Task:
    """The task, unchanged by others until the transaction ends. Raises NotFound.

    Whoever changes a task and its run locks the task first; two that took them in different orders could wait for each
    other for ever. SQLite has one writer at a time and needs no lock.
    """
    # "No key": new events and log lines refer to the row and need not wait.
    query = select(_tasks).where(_tasks.c.id == task_id).with_for_update(key_share=True)
    return _found(connection, query, task_id)


def change(db: Database, task_id: str, *, now: datetime, **values: Any) -> None:
    """Write what is known of a task besides its status, and count it as a new version (the comment follows)."""
    with db.write() as connection:
        change_in(connection, task_id, now=now, **values)


def change_in(connection: Connection, task_id: str, *, now: datetime, **values: Any) -> None:
    """The same inside a caller's transaction."""
    query, was = select(_tasks).where(_tasks.c.id == task_id), None
    if bookkeeping.COUNTED & values.keys():  # locked, or it might end unnoticed before it is changed
        was = connection.execute(query.with_for_update(key_share=True)).mappings().first()
    counted = values | {"version": _tasks.c.version + 1, "updated_at": now}
    connection.execute(update(_tasks).where(_tasks.c.id == task_id).values(counted))
    if was is not None and was["status"] in ENDED:
        bookkeeping.note(connection, record(was), _read(connection, task_id))


def comment_shown(
    db: Database, task_id: str, *, comment_id: int | None, version: int, edited_at: datetime | None
) -> None:
    """Remember that the status comment shows this version of the task; an older one never wins. `edited_at`: when it
    was edited last, None for one that was only just posted."""
    newer = (_tasks.c.id == task_id) & (_tasks.c.comment_version <= version)
    values = {"status_comment_id": comment_id, "comment_version": version, "comment_edited_at": edited_at}
    with db.write() as connection:
        connection.execute(update(_tasks).where(newer).values(values))


def cancel(db: Database, task_id: str, *, by: str, now: datetime) -> Task:
    """Stop the task. Without a machine it ends at once; with one, the runner is told with its next report, ends its
    agent and saves what that had done. The sweep ends what does not end by itself in time (store/stopping.py).

    Raises NotFound; IllegalMove when the task has ended already.
    """
    with db.write() as connection:
        return cancel_in(connection, task_id, by=by, now=now)


def cancel_in(connection: Connection, task_id: str, *, by: str, now: datetime, why: str = "") -> Task:
    """The same inside a caller's transaction. `why` is a sentence for the task's history."""
    task = lock(connection, task_id)
    if task.status not in LIVE:
        raise IllegalMove(task_id, task.status, Status.CANCELLED)
    if task.status is Status.QUEUED:
        message = why or f"{by} stopped it before a machine was started"
        return move(
            connection, task_id, Status.CANCELLED, now=now, kind="cancelled", text=message, actor=by,
            changes={"reason": "cancelled", "message": message},
        )  # fmt: skip
    return _order_stop(connection, task, by, now, why)


def restart(db: Database, task_id: str, *, by: str, now: datetime, kind: RunKind = RunKind.RETRY) -> Task:
    """Start another run of an ended task with the inputs it has.

    Raises NotFound; IllegalMove while the task is still at work.
    """
    with db.write() as connection:
        return restart_in(connection, task_id, by=by, now=now, kind=kind)


def restart_in(
    connection: Connection,
    task_id: str,
    *,
    by: str,
    now: datetime,
    kind: RunKind = RunKind.RETRY,
    follow_up_id: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Task:
    """The same inside a caller's transaction. `changes` replace inputs; `follow_up_id` is what the run answers."""
    task = lock(connection, task_id)
    text = f"{by} asked for {'changes' if kind is RunKind.FOLLOW_UP else 'another run'}"
    if kind is RunKind.RETRY and (follow_up_id := _feedback_of(connection, task)) is not None:
        kind = RunKind.FOLLOW_UP  # the same feedback, on the same branch
    number = int(task.run_id.rpartition("-")[2]) + 1
    cleared = {
        "outcome": None, "reason": None, "message": "", "step": "", "percent": 0, "summary": "",
        "started_at": None, "finished_at": None, "run_id": f"{task_id}-{number}",
    }  # fmt: skip
    if kind is not RunKind.FOLLOW_UP:
        cleared["head_sha"] = None  # that is on the branch of the run before
    moved = move(
        connection, task_id, Status.QUEUED, now=now, kind="asked", text=text, actor=by, was=ENDED,
        changes=dict(changes or {}) | cleared,
    )  # fmt: skip
    row = {"id": moved.run_id, "task_id": task_id, "number": number, "kind": kind, "created_at": now}
    connection.execute(_runs.insert().values(row | {"follow_up_id": follow_up_id}))
    if follow_up_id is not None:
        mine = tables.follow_ups.c.id == follow_up_id
        connection.execute(update(tables.follow_ups).where(mine).values(run_id=moved.run_id, answered_at=None))
    return moved


def _feedback_of(connection: Connection, task: Task) -> str | None:
    """The follow-up that the task's last run was for, if that run failed: another try is for the same."""
    if task.status is Status.SUCCEEDED:
        return None
    found = connection.execute(select(_runs.c.follow_up_id).where(_runs.c.id == task.run_id)).scalar()
    return str(found) if found is not None else None


def record(row: Mapping[Any, Any]) -> Task:
    """A row of the table as callers see it."""
    typed = dict(row) | {
        "status": Status(row["status"]),
        "outcome": Outcome(row["outcome"]) if row["outcome"] else None,
        "priority": Priority(row["priority"]),
    }
    return Task(**typed)


def run_record(row: Mapping[Any, Any]) -> Run:
    """The same for a run."""
    return Run(**(dict(row) | {"kind": RunKind(row["kind"])}))


def _read(connection: Connection, task_id: str) -> Task:
    return _found(connection, select(_tasks).where(_tasks.c.id == task_id), task_id)


def _found(connection: Connection, query: Select[Any], task_id: str) -> Task:
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound("task", task_id)
    return record(row)


def _of_command(connection: Connection, new: NewTask) -> str:
    if new.asked_key is not None:
        raise AskedBefore("a task was made under that key before")
    same = (
        (_tasks.c.repository == new.repository)
        & (_tasks.c.comment_id == new.comment_id)
        & (_tasks.c.comment_line == new.comment_line)
    )
    return str(connection.execute(select(_tasks.c.id).where(same)).scalar_one())


def _subject(new: NewTask) -> str:
    return f"{new.repository}#{new.issue_number}" if new.issue_number else new.repository


def _check_fence(connection: Connection, run_id: str, fence: int) -> None:
    held = select(_runs.c.fence).where(_runs.c.id == run_id).with_for_update(key_share=True)
    if connection.execute(held).scalar() != fence:
        raise Fenced(run_id, fence)


def _settled(connection: Connection, was: Task, now: datetime) -> Task:
    """The task as it is now, after what follows from an end or from coming back from one."""
    task = _read(connection, was.id)
    if task.status in ENDED:
        _end_run(connection, task.run_id, now)
    bookkeeping.note(connection, was, task)
    return task


def _end_run(connection: Connection, run_id: str, now: datetime) -> None:
    """The run's token and credentials end with it."""
    connection.execute(update(_runs).where(_runs.c.id == run_id).values(finished_at=now, lease_until=None))
    connection.execute(tables.run_tokens.delete().where(tables.run_tokens.c.run_id == run_id))
    connection.execute(tables.credentials.delete().where(tables.credentials.c.owner == f"run:{run_id}"))


def _order_stop(connection: Connection, task: Task, by: str, now: datetime, why: str = "") -> Task:
    order = {"cancel_requested_at": now, "cancelled_by": by}
    once = (_runs.c.id == task.run_id) & (_runs.c.cancel_requested_at.is_(None))
    if connection.execute(update(_runs).where(once).values(order)).rowcount:
        text = why or f"{by} asked to stop"
        events.add(connection, task.id, "stop_asked", text, now=now, run_id=task.run_id, actor=by)
    return task
