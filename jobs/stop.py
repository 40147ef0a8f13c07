"""Ends a run that has no result and will have none: stopped, overdue, or its machine is lost."""

from __future__ import annotations

import logging
from dataclasses import replace

from jobs import ending, repository, status_comment
from jobs.bootstrap import Services
from jobs.decide import End, Finish, Relaunch, Sight, decide
from jobs.github.errors import GitHubError
from jobs.hosts.errors import HostError
from jobs.hosts.port import Machine
from store import events, runs, tasks
from store.lifecycle import Status
from store.records import Run
from store.runs import Claim

_log = logging.getLogger(__name__)

RELAUNCHED = "relaunched"


def stop(services: Services, run_id: str) -> None:
    """Look at the run's machine and do what must be done; nothing, if all is well.

    Raises Fenced or IllegalMove when another worker did it.
    """
    claim = runs.claim(services.db, run_id, now=services.clock())
    if claim is None:
        return
    unheld = replace(claim.run, lease_until=None)  # the lease is ours
    decision = decide(
        claim.task,
        unheld,
        look(services, unheld),
        now=services.clock(),
        relaunched=was_relaunched(services, unheld),
        porter_url=services.config.url,
    )
    match decision:
        case End(status, reason, message):
            head = _left_on_branch(services, claim)
            words = ending.with_fate(message, claim.task, kept=head is not None)
            changes = {"head_sha": head} if head else {}
            ending.end(services, claim, status, reason=reason, message=words, changes=changes)
        case Relaunch(message):
            _relaunch(services, claim, message)
        case _:
            runs.release(services.db, claim, due_at=claim.run.due_at)
            if isinstance(decision, Finish):
                services.queues.finish(run_id)


def look(services: Services, run: Run) -> Machine | Sight:
    """The run's machine as its host sees it now."""
    if run.machine_id is None or run.host != services.host.name:
        return Sight.NOT_LOOKED
    try:
        return services.host.get(run.machine_id) or Sight.MISSING
    except HostError as error:
        extra = {"action": "look_failed", "task": run.task_id, "machine": run.machine_id, "error": str(error)}
        _log.warning("the host could not say how a machine does", extra=extra)
        return Sight.NOT_LOOKED


def _left_on_branch(services: Services, claim: Claim) -> str | None:
    """The commit of a machine that got its push token and died, or had to go, before it could say that it pushed.

    The machine goes first, so that nothing comes after the look. That GitHub cannot tell fails nothing.
    """
    task = claim.task
    if task.status is not Status.FINISHING or task.branch is None:
        return None
    ending.remove_machine(services, claim.run)
    try:
        return repository.of(services, task.repository, task.installation_id).head_of(task.branch)
    except GitHubError as error:
        extra = {"action": "branch_not_seen", "task": task.id, "error": str(error)}
        _log.warning("whether a lost machine had pushed is not known", extra=extra)
        return None


def was_relaunched(services: Services, run: Run) -> bool:
    """Whether this run has had its second machine."""
    history = events.of_task(services.db, run.task_id)
    return any(event.kind == RELAUNCHED and event.run_id == run.id for event in history)


def _relaunch(services: Services, claim: Claim, message: str) -> None:
    """The lost machine goes first: its name is the one the next machine will have. Raises a HostError."""
    if claim.run.machine_id is not None:
        services.host.destroy(claim.run.machine_id)
    now = services.clock()
    # Its region stays: that is where the next one is not tried first.
    nothing = {
        "machine_id": None, "launched_at": None, "deadline": None, "lease_until": None, "due_at": now,
        "enqueued_at": None,
    }  # fmt: skip
    text = f"{message}; it had not begun, so another machine is started"
    with services.db.write() as connection:
        tasks.move(
            connection, claim.task.id, Status.QUEUED, now=now, kind=RELAUNCHED, text=text, run_id=claim.run.id,
            fence=claim.fence, changes={"message": text},
        )  # fmt: skip
        runs.write_in(connection, claim, nothing)
    services.queues.launch(claim.run.id, claim.task.priority)
    status_comment.publish(services, claim.task.id)
