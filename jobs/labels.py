"""The label `porter:<status>` of an issue: added and removed one by one, so that nobody else's is touched. And the
label `porter` of the pull request that came of it."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Sequence
from enum import StrEnum

from jobs import repository, settings
from jobs.bootstrap import Services
from jobs.github.client import Repository
from jobs.github.errors import GitHubRefused, GitHubUnavailable
from jobs.reasons import Reason
from store import events, held_changes, labels, leases, tasks
from store.lifecycle import Status
from store.records import Run, Task

_log = logging.getLogger(__name__)


class Label(StrEnum):
    """Porter's own labels. `porter` and `porter:<agent>` are people's: they ask for work."""

    QUEUED = "porter:queued"
    RUNNING = "porter:running"
    HELD = "porter:held"
    DONE = "porter:done"
    FAILED = "porter:failed"
    CANCELLED = "porter:cancelled"


MADE_HERE = "porter"  # on a pull request; labels there ask for nothing: GitHub tells of them as `pull_request.labeled`

FITTING: dict[Status, frozenset[str]] = {
    Status.QUEUED: frozenset({Label.QUEUED}),
    Status.LAUNCHING: frozenset({Label.RUNNING}),
    Status.RUNNING: frozenset({Label.RUNNING}),
    Status.FINISHING: frozenset({Label.RUNNING, Label.HELD}),
    Status.SUCCEEDED: frozenset({Label.DONE}),
    Status.FAILED: frozenset({Label.FAILED}),
    Status.TIMED_OUT: frozenset({Label.FAILED}),
    Status.CANCELLED: frozenset({Label.CANCELLED}),
}


def of(task: Task, run: Run) -> Label:
    """The label that goes with a task. Pure."""
    if task.status is Status.FINISHING:
        return Label.HELD if run.phase == held_changes.HELD else Label.RUNNING
    [fitting] = FITTING[task.status]
    return Label(fitting)


def speaking(found: Sequence[Task]) -> Task:
    """Of an issue's tasks, newest first, the one that its label speaks of: at work before ended, then the newest."""
    return next((task for task in found if task.is_live), found[0])


def ring(services: Services, task_id: str) -> None:
    """Have the label brought up to date, if it is not; by another job, since it may have to wait for its turn."""
    task = tasks.get(services.db, task_id)
    if _is_told(task) and task.label_shown != of(task, tasks.current_run(services.db, task_id)):
        services.queues.label(task_id)


def publish(services: Services, task_id: str) -> None:
    """Give the issue the label that fits. GitHub's troubles are logged, never raised: the sweep comes again."""
    task = tasks.get(services.db, task_id)
    run = tasks.current_run(services.db, task_id)
    if not _is_told(task) or task.label_shown == of(task, run):
        return
    if not _are_on(services, task, run):
        labels.shown(services.db, task_id, of(task, run))
        return
    place = hashlib.sha256(f"{task.repository}#{task.issue_number}".encode()).hexdigest()[:32]
    holder, name = secrets.token_hex(8), f"labels:{place}"
    if not leases.hold(services.db, name, holder=holder, now=services.clock(), seconds=60):
        return
    try:
        _try_to_show(services, task, run)
    finally:
        leases.let_go(services.db, name, holder=holder)


def _try_to_show(services: Services, task: Task, run: Run) -> None:
    try:
        _show(services, repository.of(services, task.repository, task.installation_id), task)
    except GitHubUnavailable as error:
        extra = {"action": "label_delayed", "task": task.id, "error": str(error)}
        _log.info("the issue's label has to wait", extra=extra)
        return
    except GitHubRefused as refusal:
        once = f"label_refused:{task.run_id}"
        events.record(
            services.db, task.id, "warning", str(refusal), now=services.clock(), run_id=task.run_id, once=once
        )
    labels.shown(services.db, task.id, of(task, run))


def _show(services: Services, here: Repository, task: Task) -> None:
    """What is there is asked first: so a change that was cut short is finished by the next one."""
    number = task.issue_number or 0
    found = [one for one in tasks.on_issue(services.db, task.repository, number) if _is_told(one)]
    speaker = speaking(found or [task])
    wanted = of(speaker, tasks.current_run(services.db, speaker.id))
    there = [name.lower() for name in here.labels(number)]
    if wanted not in there:
        here.add_label(number, wanted)
    for other in Label:
        if other is not wanted and other in there:
            here.remove_label(number, other)
    if task.pr_number is not None and task.status is Status.SUCCEEDED and MADE_HERE not in here.labels(task.pr_number):
        here.add_label(task.pr_number, MADE_HERE)


def _is_told(task: Task) -> bool:
    """Only an issue with a status comment gets a label: whoever may not ask for the one gets none of the other."""
    return task.issue_number is not None and task.status_comment_id is not None and task.reason != Reason.NOT_PERMITTED


def _are_on(services: Services, task: Task, run: Run) -> bool:
    """As it was decided when the run was launched, or as it would be now."""
    if "labels" in run.inputs:
        return bool(run.inputs["labels"]["value"])
    decided = settings.effective(
        services.db, services.config, repository=task.repository, user=task.requested_by, flags=task.flags
    )
    return decided.labels.value
