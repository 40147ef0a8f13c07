"""What GitHub tells of issues, comments and pull requests that changes what Porter has in hand.

Deliveries may come late, twice and in any order: each piece of news carries GitHub's own time, and the end is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select, update

from store import dialect, dropping, events, follow_ups, installations, tables
from store.installations import InstallationSeen, RepositoriesSeen
from store.lifecycle import LIVE, Status
from store.records import NewTask, Task
from store.tasks import cancel_in, change_in, lock

_tasks, _runs, _closings = tables.tasks, tables.runs, tables.closings
_CLOCKS_APART = timedelta(seconds=2)  # GitHub's times are whole seconds, and its clock is not ours
_NO_MACHINE = (Status.QUEUED, Status.LAUNCHING)


@dataclass(frozen=True)
class IssueOver:
    """An issue was closed, deleted or moved away at `at`: its tasks stop. `words` say so in their history."""

    repository: str
    issue_number: int
    by: str
    words: str
    at: datetime


@dataclass(frozen=True)
class CommentGone:
    """A comment was deleted: what it asked for and has no machine yet is stopped."""

    repository: str
    comment_id: int
    by: str
    at: datetime


@dataclass(frozen=True)
class PullMoved:
    """A pull request became `open`, `closed` or, for good, `merged`."""

    repository: str
    number: int
    state: str
    by: str
    at: datetime


News = IssueOver | CommentGone | PullMoved | InstallationSeen | RepositoriesSeen


def take(connection: Connection, news: News, *, now: datetime) -> list[str]:
    """Do what the news asks for in the caller's transaction; the ids of the tasks it changed."""
    match news:
        case IssueOver():
            return _issue_over(connection, news, now)
        case CommentGone():
            return _comment_gone(connection, news, now)
        case PullMoved():
            return _pull_moved(connection, news, now)
        case InstallationSeen():
            installations.seen(connection, news, now=now)
        case RepositoriesSeen():
            installations.repositories_seen(connection, news, now=now)
    return []


def is_at_work(connection: Connection, new: NewTask) -> bool:
    """Whether a live task of the same agent works on the same issue."""
    same = (_tasks.c.repository == new.repository) & (_tasks.c.issue_number == new.issue_number)
    live = select(_tasks.c.id).where(same, _tasks.c.agent == new.agent, _tasks.c.status.in_(LIVE))
    return connection.execute(live.limit(1)).first() is not None


def stop_if_over(connection: Connection, task_id: str, new: NewTask, *, now: datetime) -> None:
    """Stop a task that was just made if its issue or comment ended since it was asked for: that news came first."""
    if new.asked_at is None:
        return
    subjects = [f"issue:{new.issue_number}", f"comment:{new.comment_id}"]
    mine = (_closings.c.repository == new.repository) & _closings.c.subject.in_(subjects)
    over = select(_closings.c.subject).where(mine, _closings.c.at >= new.asked_at)
    if (subject := connection.execute(over.limit(1)).scalar()) is not None:
        what = "issue was closed" if subject.startswith("issue") else "comment was deleted"
        cancel_in(connection, task_id, by="porter", now=now, why=f"the {what} before a machine was started")


def _issue_over(connection: Connection, news: IssueOver, now: datetime) -> list[str]:
    _note(connection, news.repository, f"issue:{news.issue_number}", news.at)
    mine = (_tasks.c.repository == news.repository) & (_tasks.c.issue_number == news.issue_number)
    # What was asked for after a reopening is none of this news' business.
    found = _live(connection, mine & (func.coalesce(_tasks.c.asked_at, _tasks.c.created_at) <= news.at))
    return _stop(connection, found, news.by, news.words, now)


def _comment_gone(connection: Connection, news: CommentGone, now: datetime) -> list[str]:
    subject = f"comment:{news.comment_id}"
    _note(connection, news.repository, subject, news.at)
    words = f"{news.by} deleted the comment that asked for it"
    mine = (_tasks.c.repository == news.repository) & (_tasks.c.comment_id == news.comment_id)
    idle = _tasks.c.status.in_(_NO_MACHINE) & _tasks.c.run_id.in_(
        select(_runs.c.id).where(_runs.c.machine_id.is_(None))
    )
    found = _live(connection, mine & idle)
    waiting = tables.follow_ups.c.source_key.like(f"{subject}:%") & tables.follow_ups.c.task_id.in_(
        select(_tasks.c.id).where(_tasks.c.repository == news.repository)
    )
    follow_ups.refuse_in(connection, waiting, words, now=now, silently=True)
    return _stop(connection, found, news.by, words, now)


def _pull_moved(connection: Connection, news: PullMoved, now: datetime) -> list[str]:
    mine = (_tasks.c.repository == news.repository) & (_tasks.c.pr_number == news.number)
    moved = []
    for task_id in sorted(connection.execute(select(_tasks.c.id).where(mine)).scalars()):
        task = lock(connection, task_id)
        if not _is_newer(task, news):
            continue
        change_in(connection, task_id, now=now, pr_state=news.state, pr_state_at=news.at)
        text = f"{news.by} {'reopened' if news.state == 'open' else news.state} the pull request"
        once = f"pull:{news.state}:{news.at.isoformat()}"
        events.add(connection, task_id, f"pull_{news.state}", text, now=now, actor=news.by, once=once)
        if news.state == "closed":
            dropping.drop(connection, task_id, by=news.by, why=text, now=now, asked_before=news.at + _CLOCKS_APART)
        moved.append(task_id)
    return moved


def _is_newer(task: Task, news: PullMoved) -> bool:
    """Merged is for good. GitHub's times are whole seconds: within one, closed wins over open."""
    if task.pr_state == "merged" or task.pr_state == news.state:
        return False
    if news.state == "merged" or task.pr_state_at is None:
        return True
    return news.at > task.pr_state_at or (news.at == task.pr_state_at and news.state == "closed")


def _note(connection: Connection, repository: str, subject: str, at: datetime) -> None:
    row = {"repository": repository, "subject": subject, "at": at}
    if dialect.insert_new(connection, _closings, [row]):
        return
    mine = (_closings.c.repository == repository) & (_closings.c.subject == subject) & (_closings.c.at < at)
    connection.execute(update(_closings).where(mine).values(at=at))


def _live(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    query = select(_tasks.c.id).where(which, _tasks.c.status.in_(LIVE)).order_by(_tasks.c.id)
    return [str(key) for key in connection.execute(query).scalars()]


def _stop(connection: Connection, task_ids: Iterable[str], by: str, why: str, now: datetime) -> list[str]:
    stopped = []
    for task_id in task_ids:
        if lock(connection, task_id).is_live:
            cancel_in(connection, task_id, by=by, now=now, why=why)
            stopped.append(task_id)
    return stopped
