"""What the pages read, through the store, and whether the store answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Literal, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from dashboard.errors import DatabaseAway
from dashboard.present import NEEDS
from dashboard.wanted import SHOWN, Wanted, WantedReviews
from store import events, feed, filters, held_changes, logs, runs, tasks
from store.database import Database
from store.errors import NotFound
from store.feed import TaskFilter
from store.lifecycle import LIVE, Status
from store.records import Event, HeldChange, LogLine, Run, Task

log = logging.getLogger(__name__)

Read = TypeVar("Read")
Seen = frozenset[str] | None  # the repositories a reader may see (None: all): dashboard.person.sees

_SUGGESTED = 20
_CALM = timedelta(seconds=15)  # longer than a page waits between two looks
LOG_END, LOG_CHUNK = 1_000, 6_000  # lines sent to the browser at first, and then at once; it asks for more by itself


@dataclass(frozen=True)
class FeedView:
    """One look at the feed. `counts`: without what waits for a person, of which there are `needs`. `positions`: tasks
    ahead of each queued one. `stopping`: asked to stop, still at work. `held`: their change waits for a person.
    `searched_to`: titles of older tasks were not searched."""

    tasks: list[Task]
    more: bool
    counts: Mapping[Status, int]
    positions: Mapping[str, int]
    stopping: frozenset[str]
    agents: list[str]
    held: frozenset[str] = frozenset()
    needs: int = 0
    searched_to: datetime | None = None


@dataclass(frozen=True)
class Suggestion:
    """One line of a type-ahead: what is chosen by it, and what it says."""

    value: str
    text: str


@dataclass(frozen=True)
class Typed:
    """What a type-ahead was asked, and what it offers."""

    of: str
    like: str
    items: list[Suggestion]


@dataclass(frozen=True)
class TaskView:
    """One look at a task: all its runs and all that happened. `held`: its change, if that waits for a person."""

    task: Task
    runs: list[Run]
    events: list[Event]
    position: int
    held: HeldChange | None = None

    @property
    def stopping(self) -> bool:
        return self.task.status in LIVE and bool(self.runs) and self.runs[-1].cancel_requested_at is not None


@dataclass(frozen=True)
class LogPiece:
    """All lines of a run's log behind number `after` up to number `upto`; `more`: there are newer ones behind them."""

    lines: list[LogLine]
    after: int
    upto: int
    more: bool = False


@dataclass(frozen=True)
class ReviewList:
    """One look at what can be reviewed: `held` changes first, then one page of pull requests. `counts` by what the
    reader may ask to be shown."""

    held: list[Task]
    page: feed.Page
    counts: Mapping[str, int]
    repositories: list[str]


class Watch:
    """Remembers since when the database does not answer."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._failed: datetime | None = None

    def look(self, what: Callable[[], Read], now: datetime) -> Read:
        """What `what` reads. Raises DatabaseAway."""
        try:
            found = what()
        except SQLAlchemyError as error:
            if self._since is None:
                log.warning(
                    "the database does not answer", extra={"action": "database_away", "error": type(error).__name__}
                )
            self._since, self._failed = self._since or now, now
            raise DatabaseAway(self._since) from error
        # So soon after a failure it proves nothing: not every look comes to ask the database.
        if self._failed is not None and now - self._failed > _CALM:
            self._since = self._failed = None
        return found


@cache
def watch() -> Watch:
    """The one of this process: every reader is told the same moment."""
    return Watch()


def feed_view(db: Database, wanted: Wanted, *, only: Seen = None, zone: tzinfo = UTC, limit: int = 50) -> FeedView:
    """The newest tasks that match and may be seen, and what the filters offer."""
    sought = replace(wanted.filter(zone), only=only)
    asked = filters.within_reach(db, sought)
    page = feed.page(db, asked, limit=limit)
    rest = replace(asked, statuses=frozenset(), needs_person=False)
    return FeedView(
        tasks=page.tasks,
        more=page.next_key is not None,
        counts=feed.counts(db, rest),
        needs=feed.count(db, replace(rest, needs_person=True)),
        positions=feed.positions(db, [task for task in page.tasks if task.status is Status.QUEUED]),
        stopping=feed.stopping(db, page.tasks),
        held=frozenset(task.id for task in page.tasks if _is_held(db, task)),
        agents=_names(db, "agent", only),
        searched_to=asked.since if asked != sought else None,
    )


def typed(db: Database, of: str, like: str, wanted: Wanted, *, only: Seen = None) -> Typed:
    """What somebody may mean who types `like` into the filter `of`, within the repository chosen already."""
    within = TaskFilter(repository=wanted.repository or None, only=only)
    match of:
        case "repository":
            found = feed.repositories(db, like=like, only=only, limit=_SUGGESTED)
        case "branch":
            found = feed.latest_names(db, "branch", within, like=like, limit=_SUGGESTED)
        case "by":
            found = feed.latest_names(db, "requested_by", within, like=like, limit=_SUGGESTED)
        case "issue":
            issues = [(str(number), f"#{number} {title}") for number, title in feed.issues(db, within, limit=1000)]
            fit = [Suggestion(*one) for one in issues if like.lower() in one[1].lower()]
            return Typed(of, like, fit[:_SUGGESTED])
        case _:
            found = []
    return Typed(of, like, [Suggestion(name, name) for name in found])


def waiting_for_me(db: Database, *, only: Seen = None) -> int:
    """How many tasks wait for a person's decision, as far as it is counted."""
    return feed.count(db, TaskFilter(needs_person=True, only=only))


