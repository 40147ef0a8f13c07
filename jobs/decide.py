"""What to do about an open run, from its rows and a look at its machine. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from jobs.hosts.port import Machine, MachineState
from jobs.reasons import Reason
from store.held_changes import waits
from store.lifecycle import Status
from store.records import Run, Task
from store.stopping import grace_over

APPEARING = timedelta(seconds=30)  # how long a new machine may be missing from its host's list
FIRST_WORD = timedelta(minutes=5)  # from the machine's creation to its first report
SILENCE = timedelta(minutes=11)  # the runner keeps its reports for ten minutes while Porter is away


class Sight(Enum):
    """What is known of a machine without a description of it."""

    NOT_LOOKED = "not looked"
    MISSING = "missing"


@dataclass(frozen=True)
class Wait:
    """All is as it should be, or somebody is at it."""


@dataclass(frozen=True)
class Launch:
    """The run has no machine: a launch job must see to it."""


@dataclass(frozen=True)
class Finish:
    """The run has its result: a finish job must act on it."""


@dataclass(frozen=True)
class Relaunch:
    """The machine was lost before the agent began, so that another one can safely take its place."""

    message: str


@dataclass(frozen=True)
class End:
    """The run is over without a result."""

    status: Status
    reason: Reason
    message: str


Decision = Wait | Launch | Finish | Relaunch | End


def decide(
    task: Task, run: Run, seen: Machine | Sight, *, now: datetime, relaunched: bool = False, porter_url: str = "Porter"
) -> Decision:
    """`relaunched`: this run has had a second machine already; it gets no third."""
    if run.finished_at is not None or (run.lease_until is not None and run.lease_until > now):
        return Wait()
    if waits(run) and not _has_machine(run):
        return Wait()  # for a person
    if run.result is not None:
        return Finish() if _due(run, now) else Wait()
    if run.cancel_requested_at is not None:
        return _cancelling(run, seen, now)
    if task.status is Status.QUEUED and run.waits_for is not None:
        return Wait()  # for its place: jobs/places.py wakes it
    if run.machine_id is None and task.status in (Status.QUEUED, Status.LAUNCHING):
        return Launch() if _due(run, now) else Wait()
    if (lost := _lost(run, seen, now)) is not None:
        may_repeat = not relaunched and run.report_seq == 0
        return Relaunch(lost.message) if may_repeat else lost
    return _overdue(task, run, now, porter_url) or Wait()


def _has_machine(run: Run) -> bool:
    return run.machine_id is not None and run.destroyed_at is None


def _due(run: Run, now: datetime) -> bool:
    return run.due_at is None or run.due_at <= now


def _cancelling(run: Run, seen: Machine | Sight, now: datetime) -> Decision:
    works = run.machine_id is not None and not _is_over(seen)
    if works and not grace_over(run, now):
        return Wait()
    return End(Status.CANCELLED, Reason.CANCELLED, cancelled(run))


def cancelled(run: Run) -> str:
    """Who stopped it, and what that means where its work is not to be saved."""
    by = run.cancelled_by or "somebody"
    if run.discarded:
        return f"{by} turned the pull request down while it was at work; what it had done is not kept"
    return f"{by} stopped it"


def _is_over(seen: Machine | Sight) -> bool:
    return isinstance(seen, Machine) and seen.state in (MachineState.STOPPED, MachineState.GONE)


def _lost(run: Run, seen: Machine | Sight, now: datetime) -> End | None:
    """The machine is no more and left no result, or never was."""
    if isinstance(seen, Machine) and _is_over(seen):
        return _death(seen)
    if _never_came_up(run, seen, now):
        minutes = int(FIRST_WORD.total_seconds() // 60)
        return End(Status.FAILED, Reason.LAUNCH_FAILED, f"the machine was still starting after {minutes} minutes")
    if seen is Sight.MISSING and now - (run.launched_at or run.created_at) > APPEARING:
        return End(Status.FAILED, Reason.CRASHED, "the machine disappeared before it reported a result")
    return None


def _never_came_up(run: Run, seen: Machine | Sight, now: datetime) -> bool:
    """Fly calls a machine stuck that is on its way for five minutes: https://fly.io/docs/machines/machine-states/"""
    starting = isinstance(seen, Machine) and seen.state is MachineState.STARTING
    return starting and run.launched_at is not None and now - run.launched_at > FIRST_WORD


def _death(machine: Machine) -> End:
    if machine.oom_killed:
        words = "the machine ran out of memory; a larger one helps (PORTER_MACHINE_MEMORY_MB)"
        return End(Status.FAILED, Reason.OUT_OF_MEMORY, words)
    code = "" if machine.exit_code is None else f" with exit code {machine.exit_code}{_signal(machine.exit_code)}"
    return End(Status.FAILED, Reason.CRASHED, f"the machine ended{code} before it reported a result")


def _signal(exit_code: int) -> str:
    """Who dies of signal N ends with 128 + N."""
    known = {128 + one: one.name for one in signal.Signals}
    return f" (killed by {known[exit_code]})" if exit_code in known else ""


def _overdue(task: Task, run: Run, now: datetime, porter_url: str) -> End | None:
    if run.deadline is not None and now > run.deadline:
        limit = task.flags.get("timeout_seconds")
        words = f"it took longer than the {limit} seconds it was given" if limit else "it took longer than it may"
        return End(Status.TIMED_OUT, Reason.TIMED_OUT, words)
    if run.heartbeat_at is None and run.launched_at is not None and now - run.launched_at > FIRST_WORD:
        words = f"the machine started and never reached Porter; check that {porter_url} can be reached from it"
        return End(Status.FAILED, Reason.NO_CONTACT, words)
    if run.heartbeat_at is not None and now - run.heartbeat_at > SILENCE:
        minutes = int((now - run.heartbeat_at).total_seconds() // 60)
        return End(Status.FAILED, Reason.STALLED, f"there was no word from the machine for {minutes} minutes")
    return None
