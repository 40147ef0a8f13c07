"""Makes the world agree with the tables. One leader; what it finds it hands to the queues, so a pass stays short."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from time import monotonic
from typing import TypeVar

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from jobs import fly_setup, gate, labels, missed, places, preconditions, pruning, sweep_record
from jobs.bootstrap import Services
from jobs.decide import FIRST_WORD, SILENCE, Decision, End, Finish, Launch, Relaunch, Sight, decide
from jobs.errors import JobError
from jobs.hosts.errors import HostError
from jobs.hosts.port import Machine, MachineState
from jobs.status_comment import EDIT_EVERY
from store import bookkeeping, credentials, follow_ups, leases, notices, permissions, requests, responses, runs
from store import labels as label_store
from store.errors import NotFound, StoreError
from store.lifecycle import Status
from store.runs import Open, Placed, Quiet

_log = logging.getLogger(__name__)
Row = TypeVar("Row")

QUICK, SLOW = 2.0, 15.0  # seconds between two passes
LEAD = 20.0  # seconds a leader that died is missed
PAGE = 1000
AGAIN = timedelta(seconds=20)  # before the same job is looked at, or put into its queue, once more
NOTIFY_EVERY = timedelta(seconds=2)  # a channel's job may have ended just before another notice came
KEEP_ANSWERS = timedelta(days=1)  # GitHub's: an ETag is good for as long as the token it was given to, and that is less
DAYS_AT_ONCE = 5  # doubted days that are counted anew in one pass, tens of milliseconds each
UNKNOWN_MACHINE = timedelta(minutes=2)  # how old a machine of no known run must be before it is destroyed


class Sweep:
    """One sweeper. It remembers only what spares repeated work; another one may take over at any moment."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._holder = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._did: Counter[str] = Counter()
        self._handed_out: dict[str, datetime] = {}
        self._missed: set[str] = set()
        self._line = places.Line()

    def leads(self) -> bool:
        """Take or keep the lead."""
        now = self._services.clock()
        return leases.hold(self._services.db, "sweep", holder=self._holder, now=now, seconds=LEAD)

    def tell(self, seconds: float, *, fault: str = "") -> None:
        """Note what was done since the last time, for the Operations page. `seconds`: what the slow pass took."""
        did, self._did = self._did, Counter()
        sweep_record.note(self._services, did, holder=self._holder, seconds=seconds, fault=fault)

    def resign(self) -> None:
        leases.let_go(self._services.db, "sweep", holder=self._holder)

    def quick(self) -> None:
        """What the tables alone can tell: missing jobs, overdue runs, free places, comments behind, requests."""
        services, now = self._services, self._services.clock()
        self._handed_out = {key: at for key, at in self._handed_out.items() if at > now - AGAIN}
        quiet = Quiet(silent=now - SILENCE, no_word=now - FIRST_WORD)
        look = partial(runs.to_look_at, services.db, quiet, now=now, limit=PAGE)
        for one in _pages(lambda after: look(after=after), lambda one: one.run.id):
            self._act(one, decide(one.task, one.run, Sight.NOT_LOOKED, now=now), now)
        for turn in places.turns(services):
            if self._missing("launch", turn.run_id, now):
                services.queues.launch(turn.run_id, turn.priority)
        self._line.tell(services)
        for request_id in requests.due(services.db, now=now):
            if self._missing("answer", request_id, now):
                services.queues.answer(request_id)
        for feedback in (*follow_ups.ready(services.db), *follow_ups.unanswered(services.db)):
            if self._missing("follow_up", feedback.id, now):
                services.queues.follow_up(feedback.id)
        for task_id in runs.comments_behind(services.db, edited_before=now - EDIT_EVERY):
            if self._missing("publish", task_id, now, again=EDIT_EVERY):
                services.queues.publish(task_id)
        for channel_id in notices.due(services.db, now=now):
            if self._missing("notify", channel_id, now, again=NOTIFY_EVERY):
                services.queues.notify(channel_id)

    def slow(self) -> None:
        """What only the host can tell, by one list call. Raises a HostError when it cannot."""
        services, now = self._services, self._services.clock()
        self._keep_house(now)
        machines = services.host.list()
        by_run = {machine.run_id: machine for machine in machines if machine.state is not MachineState.GONE}
        doubtful: dict[str, Machine | None] = {}
        for run in _pages(lambda after: runs.placed(services.db, after=after, limit=PAGE), lambda run: run.run_id):
            machine = by_run.pop(run.run_id, None)
            if not self._is_well(run, machine):
                doubtful[run.run_id] = machine
        still_missed: set[str] = set()
        for ids in _batches(doubtful):
            for one in runs.unfinished(services.db, ids):
                self._compare(one, doubtful[one.run.id], still_missed, now)
        self._missed = still_missed
        for machine in by_run.values():
            self._clear_away(machine, now)
        self._forget_destroyed({machine.id for machine in machines}, now)

    def _keep_house(self, now: datetime) -> None:
        """What may be late by some seconds: labels behind, deliveries that did not arrive, what is to be forgotten."""
        services = self._services
        credentials.forget_expired(services.db, now=now)
        permissions.forget_older(services.db, than=now - gate.REMEMBERED)
        responses.forget(services.db, before=now - KEEP_ANSWERS)
        for task_id in label_store.behind(services.db, labels.FITTING, now=now):
            if self._missing("label", task_id, now):
                services.queues.label(task_id)
        self._did.update(pruning.prune(services))
        has_app = services.config.github_app_id is not None
        if has_app and leases.take(services.db, "fetch-missed", now=now, interval=missed.LOOK_EVERY):
            services.queues.fetch_missed()
        bookkeeping.refresh(services.db, most=DAYS_AT_ONCE)

    def _act(self, one: Open, decision: Decision, now: datetime) -> None:
        queues, run = self._services.queues, one.run
        match decision:
            case Launch() if self._missing("launch", run.id, now, forced=_was_held(one)):
                queues.launch(run.id, one.task.priority)
            case Finish() if self._missing("finish", run.id, now, forced=_was_held(one)):
                queues.finish(run.id)
            case End() | Relaunch() if self._missing("stop", run.id, now, forced=_was_held(one)):
                queues.stop(run.id)

    def _missing(self, name: str, key: str, now: datetime, *, forced: bool = False, again: timedelta = AGAIN) -> bool:
        """Whether this job is in no queue. `forced`: its worker died, whatever Redis still says about the job."""
        looked = self._handed_out.get(f"{name}-{key}")
        if looked is not None and looked > now - again:
            return False
        try:
            found = not forced and self._services.queues.has_job(name, key)
        except RedisError:
            return False
        self._handed_out[f"{name}-{key}"] = now
        if not found:
            self._did[f"{name} job"] += 1
        return not found

    def _is_well(self, run: Placed, machine: Machine | None) -> bool:
        """Tables and host say the same; whether the run is late, the quick pass sees."""
        if machine is None:
            return run.machine_id is None or run.host != self._services.host.name
        return run.machine_id is not None and machine.state is not MachineState.STOPPED

    def _compare(self, one: Open, machine: Machine | None, still_missed: set[str], now: datetime) -> None:
        run, seen = one.run, machine or Sight.NOT_LOOKED
        if machine is not None and run.machine_id is None:
            self._adopt(one, machine, now)
            return
        if machine is None and run.machine_id is not None and run.host == self._services.host.name:
            # A list may lag: only a machine that is missing twice is taken for lost.
            still_missed.add(run.id)
            seen = Sight.MISSING if run.id in self._missed else Sight.NOT_LOOKED
        self._act(one, decide(one.task, run, seen, now=now), now)

    def _adopt(self, one: Open, machine: Machine, now: datetime) -> None:
        """A launch died between the machine and its record, and the machine has reported since."""
        if one.task.status in (Status.QUEUED, Status.LAUNCHING):
            return  # the next launch adopts it
        claim = runs.claim(self._services.db, one.run.id, now=now)
        if claim is None:
            return
        known = {"machine_id": machine.id, "host": self._services.host.name, "region": machine.region}
        runs.write(self._services.db, claim, **known, launched_at=claim.run.launched_at or now)
        runs.release(self._services.db, claim, due_at=claim.run.due_at)

    def _clear_away(self, machine: Machine, now: datetime) -> None:
        """A machine of no open run: nobody will ask for its work."""
        services = self._services
        try:
            run = runs.get(services.db, machine.run_id)
            if run.finished_at is None:
                return  # begun since we looked
        except NotFound:
            if machine.created_at is None or now - machine.created_at < UNKNOWN_MACHINE:
                return
        if self._destroy(machine.id):
            runs.mark_destroyed(services.db, machine.run_id, now=now)

    def _forget_destroyed(self, there: set[str], now: datetime) -> None:
        """Ended runs whose machine is no longer listed are done with."""
        for run in runs.with_machine_left(self._services.db):
            if run.host == self._services.host.name and run.machine_id not in there:
                runs.mark_destroyed(self._services.db, run.id, now=now)

    def _destroy(self, machine_id: str) -> bool:
        try:
            self._services.host.destroy(machine_id)
        except HostError as error:
            extra = {"action": "destroy_failed", "machine": machine_id, "error": str(error)}
            _log.warning("a machine could not be destroyed", extra=extra)
            return False
        self._did["stray machine"] += 1
        _log.info("a machine that nobody needs was destroyed", extra={"action": "swept", "machine": machine_id})
        return True