def task_view(db: Database, task_id: str, *, only: Seen = None) -> TaskView:
    """Raises store.errors.NotFound, also for a task that this reader may not see."""
    task = visible(db, task_id, only)
    ahead = feed.position(db, task) if task.status is Status.QUEUED else 0
    held = held_changes.waiting(db, task_id) if task.status is Status.FINISHING else None
    return TaskView(task, runs.of_task(db, task_id), events.of_task(db, task_id), ahead, held)


def review_list(db: Database, wanted: WantedReviews, *, only: Seen = None, limit: int = 25) -> ReviewList:
    """What waits for a person, or the pull requests in the state asked for."""
    asked, awaited = replace(wanted.filter(), only=only), replace(wanted.held(), only=only)
    held = feed.page(db, awaited, limit=limit).tasks if wanted.show == NEEDS and not wanted.after else []
    try:
        page = feed.page(db, asked, after=wanted.after or None, limit=limit)
    except ValueError:  # a key that somebody made up
        page = feed.page(db, asked, limit=limit)
    shown = {show: replace(wanted, show=show).filter() for show in SHOWN}
    counts = {show: feed.count(db, replace(one, only=only)) for show, one in shown.items()}
    counts[NEEDS] += feed.count(db, awaited)
    return ReviewList(held, page, counts, feed.repositories(db, only=only, limit=200))


def visible(db: Database, task_id: str, only: Seen) -> Task:
    """Raises store.errors.NotFound, also for a task that this reader may not see."""
    task = tasks.get(db, task_id)
    if only is not None and task.repository not in only:
        raise NotFound("task", task_id)
    return task


def log_chunk(db: Database, run_id: str, *, after: int) -> LogPiece:
    """The next lines of a run's log behind number `after`."""
    found = logs.of_run(db, run_id, after=after, limit=LOG_CHUNK)
    return LogPiece(found, after, found[-1].n if found else after, more=len(found) == LOG_CHUNK)


def log_end(db: Database, run_id: str, *, upto: int | None = None) -> LogPiece:
    """The last lines of a run's log up to number `upto`, or up to its end: fewer, for they are to be there at once."""
    limit = LOG_END if upto is None else LOG_CHUNK
    found = logs.tail(db, run_id, upto=upto, limit=limit)
    last = found[-1].n if found else 0
    return LogPiece(found, found[0].n - 1 if len(found) == limit else 0, last if upto is None else upto)


def _names(db: Database, of: Literal["agent", "requested_by"], only: Seen) -> list[str]:
    return feed.names(db, of) if only is None else feed.latest_names(db, of, TaskFilter(only=only))


def _is_held(db: Database, task: Task) -> bool:
    return task.status is Status.FINISHING and held_changes.waiting(db, task.id) is not None
