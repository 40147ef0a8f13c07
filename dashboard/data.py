"""What the pages read, through the store, and whether the store answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from dashboard.errors import DatabaseAway
from dashboard.present import NEEDS
from dashboard.wanted import SHOWN, Wanted, WantedReviews
from store import deliveries, events, feed, held_changes, logs, runs, tasks
from store.database import Database
from store.lifecycle import LIVE, Status
from store.records import Delivery, Event, HeldChange, LogLine, Run, Task

log = logging.getLogger(__name__)

Read = TypeVar("Read")

LOG_CHUNK = 4000  # lines sent to the browser at once; it asks for more by itself


@dataclass(frozen=True)
class FeedView:
    """One look at the feed. `counts`: without what waits for a person, of which there are `needs`. `positions`: tasks
    ahead of each queued one. `stopping`: asked to stop, still at work. `held`: their change waits for a person."""

    tasks: list[Task]
    more: bool
    counts: Mapping[Status, int]
    positions: Mapping[str, int]
    stopping: frozenset[str]
    repositories: list[str]
    agents: list[str]
    people: list[str]
    held: frozenset[str] = frozenset()
    needs: int = 0


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

    def look(self, what: Callable[[], Read], now: datetime) -> Read:
        """What `what` reads. Raises DatabaseAway."""
        try:
            found = what()
        except SQLAlchemyError as error:
            if self._since is None:
                log.warning(
                    "the database does not answer", extra={"action": "database_away", "error": type(error).__name__}
                )
            self._since = self._since or now
            raise DatabaseAway(self._since) from error
        self._since = None
        return found


@cache
def watch() -> Watch:
    """The one of this process: every reader is told the same moment."""
    return Watch()


def feed_view(db: Database, wanted: Wanted, *, limit: int = 50) -> FeedView:
    """The newest tasks that match, and what the filters offer."""
    page = feed.page(db, wanted.filter(), limit=limit)
    rest = replace(wanted.filter(), statuses=frozenset(), needs_person=False)
    return FeedView(
        tasks=page.tasks,
        more=page.next_key is not None,
        counts=feed.counts(db, rest),
        needs=feed.count(db, replace(rest, needs_person=True)),
        positions={task.id: feed.position(db, task) for task in page.tasks if task.status is Status.QUEUED},
        stopping=frozenset(task.id for task in page.tasks if _is_stopping(db, task)),
        held=frozenset(task.id for task in page.tasks if _is_held(db, task)),
        repositories=feed.repositories(db, limit=200),
        agents=feed.names(db, "agent"),
        people=feed.names(db, "requested_by"),
    )


def task_view(db: Database, task_id: str) -> TaskView:
    """Raises store.errors.NotFound."""
    task = tasks.get(db, task_id)
    ahead = feed.position(db, task) if task.status is Status.QUEUED else 0
    held = held_changes.waiting(db, task_id) if task.status is Status.FINISHING else None
    return TaskView(task, runs.of_task(db, task_id), events.of_task(db, task_id), ahead, held)


def review_list(db: Database, wanted: WantedReviews, *, limit: int = 25) -> ReviewList:
    """What waits for a person, or the pull requests in the state asked for."""
    held = feed.page(db, wanted.held(), limit=limit).tasks if wanted.show == NEEDS and not wanted.after else []
    try:
        page = feed.page(db, wanted.filter(), after=wanted.after or None, limit=limit)
    except ValueError:  # a key that somebody made up
        page = feed.page(db, wanted.filter(), limit=limit)
    counts = {show: feed.count(db, replace(wanted, show=show).filter()) for show in SHOWN}
    counts[NEEDS] += feed.count(db, wanted.held())
    return ReviewList(held, page, counts, feed.repositories(db, limit=200))


def task(db: Database, task_id: str) -> Task:
    """Raises store.errors.NotFound."""
    return tasks.get(db, task_id)


def log_chunk(db: Database, run_id: str, *, after: int) -> list[LogLine]:
    """The next lines of a run's log behind number `after`."""
    return logs.of_run(db, run_id, after=after, limit=LOG_CHUNK)


def latest_deliveries(db: Database, *, limit: int = 100) -> list[Delivery]:
    """The newest deliveries first."""
    return deliveries.latest(db, limit=limit)


def _is_held(db: Database, task: Task) -> bool:
    return task.status is Status.FINISHING and held_changes.waiting(db, task.id) is not None


def _is_stopping(db: Database, task: Task) -> bool:
    if task.status not in LIVE or task.status is Status.QUEUED:
        return False
    return tasks.current_run(db, task.id).cancel_requested_at is not None
