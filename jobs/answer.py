"""Answers what a comment asked of Porter itself: 👀, the deed, and exactly one reply."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from jobs import comments, decision, dry_run, gate, readiness, replies, repository, roster, status_comment
from jobs.bootstrap import Services
from jobs.github.client import Repository
from jobs.github.errors import Crowded, GitHubRefused, GitHubUnavailable
from jobs.github.feedback import Feedback
from jobs.launch import pause_before
from jobs.readiness import Asker
from jobs.reasons import Reason
from jobs.replies import Offer
from jobs.status_comment import CLOCKS_APART
from store import follow_ups, requests, senders, tasks
from store.errors import IllegalMove
from store.records import Priority, Request, Task

_log = logging.getLogger(__name__)

MAX_ATTEMPTS = 12  # about ten minutes: later nobody waits for the answer to "status"
SHOWN = 10  # tasks in the answer to "status"


def answer(services: Services, request_id: str) -> None:
    """Do what the request asks and say so. While GitHub is away the request waits."""
    request = requests.claim(services.db, request_id, now=services.clock())
    if request is None:
        return
    try:
        outcome = _answer(services, request)
    except GitHubUnavailable as error:
        _try_later(services, request, error)
        return
    except GitHubRefused as refusal:
        extra = {"action": "answer_refused", "request": request.id, "status": refusal.status}
        _log.warning("github refused the answer to a command", extra=extra)
        outcome = "refused"
    requests.finish(services.db, request.id, outcome, now=services.clock())


def _answer(services: Services, request: Request) -> str:
    here = repository.of(services, request.repository, request.installation_id)
    _acknowledge(here, request)
    if not gate.may_ask(services, here, request.sender, source="comment"):
        gate.refuse(services, here, request.issue_number, request.sender)
        return "not_permitted"
    words = _DEEDS.get(request.verb, _unknown)(services, request)
    marker = replies.marker(request)
    if here.find_comment(request.issue_number, marker, since=request.created_at - CLOCKS_APART) is None:
        here.create_comment(request.issue_number, f"{words}\n\n{marker}")
    return "done"


def _acknowledge(here: Repository, request: Request) -> None:
    """👀, where GitHub has a place for it: a review as a whole has none."""
    try:
        if request.comment_id is not None:
            here.react(request.comment_id)
        elif request.remark_id is not None:
            Feedback(here, request.issue_number).react(request.remark_id)
    except (GitHubRefused, Crowded) as error:
        _log.info("the command gets no reaction", extra={"action": "reaction_left_out", "error": str(error)})


def _stop(services: Services, request: Request) -> str:
    """A repeated answer finds tasks that were told to stop already: they count as its own."""
    stopped: list[Task] = []
    for task in _of_issue(services, request):
        waited = _drop_waiting(services, task, request)
        try:
            tasks.cancel(services.db, task.id, by=request.sender, now=services.clock())
        except IllegalMove:
            if not waited and (task.finished_at is None or task.finished_at < request.created_at):
                continue
        stopped.append(task)
    for task in stopped:
        services.queues.publish(task.id)
    return replies.stopping(stopped, by=request.sender)


def _drop_waiting(services: Services, task: Task, request: Request) -> bool:
    """Feedback that waits for its run is not to start when the present one has stopped. Whether there was some."""
    dropped = False
    for one in follow_ups.waiting(services.db, task.id):
        if one.asked_at <= request.created_at:
            words = replies.not_begun(request.sender)
            dropped = follow_ups.refuse(services.db, one.id, words, now=services.clock()) or dropped
            services.queues.follow_up(one.id)
    return dropped


def _retry(services: Services, request: Request) -> str:
    """What is about to be restarted is noted first: a repeated answer restarts it no second time."""
    if request.answer and request.answer.startswith("retry:"):
        _, task_id, run_id = request.answer.split(":")
        task = tasks.get(services.db, task_id)
        return _restarted(services, request, task) if task.run_id == run_id else replies.retrying(task)
    mention = services.config.mention
    found = _of_issue(services, request)
    if not found:
        return replies.nothing_to_retry(mention, services.config.default_agent)
    task = found[0]
    if task.is_live:
        return replies.still_at_work(task, mention)
    requests.note(services.db, request.id, f"retry:{task.id}:{task.run_id}")
    return _restarted(services, request, task)


def _restarted(services: Services, request: Request, task: Task) -> str:
    now = services.clock()
    changes = _replaced(request.flags, task)
    if changes:
        tasks.change(services.db, task.id, now=now, **changes)
    moved = tasks.restart(services.db, task.id, by=request.sender, now=now)
    services.queues.launch(moved.run_id, moved.priority)
    return replies.retrying(moved)


def _replaced(flags: dict[str, Any], task: Task) -> dict[str, Any]:
    """The stored inputs that the flags of a retry replace."""
    flags = dict(flags)
    columns: dict[str, Any] = {name: flags.pop(name) for name in ("model", "base_branch") if name in flags}
    if "priority" in flags:
        columns["priority"] = Priority(flags.pop("priority"))
    if flags:
        columns["flags"] = task.flags | flags
    return columns


def _status(services: Services, request: Request) -> str:
    """In the words of the status comments: of the tasks at work, or else of the last one."""
    found = _of_issue(services, request)
    shown = [task for task in found if task.is_live][:SHOWN] or found[:1]
    now = services.clock()
    said = [comments.words(task, status_comment.context(services, task), now=now) for task in shown]
    return replies.overview(said, mention=services.config.mention)


def _help(services: Services, request: Request) -> str:
    config = services.config
    known = roster.load(config.default_agent, config.agents_file)
    asker, off = Asker(request.repository, request.sender), readiness.off(services.db)
    offers = [
        Offer(one.name, readiness.obstacle(services.db, one, asker) is None)
        for one in known.all()
        if one.name not in off
    ]
    return replies.manual(offers, default_agent=known.default, mention=config.mention)


def _mistake(services: Services, request: Request) -> str:  # noqa: ARG001
    return replies.mistaken(request.argument)


def _too_many(services: Services, request: Request) -> str:
    return replies.too_many(request.sender, request.argument, services.config.mention)


def _unknown(services: Services, request: Request) -> str:
    return replies.unknown_verb(request.verb, services.config.mention)


_DEEDS: dict[str, Callable[[Services, Request], str]] = {
    "stop": _stop,
    "retry": _retry,
    "status": _status,
    "help": _help,
    "mistake": _mistake,
    "approve": decision.approve,
    "reject": decision.reject,
    "dry_run": dry_run.answer,
    senders.TOLD: _too_many,
}


def _of_issue(services: Services, request: Request) -> list[Task]:
    """The issue's tasks, newest first; only those of the agent that was named, and none that was refused a stranger."""
    found = tasks.on_issue(services.db, request.repository, request.issue_number)
    asked = [task for task in found if task.reason != Reason.NOT_PERMITTED]
    return [task for task in asked if not request.argument or task.agent == request.argument]


def _try_later(services: Services, request: Request, error: GitHubUnavailable) -> None:
    now = services.clock()
    extra = {"action": "answer_put_off", "request": request.id, "error": str(error)}
    _log.warning("an answer waits for github", extra=extra)
    if request.attempts >= MAX_ATTEMPTS:
        requests.finish(services.db, request.id, "given_up", now=now)
        return
    pause = pause_before(request.attempts, error.retry_after)
    requests.put_off(services.db, request.id, until=now + timedelta(seconds=pause))
