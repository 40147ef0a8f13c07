"""From the runner's last word to the task's last status: the pull request, the numbers, the end of the machine."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from jobs import decide, ending, feedback, gate, held, pull_request, pull_words, repository
from jobs.bootstrap import Services
from jobs.github.errors import GitHubUnavailable
from jobs.launch import pause_before
from jobs.pull_request import NoPull
from jobs.reasons import Reason
from jobs.settings import chosen
from store import events, runs, tasks, usage
from store.held_changes import APPROVED, HELD, HOLDING
from store.lifecycle import Outcome, Status
from store.records import RunKind
from store.runs import Claim
from worker.contract import Ending

_log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)


def finish(services: Services, run_id: str) -> None:
    """Act on the run's result. While GitHub is away the result waits; it is never given up.

    Raises Fenced or IllegalMove when another worker did it.
    """
    claim = runs.claim(services.db, run_id, now=services.clock(), lease=LEASE)
    if claim is None:
        return
    if claim.run.result is None or claim.task.run_id != run_id:
        runs.release(services.db, claim, due_at=claim.run.due_at)
        return
    try:
        _act_on(services, claim, claim.run.result)
    except GitHubUnavailable as error:
        _try_later(services, claim, error)


def _act_on(services: Services, claim: Claim, result: Mapping[str, Any]) -> None:
    """Raises GitHubUnavailable, Fenced."""
    phase = claim.run.phase if claim.run.cancel_requested_at is None else None
    if phase == APPROVED:
        if not held.deliver(services, claim):
            return
        result = {**result, "pushed": True}
    _note_result(services, claim, result)
    if phase == HOLDING:
        held.park(services, claim)
    elif phase == HELD:
        held.rest(services, claim)
    else:
        _conclude(services, claim, result)


def _note_result(services: Services, claim: Claim, result: Mapping[str, Any]) -> None:
    """What the run brought, whatever becomes of it."""
    diff = result.get("diff") or {}
    values = usage.told(services.db, claim.run, claim.run.usage) | {
        "summary": result.get("summary") or "",
        "base_sha": result.get("base_sha"),
        # Only what was pushed is there for people to find; a follow-up's branch holds the earlier work as well.
        "head_sha": result.get("head_sha") if result.get("pushed") else _head_before(claim),
        "files_changed": diff.get("files", 0),
        "additions": diff.get("additions", 0),
        "deletions": diff.get("deletions", 0),
    }
    if any(getattr(claim.task, name) != value for name, value in values.items()):
        tasks.change(services.db, claim.task.id, now=services.clock(), **values)


def _head_before(claim: Claim) -> str | None:
    return claim.task.head_sha if claim.run.kind is RunKind.FOLLOW_UP else None


def _conclude(services: Services, claim: Claim, result: Mapping[str, Any]) -> None:
    how = Ending(result["ending"])
    said = str(result.get("message") or "")
    if claim.run.cancel_requested_at is not None or how is Ending.CANCELLED:
        words = decide.cancelled(claim.run) if claim.run.cancelled_by else said or "it was stopped"
        if claim.run.cancelled_by and not claim.run.discarded:
            pushed, unkept = bool(result.get("pushed")), str(result.get("unkept") or "")
            words = ending.with_fate(words, claim.task, kept=pushed, unkept=unkept)
        ending.end(services, claim, Status.CANCELLED, reason=Reason.CANCELLED, message=words)
    elif how is Ending.CHANGES and result.get("pushed"):
        _deliver(services, claim, result.get("tests"))
    elif how is Ending.CHANGES:
        ending.fail(services, claim, Reason.PUSH_FAILED, said or "the changes were not pushed")
    elif how is Ending.NO_CHANGES:
        _without_changes(services, claim, said)
    elif how is Ending.TIMED_OUT:
        ending.end(services, claim, Status.TIMED_OUT, reason=how, message=said)
    else:
        ending.fail(services, claim, how, said)


def _deliver(services: Services, claim: Claim, tests: Mapping[str, Any] | None) -> None:
    task = tasks.get(services.db, claim.task.id)
    here = repository.of(services, task.repository, task.installation_id)
    draft = bool(chosen(claim.run.inputs, "draft", task.flags.get("draft")))
    try:
        pull = pull_request.of_branch(services, here, task, draft=draft, tests=tests)
    except NoPull as trouble:
        ending.fail(services, claim, trouble.reason, str(trouble))
        return
    if pull is None:
        _without_changes(services, claim, "the branch does not differ from its base")
        return
    pull_request.note(services, task, pull)
    asker, way = feedback.asker(services, task, claim.run)
    if not gate.is_operator(services, way):
        pull_request.ask_for_review(services, here, task, pull, asker)
    again = claim.run.kind is RunKind.FOLLOW_UP
    message = (
        pull_words.ready(pull.number, is_draft=pull.is_draft, again=again)
        if pull.is_open
        else pull_words.closed_meanwhile(pull.number, merged=pull.merged)
    )
    changes = {"outcome": Outcome.PULL_REQUEST, "percent": 100}
    ending.end(services, claim, Status.SUCCEEDED, reason=None, message=message, changes=changes)


def _without_changes(services: Services, claim: Claim, message: str) -> None:
    """A follow-up that changed nothing leaves the pull request as it was."""
    outcome = Outcome.PULL_REQUEST if claim.run.kind is RunKind.FOLLOW_UP else Outcome.NO_CHANGES
    changes = {"outcome": outcome, "percent": 100}
    ending.end(services, claim, Status.SUCCEEDED, reason=None, message=message, changes=changes)


def _try_later(services: Services, claim: Claim, error: GitHubUnavailable) -> None:
    attempts = claim.run.attempts + 1
    pause = pause_before(attempts, error.retry_after)
    now = services.clock()
    words = f"{error}; the work is safe, trying again in {pause:.0f} s"
    events.record(services.db, claim.task.id, "put_off", words, now=now, run_id=claim.run.id)
    runs.release(services.db, claim, due_at=now + timedelta(seconds=pause), attempts=attempts)
    extra = {"action": "finish_put_off", "task": claim.task.id, "run": claim.run.id, "error": str(error)}
    _log.warning("a result waits for github", extra=extra)
