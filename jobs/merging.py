"""What a person decides about a task's pull request: merge it, reject it, or ask for changes."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jobs import gate, repository, review_words
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.github.client import Repository
from jobs.github.errors import GitHubRefused, GitHubUnavailable, RateLimited
from jobs.github.pull_requests import PullRequest, Standing
from jobs.status_comment import CLOCKS_APART
from store import dropping, events, follow_ups, heard, tasks
from store.dropping import Work
from store.heard import PullMoved
from store.records import FollowUp, NewFollowUp, Task

_log = logging.getLogger(__name__)

Method = Literal["merge", "squash", "rebase"]


class CannotDecide(JobError):
    """The decision cannot be carried out; the message says why and what to do next."""


class NotPermitted(CannotDecide):
    """GitHub does not let this person write to the repository, or they only look on here."""


class HeadMoved(CannotDecide):
    """The branch is no longer what was looked at."""


class NotMergeable(CannotDecide):
    """GitHub does not merge it as it stands."""


@dataclass(frozen=True)
class Merged:
    """`sha`: the commit that the base branch has now. `task` as it is after that."""

    sha: str
    pr_number: int
    url: str
    task: Task


@dataclass(frozen=True)
class _Desk:
    """A task whose pull request is decided on, by somebody who may."""

    task: Task
    number: int
    here: Repository
    pull: PullRequest


def merge(
    services: Services, task_id: str, *, by: str, login: str | None, head_sha: str, method: Method = "merge"
) -> Merged:
    """Merge exactly the commit that was looked at. `login`: who decides, asked about at GitHub; None for the local
    operator and the API's token. Repeated, nothing happens twice.

    Raises NotFound, CannotDecide (NotPermitted, HeadMoved, NotMergeable), a GitHubError.
    """
    desk = _let_in(services, task_id, login)
    standing = desk.pull.standing()
    if not standing.merged:
        _require_mergeable(standing, head_sha)
        _note(services, desk.task, "merge_asked", f"{by} approved {head_sha[:7]} and merges it", by)
        sha = _merge(desk, head_sha, method)
    elif standing.head_sha == head_sha:
        sha = standing.merge_sha or ""
    else:
        raise HeadMoved(review_words.moved(standing))
    task = _moved(services, desk, "merged", by, services.clock())
    return Merged(sha, desk.number, standing.url, task)


def reject(services: Services, task_id: str, *, by: str, login: str | None, reason: str = "") -> Task:
    """Close the pull request, with the reason as a comment. A run that works on it is told to stop first, and nothing
    of it is pushed any more. Raises as `merge` does."""
    desk = _let_in(services, task_id, login)
    standing = desk.pull.standing()
    if standing.merged:
        raise CannotDecide(review_words.is_over(standing))
    if standing.is_open:
        _note(services, desk.task, "reject_asked", f"{by} rejected the pull request", by)
        stopped = _stop_work(services, desk, by)
        _say_why(desk, standing, reason, by, stopped=stopped)
        standing = desk.pull.close()
    return _moved(services, desk, "closed", by, standing.changed_at)


def request_changes(services: Services, task_id: str, *, by: str, login: str | None, words: str) -> FollowUp:
    """Have the agent go on with the pull request; `words` are the feedback. It is answered there. Said twice while it
    waits, it is one. Raises as `merge` does."""
    if not words.strip():
        raise CannotDecide("say what should be changed: the agent gets nothing but these words")
    desk = _let_in(services, task_id, login)
    standing = desk.pull.standing()
    if not standing.is_open:
        raise CannotDecide(review_words.is_over(standing))
    asker = login or by
    for one in follow_ups.waiting(services.db, task_id):
        if (one.requested_by, one.instructions) == (asker, words):
            return one
    new = NewFollowUp(task_id, f"{follow_ups.ASKED}:{secrets.randbits(48)}", asker, words)
    with services.db.write() as connection:
        key = follow_ups.add(connection, new, now=services.clock())
    services.queues.follow_up(key or "")
    return follow_ups.get(services.db, key or "")


def _let_in(services: Services, task_id: str, login: str | None) -> _Desk:
    """Raises NotFound, CannotDecide, NotPermitted, a GitHubError: while GitHub cannot say who may, nobody may."""
    task = tasks.get(services.db, task_id)
    if task.pr_number is None:
        raise CannotDecide("this task has no pull request to decide on")
    here = repository.of(services, task.repository, task.installation_id)
    # Asked anew, whatever was remembered of the last minute: this is not undone by asking again.
    if login is not None and (login.endswith(gate.BOT) or here.permission(login) not in gate.WRITERS):
        extra = {"action": "not_permitted", "repository": task.repository, "login": login}
        _log.info("someone without write access decided", extra=extra)
        raise NotPermitted(review_words.not_permitted(login, task.repository))
    if login is not None and gate.is_viewer(services, login):
        raise NotPermitted(review_words.only_looks(login))
    return _Desk(task, task.pr_number, here, PullRequest(here, task.pr_number))


def _require_mergeable(standing: Standing, head_sha: str) -> None:
    """What can be told before GitHub is asked to merge. Raises CannotDecide, HeadMoved, NotMergeable."""
    if not standing.is_open:
        raise CannotDecide(review_words.is_over(standing))
    if standing.head_sha != head_sha:
        raise HeadMoved(review_words.moved(standing))
    if standing.is_draft:
        raise NotMergeable(review_words.is_draft(standing.number))


def _merge(desk: _Desk, head_sha: str, method: Method) -> str:
    """The commit that merging made. After an answer that is none, or a no, the pull request is looked at: it may be
    merged all the same."""
    try:
        return desk.pull.merge(head_sha, method)
    except RateLimited:
        raise  # nothing was done
    except (GitHubRefused, GitHubUnavailable) as trouble:
        seen = desk.pull.standing()
        if seen.merged and seen.head_sha == head_sha:
            return seen.merge_sha or ""
        raise _why_not(seen, head_sha, trouble) from trouble


def _why_not(seen: Standing, head_sha: str, trouble: GitHubRefused | GitHubUnavailable) -> JobError:
    if isinstance(trouble, GitHubUnavailable):
        return GitHubUnavailable(review_words.unclear(seen.number), trouble.retry_after)
    if seen.head_sha != head_sha:
        return HeadMoved(review_words.moved(seen))
    if trouble.status in (405, 409, 422):
        return NotMergeable(review_words.not_mergeable(seen, trouble.said))
    return trouble


def _stop_work(services: Services, desk: _Desk, by: str) -> bool:
    """Whether there was a run to stop. Raises CannotDecide while its work is on its way to the branch."""
    why, now = f"{by} rejected the pull request", services.clock()
    with services.db.write() as connection:
        found = dropping.drop(connection, desk.task.id, by=by, why=why, now=now)
    if found is Work.NONE:
        return False
    services.queues.publish(desk.task.id)
    if found is Work.PUSHING:
        raise CannotDecide(review_words.being_pushed(desk.number))
    return True


def _say_why(desk: _Desk, standing: Standing, reason: str, by: str, *, stopped: bool) -> None:
    """One comment, looked up before it is made; a conversation that is locked takes none, and is closed all the same.
    Raises GitHubUnavailable."""
    marker = review_words.reject_marker(desk.task, standing.head_sha, reason)
    try:
        if desk.here.find_comment(desk.number, marker, since=desk.task.created_at - CLOCKS_APART) is None:
            words = review_words.rejected(desk.task, reason, by=by, marker=marker, stopped=stopped)
            desk.here.create_comment(desk.number, words)
    except GitHubRefused as refusal:
        extra = {"action": "comment_refused", "task": desk.task.id, "status": refusal.status}
        _log.warning("github refused the reason of a rejection", extra=extra)


def _moved(services: Services, desk: _Desk, state: str, by: str, at: datetime) -> Task:
    """What the webhook will tell as well, only now and with the name of who decided."""
    news = PullMoved(desk.task.repository, desk.number, state, by, at)
    with services.db.write() as connection:
        changed = heard.take(connection, news, now=services.clock())
    for task_id in changed:
        services.queues.publish(task_id)
    extra = {"action": f"pull_{state}", "task": desk.task.id, "by": by}
    _log.info("a pull request was decided on", extra=extra)
    return tasks.get(services.db, desk.task.id)


def _note(services: Services, task: Task, kind: str, text: str, by: str) -> None:
    """Before it is done: GitHub's own news of it may come first, and knows only that Porter did it."""
    with services.db.write() as connection:
        events.add(connection, task.id, kind, text, now=services.clock(), run_id=task.run_id, actor=by)
