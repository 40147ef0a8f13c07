"""The one pull request of a branch: found or opened, whoever else was at it; and what stands in its way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs import comments, pull_words
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.github.answers import Pull
from jobs.github.client import Repository
from jobs.github.errors import GitHubError, GitHubRefused
from jobs.reasons import Reason
from store import events, tasks
from store.records import Task

_NO_DRAFTS = "draft pull requests are not supported"
_EVEN = "no commits between"
_ARCHIVED = "archived"


class NoPull(JobError):
    """There can be no pull request; the message says why, and what to do."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


def of_branch(
    services: Services, here: Repository, task: Task, *, draft: bool = False, tests: Mapping[str, Any] | None = None
) -> Pull | None:
    """The pull request of the task's branch, opened if it is not there; None when nothing differs. `tests`: what the
    repository's test command said.

    Raises NoPull, GitHubUnavailable.
    """
    try:
        known = here.find_pull(task.branch or "")
        return known if known is not None else _opened(services, here, task, draft, tests)
    except GitHubRefused as refusal:
        if refusal.status == 403 and _ARCHIVED in refusal.said.lower():
            raise NoPull(pull_words.archived(task.repository), Reason.ARCHIVED) from refusal
        raise NoPull(str(refusal), Reason.PULL_REQUEST_REFUSED) from refusal


def note(services: Services, task: Task, pull: Pull) -> None:
    """Keep what is known of it with the task."""
    now, text = services.clock(), f"pull request #{pull.number} was opened"
    known: dict[str, Any] = {"pr_number": pull.number, "pr_url": pull.url, "pr_state": state(pull)}
    if task.pr_number != pull.number:
        known["pr_opened_at"] = now
    tasks.change(services.db, task.id, now=now, **known)
    once = f"pull_request:{pull.number}"
    events.record(services.db, task.id, "pull_request", text, now=now, run_id=task.run_id, once=once)


def state(pull: Pull) -> str:
    """`open`, `merged` or `closed`, as `tasks.pr_state` has it."""
    return "merged" if pull.merged else "open" if pull.is_open else "closed"


def ask_for_review(services: Services, here: Repository, task: Task, pull: Pull, asker: str) -> None:
    """Whoever asked for the work is asked to look at it; that this fails fails nothing."""
    if asker.lower() in (login.lower() for login in pull.reviewers) or not pull.is_open:
        return
    try:
        here.request_review(pull.number, asker)
    except GitHubError as error:
        words = f"{asker} could not be asked for a review: {error}"
        once = f"review:{task.run_id}"
        events.record(services.db, task.id, "warning", words, now=services.clock(), run_id=task.run_id, once=once)


def _opened(
    services: Services, here: Repository, task: Task, draft: bool, tests: Mapping[str, Any] | None
) -> Pull | None:
    context = comments.Context(task_url=f"{services.config.dashboard_url}/task?id={task.id}")
    words = {"title": pull_words.title(task), "body": pull_words.body(task, context, tests)}
    ends = {"branch": task.branch or "", "base": task.base_branch or ""}
    draft = draft or pull_words.failed(tests)
    try:
        return here.create_pull(**ends, **words, draft=draft)
    except GitHubRefused as refusal:
        if refusal.status != 422:
            raise
        if draft and _NO_DRAFTS in refusal.said.lower():
            return here.create_pull(**ends, **words, draft=False)
        if _EVEN in refusal.said.lower():
            return None
        return _in_the_way(here, task, refusal)


def _in_the_way(here: Repository, task: Task, refusal: GitHubRefused) -> Pull:
    """Another worker was a moment earlier, or one of its two branches is gone. Raises NoPull, or the refusal."""
    branch, base = task.branch or "", task.base_branch or ""
    found = here.find_pull(branch)
    if found is not None:
        return found
    if not here.has_branch(branch):
        raise NoPull(pull_words.head_gone(branch), Reason.BRANCH_DELETED)
    if not here.has_branch(base):
        raise NoPull(pull_words.base_gone(base, branch), Reason.BASE_DELETED)
    raise refusal
