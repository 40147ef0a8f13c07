"""Lets queued runs start, within the limits and in the order of the line; the count is the tasks' own statuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from store import dialect, events, runs, tables, tasks, waiting
from store.database import Database
from store.errors import IllegalMove
from store.lifecycle import Status
from store.line import Asked, Limits, Obstacle, obstacle, startable
from store.records import Task
from store.runs import Claim

_runs, _paces = tables.runs, tables.paces


@dataclass(frozen=True)
class Waits:
    """The run has to wait; `message` says why, for people."""

    obstacle: Obstacle
    message: str


def admit(db: Database, claim: Claim, limits: Limits, *, now: datetime, changes: Mapping[str, Any]) -> Task | Waits:
    """Move the claimed run's task to launching, with `changes`, if it may start now; else let go of the run and let it
    wait in line. All at once for everybody: however many ask, no limit is passed.

    Raises Fenced or IllegalMove when another worker was faster.
    """
    with db.write() as connection:
        _one_at_a_time(connection, now)
        found = _obstacle(connection, claim.run.id, limits, now)
        if found is not None:
            return _line_up(connection, claim, Waits(found, why(found, claim.task, limits)), now)
        task = tasks.move(
            connection, claim.task.id, Status.LAUNCHING, now=now, kind="launching", text="a machine is prepared",
            run_id=claim.run.id, fence=claim.fence, changes=changes,
        )  # fmt: skip
        runs.write_in(connection, claim, {"waits_for": None})
        return task


def may_start(db: Database, run_id: str, limits: Limits, *, now: datetime) -> bool:
    """Whether the queued run would be let in now; a look that takes no place."""
    with db.read() as connection:
        return _obstacle(connection, run_id, limits, now) is None


def next_waiting(db: Database, limits: Limits, *, now: datetime, most: int = 50) -> list[Asked]:
    """Those of the runs that wait who can all start now, the first in line first."""
    with db.read() as connection:
        if not waiting.somebody_waits(connection):
            return []
        load = waiting.load_now(connection)
        if load.total >= limits.deployment:
            return []
        line = waiting.head(connection, load, limits, now)
    return [asked for asked in startable(line, load, limits) if asked.waits_for is not None][:most]


def first_in_line(db: Database, *, most: int) -> list[Asked]:
    """The runs that wait for a place, the first in line first."""
    with db.read() as connection:
        return waiting.first(connection, most=most) if waiting.somebody_waits(connection) else []


def look_again(db: Database, line: Sequence[Asked], limits: Limits, *, now: datetime) -> None:
    """Note what these waiting runs wait for now: a user's tasks may have ended and the deployment be full instead."""
    with db.read() as connection:
        load = waiting.load_now(connection)
        turns = {asked.run_id for asked in startable(waiting.head(connection, load, limits, now), load, limits)}
        found = {
            asked: Obstacle.ISSUE if waiting.behind_a_sibling(connection, asked) else obstacle(asked, load, limits)
            for asked in line
            if asked.run_id not in turns
        }
    for asked, present in found.items():
        if present is not None and present is not asked.waits_for:
            _waits_for(db, asked, present, limits, now)


def why(found: Obstacle, task: Task, limits: Limits) -> str:
    """The obstacle as a sentence, without its full stop."""
    match found:
        case Obstacle.ISSUE:
            return "It waits behind another task for this agent on this issue"
        case Obstacle.USER:
            return f"As many tasks of {task.requested_by} are at work as one person may have at once ({limits.user})"
        case Obstacle.REPOSITORY:
            return f"As many tasks are at work on {task.repository} as may be at once ({limits.repository})"
        case Obstacle.DEPLOYMENT:
            return f"As many tasks are at work as this Porter may have at once ({limits.deployment})"


def _one_at_a_time(connection: Connection, now: datetime) -> None:
    """SQLite has one writer anyway; on Postgres whoever holds this row decides alone until the transaction ends."""
    dialect.insert_new(connection, _paces, [{"name": "admission", "next_at": now}])
    connection.execute(select(_paces.c.name).where(_paces.c.name == "admission").with_for_update())


def _waits_for(db: Database, asked: Asked, found: Obstacle, limits: Limits, now: datetime) -> None:
    with db.write() as connection:
        task = tasks.lock(connection, asked.task_id)
        still = (_runs.c.id == asked.run_id) & _runs.c.waits_for.is_not(None)
        if task.status is not Status.QUEUED or task.run_id != asked.run_id:
            return
        if connection.execute(update(_runs).where(still).values(waits_for=found)).rowcount:
            tasks.change_in(connection, task.id, now=now, message=why(found, task, limits))


def _obstacle(connection: Connection, run_id: str, limits: Limits, now: datetime) -> Obstacle | None:
    """What keeps this run from starting, once all who stand before it and can start have their places."""
    asked, load = waiting.asked(connection, run_id), waiting.load_now(connection)
    if waiting.behind_a_sibling(connection, asked):
        return Obstacle.ISSUE
    found = obstacle(asked, load, limits)
    if found is not None:
        return found
    for _ in startable(waiting.head(connection, load, limits, now, before=asked), load, limits):
        pass  # counts each of them into the load
    return obstacle(asked, load, limits)


def _line_up(connection: Connection, claim: Claim, waits: Waits, now: datetime) -> Waits:
    task = tasks.lock(connection, claim.task.id)
    if task.status is not Status.QUEUED or task.run_id != claim.run.id:
        raise IllegalMove(task.id, task.status, Status.QUEUED)
    nobody = {"lease_until": None, "due_at": None, "enqueued_at": None}
    runs.write_in(connection, claim, {"waits_for": waits.obstacle, **nobody})
    if claim.run.waits_for == waits.obstacle and task.message == waits.message:
        return waits
    tasks.change_in(connection, task.id, now=now, message=waits.message)
    once = f"{claim.run.id}:waits:{waits.obstacle}"
    events.add(connection, task.id, "waiting", waits.message, now=now, run_id=claim.run.id, once=once)
    return waits