def run_forever(services: Services, stop: Event) -> None:
    """Sweep until `stop` is set. What a pass cannot reach it leaves to the next one."""
    services.take_on_app()
    preconditions.tell(services)
    fly_setup.warn(services)
    sweep = Sweep(services)
    next_slow = 0.0
    while not stop.is_set():
        try:
            services.take_on_app()
            if sweep.leads():
                sweep.quick()
                if monotonic() >= next_slow:
                    next_slow = monotonic() + SLOW
                    _slow(sweep)
        except (SQLAlchemyError, StoreError, JobError) as error:
            extra = {"action": "sweep_failed", "error": f"{type(error).__name__}: {error}"[:300]}
            _log.warning("a pass of the sweep was cut short", extra=extra)
        stop.wait(QUICK)
    sweep.resign()


def _slow(sweep: Sweep) -> None:
    """A slow pass that tells what it did, also when something is in its way."""
    begun = monotonic()
    try:
        sweep.slow()
    except (StoreError, JobError) as error:
        sweep.tell(monotonic() - begun, fault=f"{error}")
        raise
    sweep.tell(monotonic() - begun)


def _pages(read: Callable[[str], list[Row]], key: Callable[[Row], str]) -> Iterator[Row]:
    after = ""
    while page := read(after):
        yield from page
        after = key(page[-1])


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = list(keys)
    while rest:
        yield rest[:PAGE]
        rest = rest[PAGE:]


def _was_held(one: Open) -> bool:
    """A worker that let go cleared its lease; one that died left it behind."""
    return one.run.lease_until is not None
