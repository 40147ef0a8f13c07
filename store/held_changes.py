"""Work that waits for a person: kept whole, decided once, pushed once.

A run is `holding` until Porter has looked into what the machine handed in, `held` while it waits, and `approved` from
the decision until its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update

from store import events, notices, reports, tables, tasks
from store.channels import Occasion
from store.database import Database
from store.errors import AlreadyDecided, NotHeld
from store.lifecycle import Status
from store.records import HeldChange, Run, Task
from store.reports import Answer
from store.runs import Claim, write_in
from store.storable import storable

_held, _runs = tables.held_changes, tables.runs

HOLDING, HELD, APPROVED = "holding", "held", "approved"  # phases of a run
APPROVE, REJECT = "approved", "rejected"  # decisions
_ALL_BUT_BUNDLE = [column for column in _held.c if column.name != "bundle"]


@dataclass(frozen=True)
class NewHeld:
    """What a machine hands in instead of a push. `findings` are dictionaries of worker/contract.py: Finding."""

    findings: list[dict[str, Any]]
    base_sha: str
    head_sha: str
    bundle: bytes


def hold(db: Database, run_id: str, seq: int, result: Mapping[str, Any], held: NewHeld, *, now: datetime) -> Answer:
    """Take in a run's last word together with the work that waits. The first one counts. Raises NotFound."""
    with db.write() as connection:
        answer = reports.take_result(connection, run_id, seq, result, now=now)
        if answer.accepted:
            task_id = run_id.rpartition("-")[0]
            row = {
                "run_id": run_id, "task_id": task_id, "held_at": now, "findings": held.findings, "diff": "",
                "base_sha": held.base_sha, "head_sha": held.head_sha, "bundle": held.bundle,
            }  # fmt: skip
            connection.execute(_held.insert().values(row))
            connection.execute(update(_runs).where(_runs.c.id == run_id).values(phase=HOLDING))
        return answer


def inspected(
    db: Database, claim: Claim, diff: str, findings: list[dict[str, Any]], *, now: datetime, why: str
) -> None:
    """Porter has read the bundle: from here people can decide on it, by this diff. Raises Fenced."""
    with db.write() as connection:
        values = {"diff": storable(diff), "findings": findings}
        task = tasks.lock(connection, claim.task.id)
        write_in(connection, claim, {"phase": HELD})
        connection.execute(update(_held).where(_held.c.run_id == claim.run.id).values(values))
        tasks.change_in(connection, task.id, now=now, message=why)
        once = f"{claim.run.id}:held"
        events.add(connection, task.id, "held", why, now=now, run_id=claim.run.id, once=once)
        notices.tell(connection, replace(task, message=why), Occasion.NEEDS_YOU, now=now)


def get(db: Database, run_id: str) -> HeldChange | None:
    """The whole of it, bundle included; None when this run has nothing that waits or waited."""
    with db.read() as connection:
        return _one(connection, select(_held).where(_held.c.run_id == run_id))


def shown(db: Database, run_id: str) -> HeldChange | None:
    """The same for pages and comments, which need no megabytes: `bundle` is left empty."""
    with db.read() as connection:
        return _one(connection, select(*_ALL_BUT_BUNDLE).where(_held.c.run_id == run_id))


def waiting(db: Database, task_id: str) -> HeldChange | None:
    """What of this task waits for a decision now, without its bundle."""
    with db.read() as connection:
        return _one(connection, _waiting(task_id))


def approve(db: Database, task_id: str, *, by: str, now: datetime) -> Task:
    """Let the change be pushed; a `finish` job does it. Raises NotFound, NotHeld, AlreadyDecided."""
    with db.write() as connection:
        run_id = _decide(connection, task_id, APPROVE, by, now)
        due = {"phase": APPROVED, "due_at": now, "enqueued_at": None, "attempts": 0}
        connection.execute(update(_runs).where(_runs.c.id == run_id).values(due))
        text = f"{by} approved the change"
        tasks.change_in(connection, task_id, now=now, message=text)
        events.add(connection, task_id, APPROVE, text, now=now, run_id=run_id, actor=by)
        return tasks.lock(connection, task_id)


def reject(db: Database, task_id: str, *, by: str, now: datetime, reason: str) -> Task:
    """End the task; its change is not pushed. Raises NotFound, NotHeld, AlreadyDecided."""
    with db.write() as connection:
        run_id = _decide(connection, task_id, REJECT, by, now)
        text = f"{by} rejected the change; it was not pushed"
        changes = {"reason": reason, "message": text}
        return tasks.move(
            connection, task_id, Status.FAILED, now=now, kind=REJECT, text=text, run_id=run_id, actor=by,
            changes=changes,
        )  # fmt: skip


def waits(run: Run) -> bool:
    """Whether a person's word is all that the run waits for."""
    return run.phase == HELD and run.finished_at is None and run.cancel_requested_at is None


def pushed(db: Database, run_id: str, *, now: datetime) -> None:
    """Remember that the change is on its branch."""
    first = (_held.c.run_id == run_id) & _held.c.pushed_at.is_(None)
    with db.write() as connection:
        connection.execute(update(_held).where(first).values(pushed_at=now))


def _decide(connection: Connection, task_id: str, decision: str, by: str, now: datetime) -> str:
    """Take the one decision there is; the id of its run."""
    task = tasks.lock(connection, task_id)
    run = connection.execute(select(_runs).where(_runs.c.id == task.run_id)).mappings().one()
    mine = (_held.c.run_id == task.run_id) & _held.c.decision.is_(None)
    found = _one(connection, select(*_ALL_BUT_BUNDLE).where(_held.c.run_id == task.run_id))
    if found is not None and found.decision is not None:
        raise AlreadyDecided(task_id, found.decision, found.decided_by or "somebody")
    if found is None or run["phase"] != HELD or run["finished_at"] or run["cancel_requested_at"]:
        raise NotHeld(task_id)
    values = {"decision": decision, "decided_by": by, "decided_at": now}
    if connection.execute(update(_held).where(mine).values(values)).rowcount == 0:
        raise AlreadyDecided(task_id, "decided", "somebody")
    return task.run_id


def _waiting(task_id: str) -> Select[Any]:
    """The task's present run waits, and nobody has decided."""
    present = (tables.tasks.c.id == task_id) & (tables.tasks.c.run_id == _held.c.run_id)
    waits = (_runs.c.phase == HELD) & _runs.c.finished_at.is_(None) & _held.c.decision.is_(None)
    joined = _held.join(_runs, _runs.c.id == _held.c.run_id).join(tables.tasks, present)
    return select(*_ALL_BUT_BUNDLE).select_from(joined).where(waits)


def _one(connection: Connection, query: Select[Any]) -> HeldChange | None:
    row = connection.execute(query).mappings().first()
    return None if row is None else HeldChange(**({"bundle": b""} | dict(row)))
