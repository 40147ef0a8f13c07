"""Each tab of the Operations page in words: queues, machines, deliveries, sweep, health, audit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from dashboard import present
from dashboard.operations import act, group, row, table
from dashboard.operations_reads import MachinesView, Seen, SweepView
from dashboard.present import Tone
from jobs import redelivering
from jobs.health import Check
from jobs.hosts.port import Machine, MachineState
from jobs.missed import REMEMBERED
from jobs.queue_view import FailedJob, QueuesView, WorkerView
from store.audit import Note
from store.records import Delivery

_TONES = {
    MachineState.STARTING: Tone.WAITING,
    MachineState.RUNNING: Tone.RUNNING,
    MachineState.STOPPED: Tone.STOPPED,
    MachineState.GONE: Tone.STOPPED,
}
_COLUMNS = ["Queue", "Waiting", "Executing", "Failed", "Workers", "Scheduled", "Deferred", "Finished"]
_ONE = "Asks GitHub to send this one delivery once more: one press, one redelivery."


def queues(view: QueuesView, *, now: datetime, zone: tzinfo) -> list[dict[str, Any]]:
    """Queues, who works on them, and what failed."""
    figures = [
        [one.name, one.waiting, one.counts["executing"], one.counts["failed"], one.workers, one.counts["scheduled"],
         one.counts["deferred"], one.counts["finished"]]
        for one in view.queues
    ]  # fmt: skip
    stopped = "All workers were told to take no new job; `rq resume` lets them." if view.suspended else ""
    workers = [_worker(one, now, zone) for one in view.workers]
    none = "No worker is running, so no task starts. Start one: porter worker --queues control,high,default,low"
    failed = [_failed(one, now, zone) for one in view.failed]
    return [
        table("queues", "Queues", _COLUMNS, figures, minor=3),
        group("workers", "Workers", workers, empty=none, hint=stopped),
        group("failed", "Failed jobs", failed, empty="No job failed in the last day."),
    ]


def machines(view: MachinesView, *, now: datetime, zone: tzinfo) -> list[dict[str, Any]]:
    """What the host lists beside what the tables say; strays first."""
    strays = [_stray(machine, now, zone) for machine in view.strays]
    known = [_machine(one, now, zone) for one in view.at_work]
    missing = [_missing(one, now, zone) for one in view.missing]
    title = f"On {view.host}"
    found = [group("machines", title, known, empty="No machine is at work.", hint=_cut(view.more))]
    if missing:
        hint = "The tables name these; the host does not list them. Missing twice, the sweep takes them for lost."
        found.insert(0, group("missing", "Not listed", missing, empty="", hint=hint))
    if strays:
        hint = "Machines of no run at work. The sweep destroys them."
        found.insert(0, group("strays", "Strays", strays, empty="", hint=hint))
    return found


def deliveries(found: list[Delivery], *, now: datetime, zone: tzinfo, is_admin: bool, narrow: bool) -> dict[str, Any]:
    """Every delivery with its verdict and why."""
    empty = (
        "No delivery fits these filters." if narrow
        else "GitHub has not called yet. When it does, each call is listed here with what became of it."
    )  # fmt: skip
    return group("deliveries", "", [_delivery(one, now, zone, is_admin) for one in found], empty=empty)


def sweep(view: SweepView, *, now: datetime, zone: tzinfo) -> list[dict[str, Any]]:
    """Who leads, when the last pass was, and what the last ones did."""
    last = view.last
    if last is None:
        row_ = row("never", "It has never run against this database.", word="Away", tone=Tone.FAILED,
                   note="Start it: porter sweep")  # fmt: skip
        return [group("now", "Now", [row_], empty="")]
    late = last.is_late(now) or view.leader is None
    word, tone = ("Away", Tone.FAILED) if late else ("Hindered", Tone.FAILED) if last.fault else ("Well", Tone.DONE)
    lead = f"{view.leader or last.leader} leads" if view.leader else "Nobody leads at this moment"
    note = "Start it: porter sweep" if late else present.sentence(last.fault)
    took = f"the last pass took {last.seconds * 1000:,.0f} ms"
    here = row("now", lead, word=word, tone=tone, note=note, meta=[took], then=last.at, now=now, zone=zone)
    did = [row(one.at.isoformat(), done(one.did), then=one.at, now=now, zone=zone) for one in last.lately]
    nothing = "Nothing had to be mended or forgotten yet."
    return [group("now", "Now", [here], empty=""), group("did", "What it did lately", did, empty=nothing)]


def health(checks: list[Check], waited_for: list[str]) -> dict[str, Any]:
    """Each part with one sentence; what is still being asked says so."""
    words = {True: ("Well", Tone.DONE), False: ("Broken", Tone.FAILED), None: ("Unknown", Tone.STOPPED)}
    rows = [
        row(one.name, one.title, word=words[one.ok][0], tone=words[one.ok][1], note=one.text,
            meta=[one.fix] if one.fix else [])
        for one in sorted(checks, key=lambda one: one.ok is not False)
    ]  # fmt: skip
    rows += [row(name, name, word="Asking", tone=Tone.WAITING, note="It is being asked…") for name in waited_for]
    return group("health", "", rows, empty="")


def audit(found: list[Note], *, now: datetime, zone: tzinfo, narrow: bool) -> dict[str, Any]:
    """Who did what to what, the newest first."""
    rows = [
        row(str(one.id), one.what or one.action, word=one.action.replace("_", " ").capitalize(), note=one.detail,
            meta=[f"by {one.who}"], then=one.at, now=now, zone=zone, mono=True)
        for one in found
    ]  # fmt: skip
    nothing = "Nothing was changed yet. Settings and secrets that somebody changes are noted here."
    return group("audit", "", rows, empty="No line fits this search." if narrow else nothing)


def done(did: Mapping[str, int]) -> str:
    """What one pass did, as a line: `2 launch jobs enqueued, 1 stray machine destroyed`."""
    return ", ".join(_deed(name, count) for name, count in did.items())


def _deed(name: str, count: int) -> str:
    if name.startswith("forgot "):
        return f"{count:,} {name.removeprefix('forgot ')} forgotten"
    plural = "" if count == 1 else "s"
    thing = name.replace("_", "-")
    return f"{count:,} {thing}{plural} {'enqueued' if name.endswith(' job') else 'destroyed'}"


def _worker(one: WorkerView, now: datetime, zone: tzinfo) -> dict[str, Any]:
    tone = Tone.RUNNING if one.state == "busy" else Tone.DONE if one.state == "idle" else Tone.STOPPED
    count = f"{one.done:,} {'job' if one.done == 1 else 'jobs'} done" + (
        f", {one.failed:,} failed" if one.failed else ""
    )
    where = f"{one.host} · pid {one.pid}" if one.pid else one.host
    note = f"Working on {one.job}" if one.job else ""
    return row(one.name, ", ".join(one.queues), word=one.state.capitalize(), tone=tone, note=note, meta=[where, count],
               then=one.heartbeat, now=now, zone=zone, mono=True)  # fmt: skip


def _failed(one: FailedJob, now: datetime, zone: tzinfo) -> dict[str, Any]:
    acts = [
        act("requeue", "Requeue", id=one.id, queue=one.queue, hint="Puts this one job back into its queue"),
        act("forget", "Forget", ask="Forget it?", id=one.id, queue=one.queue, hint="Takes it off this list"),
    ]
    return row(f"{one.queue}/{one.id}", one.what, word="Failed", tone=Tone.FAILED, note=one.error, meta=[one.queue],
               then=one.at, now=now, zone=zone, acts=acts, mono=True)  # fmt: skip


def _machine(one: Seen, now: datetime, zone: tzinfo) -> dict[str, Any]:
    machine, task = one.machine, one.task
    meta = [
        machine.id,
        machine.region or "",
        machine.image or "",
        f"exit {machine.exit_code}" if machine.exit_code else "",
    ]
    return row(machine.id, f"{task.repository} · {task.issue_title}", word=machine.state.value.capitalize(),
               tone=_TONES[machine.state], meta=meta, then=machine.created_at or one.since, now=now, zone=zone,
               tasks=[task.id])  # fmt: skip


def _missing(one: Seen, now: datetime, zone: tzinfo) -> dict[str, Any]:
    return row(one.machine.id, f"{one.task.repository} · {one.task.issue_title}", word="Missing", tone=Tone.FAILED,
               meta=[one.machine.id, one.machine.region or ""], then=one.since, now=now, zone=zone,
               tasks=[one.task.id])  # fmt: skip


def _stray(machine: Machine, now: datetime, zone: tzinfo) -> dict[str, Any]:
    meta = [machine.region or "", f"of the run {machine.run_id}" if machine.run_id else "of no run"]
    word = "Going" if machine.state is MachineState.GONE else "Stray"
    return row(machine.id, machine.id, word=word, tone=Tone.FAILED, meta=meta, then=machine.created_at, now=now,
               zone=zone, mono=True)  # fmt: skip


def _cut(more: int) -> str:
    return f"{more:,} more are not shown." if more else ""


def _delivery(one: Delivery, now: datetime, zone: tzinfo, is_admin: bool) -> dict[str, Any]:
    word, tone = present.VERDICTS[one.verdict]
    event = f"{one.event}.{one.action}" if one.action else one.event
    who = f"by {one.sender}" if one.sender else ""
    no = redelivering.why_not(one.id, one.verdict, is_old=now - one.received_at > REMEMBERED)
    acts = [act("redeliver", "Redeliver", ask="Send again?", id=one.id, hint=_ONE)] if is_admin and not no else []
    return row(one.id, present.sentence(one.reason) or "Nothing more was noted.", word=word, tone=tone,
               meta=[event, one.repository or "", who], then=one.received_at, now=now, zone=zone,
               tasks=list(one.task_ids), acts=acts)  # fmt: skip
