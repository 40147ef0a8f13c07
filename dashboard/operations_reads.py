"""What the Operations page reads of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.operations import Wanted
from jobs import sweep_record
from jobs.hosts.port import Machine, MachineState
from jobs.sweep_record import Record
from store import audit, delivery_list, runs
from store.audit import Note
from store.database import Database
from store.delivery_list import DeliveryFilter, DeliveryPage
from store.records import Task, Verdict

_PAGE = 50
_SHOWN = 200  # machines in one page


@dataclass(frozen=True)
class Seen:
    """A machine and whose it is; `since`: when it was launched, as the tables say."""

    machine: Machine
    task: Task
    since: datetime | None


@dataclass(frozen=True)
class MachinesView:
    """The host's machines: of runs at work, of none, and those that only the tables know. `more`: not shown."""

    host: str
    at_work: list[Seen]
    strays: list[Machine]
    missing: list[Seen]
    more: int = 0


@dataclass(frozen=True)
class SweepView:
    """The last pass, and who has the lead now."""

    last: Record | None
    leader: str | None


@dataclass(frozen=True)
class AuditPage:
    """Lines, newest first, and the key of the next page (empty at the end)."""

    notes: list[Note]
    next_key: str


def machines(db: Database, host: str, listed: list[Machine]) -> MachinesView:
    """What the host listed, compared with the unfinished runs."""
    there = {machine.run_id: machine for machine in listed}
    placed = {run.run_id for run in runs.placed(db) if run.machine_id and run.host == host}
    wanted = sorted(placed | set(there))[:1000]
    known = {one.run.id: one for one in runs.unfinished(db, wanted)}
    at_work = [
        Seen(machine, known[run_id].task, known[run_id].run.launched_at)
        for run_id, machine in there.items()
        if run_id in known and machine.state is not MachineState.GONE
    ]
    strays = [machine for run_id, machine in there.items() if run_id not in known]
    missing = [
        Seen(
            Machine(one.run.machine_id or "", one.run.id, MachineState.GONE, region=one.run.region),
            one.task,
            one.run.launched_at,
        )
        for run_id, one in known.items()
        if run_id not in there
    ]
    more = max(0, len(at_work) - _SHOWN)
    return MachinesView(host, at_work[:_SHOWN], strays[:_SHOWN], missing[:_SHOWN], more)


def deliveries(db: Database, wanted: Wanted, only: frozenset[str] | None) -> DeliveryPage:
    """One page of those that fit; a key that somebody made up is the first one."""
    verdict = Verdict(wanted.verdict) if wanted.verdict else None
    which = DeliveryFilter(verdict, wanted.q or None, only)
    try:
        return delivery_list.page(db, which, after=wanted.after or None, limit=_PAGE)
    except ValueError:
        return delivery_list.page(db, which, limit=_PAGE)


def sweep(db: Database, now: datetime) -> SweepView:
    """How the sweep does."""
    return SweepView(sweep_record.last(db), sweep_record.leader(db, now=now))


def audit_page(db: Database, wanted: Wanted) -> AuditPage:
    """One page of the audit log."""
    key = wanted.after
    before = int(key) if key.isascii() and key.isdecimal() and len(key) < 19 else None
    found = audit.latest(db, limit=_PAGE + 1, before=before, search=wanted.q or None)
    shown = found[:_PAGE]
    return AuditPage(shown, str(shown[-1].id) if len(found) > _PAGE else "")
