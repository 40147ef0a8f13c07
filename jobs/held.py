"""A change that waits for a person: looked into, shown, decided, and then pushed byte for byte."""

from __future__ import annotations

import logging
from dataclasses import asdict, fields
from datetime import timedelta

from jobs import bundle, ending, places, repository, status_comment
from jobs.bootstrap import Services
from jobs.bundle import BrokenWork, Remote
from jobs.errors import JobError
from jobs.github.app import Purpose
from jobs.github.errors import GitHubRefused
from jobs.reasons import Reason
from store import held_changes, runs
from store.records import HeldChange, Run, RunKind, Task
from store.runs import Claim
from worker.contract import MAX_FINDINGS, Finding, Policy

_log = logging.getLogger(__name__)

LEASE = timedelta(minutes=4)  # longer than a job may run: git takes its time
AGAIN = timedelta(minutes=1)  # before a machine that could not be destroyed is tried again


class NothingHeld(JobError):
    """The run has nothing that waits: the tables disagree with each other."""


def park(services: Services, claim: Claim) -> None:
    """Look into what the machine handed in, show it, and let go of the machine. The run then waits for a decision.

    Raises Fenced, GitHubUnavailable.
    """
    runs.write(services.db, claim, lease_until=services.clock() + LEASE)
    held, task = _whole(services, claim), claim.task
    branches = [task.base_branch or ""] if claim.run.kind is not RunKind.FOLLOW_UP else [task.branch or ""]
    try:
        seen = bundle.look(held, _remote(services, task, Purpose.CLONE), branches, policy(claim.run))
    except (BrokenWork, GitHubRefused) as error:
        words = f"its change must be seen by a person before it is pushed, and cannot be shown: {error}"
        ending.fail(services, claim, Reason.PUSH_FAILED, words)
        return
    findings = _together([Finding(**found) for found in held.findings], seen.findings)
    now = services.clock()
    held_changes.inspected(services.db, claim, seen.diff, [asdict(one) for one in findings], now=now, why=why(findings))
    _log.info("a change waits for a person", extra={"action": "held", "task": task.id, "run": claim.run.id})
    status_comment.publish(services, task.id)
    rest(services, claim)


def rest(services: Services, claim: Claim) -> None:
    """Nothing to do until somebody decides, but to take the machine away and give the place to the next."""
    ending.remove_machine(services, runs.get(services.db, claim.run.id))
    run = runs.get(services.db, claim.run.id)
    left = run.machine_id is not None and run.destroyed_at is None
    runs.release(services.db, claim, due_at=services.clock() + AGAIN if left else None, attempts=0)
    places.wake(services)


def deliver(services: Services, claim: Claim) -> bool:
    """Push what was approved, byte for byte; False when it cannot be pushed, and the task has ended so.

    Raises Fenced, GitHubUnavailable.
    """
    held = _whole(services, claim)
    if held.pushed_at is not None:
        return True
    task = claim.task

    def still_ours() -> None:
        runs.write(services.db, claim, lease_until=services.clock() + LEASE)

    still_ours()
    try:
        bundle.push(held, _remote(services, task, Purpose.PUSH), task.branch or "", before=still_ours)
    except (BrokenWork, GitHubRefused) as error:
        words = f"{held.decided_by} approved the change, and it could not be pushed: {error}"
        ending.fail(services, claim, Reason.PUSH_FAILED, words)
        return False
    held_changes.pushed(services.db, claim.run.id, now=services.clock())
    return True


def approve(services: Services, task_id: str, *, by: str) -> Task:
    """Let the change that waits be pushed; a job does it. Raises NotFound, NotHeld, AlreadyDecided."""
    task = held_changes.approve(services.db, task_id, by=by, now=services.clock())
    services.queues.finish(task.run_id)
    services.queues.publish(task.id)
    _log.info("a held change was approved", extra={"action": "approved", "task": task.id, "by": by})
    return task


def reject(services: Services, task_id: str, *, by: str) -> Task:
    """End the task without its change. Raises NotFound, NotHeld, AlreadyDecided."""
    task = held_changes.reject(services.db, task_id, by=by, now=services.clock(), reason=Reason.REJECTED)
    services.queues.publish(task.id)
    _log.info("a held change was rejected", extra={"action": "rejected", "task": task.id, "by": by})
    return task


def policy(run: Run) -> Policy:
    """What of this run's work may be pushed unseen: as its launch decided, else Porter's own limits."""
    names = (one.name for one in fields(Policy))
    decided = {name: run.inputs[name].get("value") for name in names if name in run.inputs}
    return Policy(**{name: value for name, value in decided.items() if value is not None})


def why(findings: list[Finding]) -> str:
    """The reason in one sentence, for the page and the history."""
    first = findings[0]
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    place = f" ({first.path})" if first.path else ""
    return f"the change waits for a person: {first.words.rstrip('.')}{place}{more}"


def _whole(services: Services, claim: Claim) -> HeldChange:
    held = held_changes.get(services.db, claim.run.id)
    if held is None:
        raise NothingHeld(f"run {claim.run.id} is said to be held, and there is no change of it")
    return held


def _remote(services: Services, task: Task, purpose: Purpose) -> Remote:
    """The token is minted for this one step and kept nowhere."""
    here = repository.of(services, task.repository, task.installation_id)
    token = services.github.app.mint(here.installation_id, task.repository, purpose)
    return Remote(f"{services.config.github_url}/{task.repository}.git", token.value)


def _together(said: list[Finding], seen: list[Finding]) -> list[Finding]:
    """Porter's own findings first; the machine knew secrets of its own, so what it adds is kept."""
    known = {(one.rule, one.path, one.line) for one in seen}
    return [*seen, *(one for one in said if (one.rule, one.path, one.line) not in known)][:MAX_FINDINGS]
