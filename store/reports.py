"""What a machine says of its run: accepted once, in any number of copies, and never after the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from store import dialect, events, tables, usage
from store.database import Database
from store.lifecycle import Status
from store.records import LogLine, Run
from store.runs import _read as _read_run
from store.stopping import may_save
from store.tasks import _read as _read_task
from store.tasks import lock, move

_tasks, _runs = tables.tasks, tables.runs

PHASES = {
    "cloning": "the machine is cloning the repository",
    "setup": "the setup commands are running",
    "running": "the agent is at work",
    "finishing": "the agent is done; its work is being saved",
}
STOPPED_AND_SAVED = "the agent was ended; what it had done is being saved"


@dataclass(frozen=True)
class Update:
    """One progress report. `usage` holds token counts and cost so far, by the names of the tasks table."""

    run_id: str
    seq: int
    phase: str | None = None
    logs: Sequence[LogLine] = field(default_factory=list)
    step: str | None = None
    percent: int | None = None
    usage: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Answer:
    """What the machine is told: whether the report counted, and whether to stop."""

    accepted: bool
    stop: bool


def accept_update(db: Database, report: Update, *, now: datetime) -> Answer:
    """Take in a progress report. A repeated, late or outdated one changes nothing. Raises NotFound."""
    with db.write() as connection:
        run = _hold(connection, report.run_id)
        if run.result is not None or not _counts(connection, run, report.seq, now):
            return _refusal(run)
        dialect.insert_new(connection, tables.log_lines, [_row(line) for line in report.logs])
        _note_phase(connection, run, report.phase, now)
        _note_progress(connection, run, report, now)
        return Answer(accepted=True, stop=run.cancel_requested_at is not None)


def accept_result(db: Database, run_id: str, seq: int, result: Mapping[str, Any], *, now: datetime) -> Answer:
    """Take in the runner's last word; `finish` acts on it. The first one counts. Raises NotFound."""
    with db.write() as connection:
        return take_result(connection, run_id, seq, result, now=now)


def take_result(connection: Connection, run_id: str, seq: int, result: Mapping[str, Any], *, now: datetime) -> Answer:
    """The same inside a caller's transaction."""
    run = _hold(connection, run_id)
    if run.result is not None or not _counts(connection, run, seq, now):
        return _refusal(run)
    used = run.usage | _used(result)
    values = {"result": dict(result), "due_at": now, "enqueued_at": None, "phase": "reported", "usage": used}
    first = (_runs.c.id == run_id) & _runs.c.result.is_(None)
    if connection.execute(update(_runs).where(first).values(values)).rowcount == 0:
        return _refusal(run)
    _move_forward(connection, run, Status.FINISHING, "reported", "the machine reported its result", now)
    return Answer(accepted=True, stop=False)


def begin_finishing(db: Database, run_id: str, *, now: datetime) -> Answer:
    """The agent is dead and the runner asks to push: from here the task is finishing. Raises NotFound.

    Also after a stop, for as long as the machine has to save what its agent had done (docs/decisions/0009).
    """
    with db.write() as connection:
        run = _hold(connection, run_id)
        if not may_save(run, now):
            return _refusal(run)
        text = PHASES["finishing"] if run.cancel_requested_at is None else STOPPED_AND_SAVED
        _move_forward(connection, run, Status.FINISHING, "finishing", text, now)
        # A request is a sign of life like a report; one that is made after a stop shows that the machine knows of it.
        connection.execute(update(_runs).where(_runs.c.id == run_id).values(heartbeat_at=now))
        return Answer(accepted=True, stop=run.cancel_requested_at is not None)


def _hold(connection: Connection, run_id: str) -> Run:
    """The run, with its task locked: the reports of one run are taken in one after the other. Raises NotFound."""
    lock(connection, _read_run(connection, run_id).task_id)
    return _read_run(connection, run_id)  # again, because it may have changed while we waited


def _counts(connection: Connection, run: Run, seq: int, now: datetime) -> bool:
    """Claim the sequence number: of two copies that arrive together, one finds it taken."""
    fresh = (_runs.c.id == run.id) & _runs.c.finished_at.is_(None) & (_runs.c.report_seq < seq)
    values = {"report_seq": seq, "heartbeat_at": now}
    return connection.execute(update(_runs).where(fresh).values(values)).rowcount == 1


def _refusal(run: Run) -> Answer:
    return Answer(accepted=False, stop=run.finished_at is not None or run.cancel_requested_at is not None)


def _note_phase(connection: Connection, run: Run, phase: str | None, now: datetime) -> None:
    if phase is None or phase == run.phase or phase not in PHASES:
        return
    values: dict[str, Any] = {"phase": phase}
    if run.started_at is None:
        values["started_at"] = now
    connection.execute(update(_runs).where(_runs.c.id == run.id).values(values))
    if run.started_at is None:
        _move_forward(connection, run, Status.RUNNING, "machine_up", "the machine is up and asked for its job", now)
    events.add(connection, run.task_id, phase, PHASES[phase], now=now, run_id=run.id, once=f"{run.id}:{phase}")


def _note_progress(connection: Connection, run: Run, report: Update, now: datetime) -> None:
    values: dict[str, Any] = {}
    if report.step:
        values["step"] = report.step
    if report.percent is not None:
        values["percent"] = max(0, min(100, report.percent))
    if report.usage:
        values |= usage.with_earlier(connection, run, report.usage)
        connection.execute(update(_runs).where(_runs.c.id == run.id).values(usage=dict(report.usage)))
    task = _read_task(connection, run.task_id)
    # A heartbeat that repeats what is known is no news: it would make every comment lag behind its task.
    if task.run_id == run.id and any(getattr(task, name) != value for name, value in values.items()):
        counted = values | {"version": _tasks.c.version + 1, "updated_at": now}
        connection.execute(update(_tasks).where(_tasks.c.id == task.id).values(counted))


def _used(result: Mapping[str, Any]) -> dict[str, Any]:
    """What the run used in the end, for the sums of later runs; a figure that is not told keeps the one before."""
    told = (result.get("usage") or {}) | {"machine_seconds": result.get("seconds")}
    return {name: value for name, value in told.items() if value is not None}


def _move_forward(connection: Connection, run: Run, to: Status, kind: str, text: str, now: datetime) -> None:
    """Move the task on if it has not got there yet; reports may overtake each other."""
    order = [Status.QUEUED, Status.LAUNCHING, Status.RUNNING, Status.FINISHING]
    task = _read_task(connection, run.task_id)
    if task.run_id != run.id or task.status not in order or order.index(task.status) >= order.index(to):
        return
    if task.status is Status.QUEUED:  # a launch that was given up for later, whose machine came up after all
        move(connection, task.id, Status.LAUNCHING, now=now, kind="launching", text="a machine is there after all")
    started = {"started_at": now} if task.started_at is None else {}
    move(connection, task.id, to, now=now, kind=kind, text=text, once=f"{run.id}:{kind}", changes=started)


def _row(line: LogLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in ("run_id", "n", "at", "level", "kind", "text")}
