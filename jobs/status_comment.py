"""Keeps the one status comment of a task up to date: found by its marker, edited in place, posted again if deleted."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from typing import Any

from jobs import comments, gate, labels, repository
from jobs.bootstrap import Services
from jobs.github.client import Repository
from jobs.github.errors import GitHubRefused, GitHubUnavailable
from jobs.reasons import Reason
from store import events, feed, held_changes, leases, logs, tasks
from store.lifecycle import Status
from store.records import Task

_log = logging.getLogger(__name__)

EDIT_EVERY = timedelta(seconds=5)
SETTLING = timedelta(seconds=5)  # a task that starts at once needs no comment that says it waits
CLOCKS_APART = timedelta(minutes=10)  # GitHub's clock and ours


def publish(services: Services, task_id: str) -> None:
    """Make the comment show the task as it is now. GitHub's troubles are logged, never raised: the sweep comes again,
    and no task fails because of its comment."""
    task = tasks.get(services.db, task_id)
    if task.issue_number is None or task.comment_version >= task.version:
        return
    holder, name = secrets.token_hex(8), f"comment:{task_id}"
    if not leases.hold(services.db, name, holder=holder, now=services.clock(), seconds=60):
        return
    try:
        _try_to_show(services, tasks.get(services.db, task_id), task.issue_number)
    finally:
        leases.let_go(services.db, name, holder=holder)
    labels.ring(services, task_id)


def _try_to_show(services: Services, task: Task, issue_number: int) -> None:
    now = services.clock()
    if _must_wait(services, task, now):
        return
    try:
        _show(services, task, issue_number)
    except GitHubUnavailable as error:
        later = now + timedelta(seconds=error.retry_after or 0)
        extra = {"action": "comment_delayed", "task": task.id, "error": str(error)}
        _log.warning("the status comment has to wait", extra=extra)
        _shown(services, task, task.status_comment_id, task.comment_version, later)
    except GitHubRefused as refusal:
        refused = {"action": "comment_refused", "task": task.id, "request": refusal.request_id}
        _log.warning("github refused the status comment", extra=refused)
        once = f"comment_refused:{task.run_id}"
        events.record(services.db, task.id, "warning", str(refusal), now=now, run_id=task.run_id, once=once)
        _shown(services, task, task.status_comment_id, task.version, now)


def _must_wait(services: Services, task: Task, now: datetime) -> bool:
    """The first and the last word wait in line with all that Porter writes; what is between them is dropped instead.
    What comes too soon after an edit the sweep brings when it is time."""
    if task.comment_edited_at is not None and now < task.comment_edited_at + EDIT_EVERY:
        return True
    if not task.is_live:
        return False
    if task.status_comment_id is None:
        return task.status is Status.QUEUED and now < task.created_at + SETTLING
    return task.installation_id is not None and not services.github.guest.may_edit(task.installation_id)


def _show(services: Services, task: Task, issue_number: int) -> None:
    here = repository.of(services, task.repository, task.installation_id)
    if task.reason == Reason.NOT_PERMITTED:
        silent = task.source == "opened"  # whoever merely opened an issue asked Porter for nothing, and hears nothing
        comment_id = None if silent else gate.refuse(services, here, issue_number, task.requested_by)
        if silent or comment_id is not None:
            _shown(services, task, comment_id, task.version, services.clock())
        return
    # Before the launch nobody has asked GitHub yet who this is, and a comment is a thing that only writers get.
    unasked = task.status is Status.QUEUED and task.status_comment_id is None
    if unasked and not gate.may_ask(services, here, task.requested_by, source=task.source):
        _shown(services, task, None, task.version, services.clock())
        return
    body = comments.status(task, context(services, task), now=services.clock())
    edited = _edit(here, task, issue_number, body)
    # The time now, not before: it may have waited for its turn. To post it is no edit: the first may follow at once.
    if edited is not None:
        _shown(services, task, edited, task.version, services.clock())
    else:
        _shown(services, task, here.create_comment(issue_number, body).id, task.version, None)


def _edit(here: Repository, task: Task, issue_number: int, body: str) -> int | None:
    """Edit the comment that is known, or the one that is found; None when there is none."""
    if task.status_comment_id is not None and here.update_comment(task.status_comment_id, body):
        return task.status_comment_id
    found = here.find_comment(issue_number, comments.marker(task.id), since=task.created_at - CLOCKS_APART)
    return found.id if found is not None and here.update_comment(found.id, body) else None


def _shown(services: Services, task: Task, comment_id: int | None, version: int, at: datetime | None) -> None:
    tasks.comment_shown(services.db, task.id, comment_id=comment_id, version=version, edited_at=at)


def context(services: Services, task: Task) -> comments.Context:
    """What the words about a task say besides the task itself."""
    config = services.config
    tail = task.status in (Status.FAILED, Status.TIMED_OUT)
    return comments.Context(
        task_url=f"{config.dashboard_url}/task?id={task.id}",
        branch_url=f"{config.github_url}/{task.repository}/tree/{task.branch}" if task.branch else None,
        mention=config.mention,
        position=feed.position(services.db, task) if task.status is Status.QUEUED else None,
        log_tail=_tail(services, task) if tail else [],
        held=_held(services, task) if task.status is Status.FINISHING else [],
    )


def _held(services: Services, task: Task) -> list[dict[str, Any]]:
    waits = held_changes.waiting(services.db, task.id)
    return waits.findings if waits else []


def _tail(services: Services, task: Task) -> list[str]:
    return [line.text for line in logs.tail(services.db, task.run_id, limit=comments.TAIL_LINES)]
