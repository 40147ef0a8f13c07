"""All tasks as a table: pages by key in both directions, and what the whole result came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, not_, or_, select

from store import counting, tables, tallies
from store.counts import Result, Span, Tally, total
from store.database import Database
from store.feed import TaskFilter, _read_key, _where
from store.lifecycle import LIVE, Outcome, Status
from store.records import Task
from store.tasks import record

_tasks = tables.tasks
# Where counts by day cannot answer (a person, a search) so many tasks are read and no more.
MOST = 20_000


@dataclass(frozen=True)
class Sought:
    """Which tasks: those of the filter that ended in one of these ways; none means all."""

    tasks: TaskFilter = field(default_factory=TaskFilter)
    results: frozenset[Result] = frozenset()


@dataclass(frozen=True)
class Page:
    """Tasks, newest first, and the keys of the pages beside it (None where there is none)."""

    tasks: list[Task]
    newer: str | None
    older: str | None


@dataclass(frozen=True)
class Summary:
    """What the tasks came to, by result. `is_whole`: not only the newest `MOST` were counted."""

    by_result: Mapping[Result, Tally]
    is_whole: bool = True

    @property
    def total(self) -> Tally:
        return total(self.by_result.values())


def page(db: Database, sought: Sought, *, after: str | None = None, before: str | None = None, limit: int = 50) -> Page:
    """The tasks behind the key `after`, or those just before the key `before`, or the newest. Raises ValueError for a
    key that is none."""
    backwards = before is not None and after is None
    order = (_tasks.c.created_at, _tasks.c.id)
    query = select(_tasks).where(_which(sought))
    if key := (before if backwards else after):
        query = query.where(_beyond(key, newer=backwards))
    query = query.order_by(*(order if backwards else (one.desc() for one in order))).limit(limit + 1)
    with db.read() as connection:
        found = [record(row) for row in connection.execute(query).mappings()]
    shown, is_more = found[:limit], len(found) > limit
    if backwards:
        shown.reverse()
    if not shown:
        return Page([], None, None)
    has_newer, has_older = (is_more, True) if backwards else (after is not None, is_more)
    return Page(shown, _key(shown[0]) if has_newer else None, _key(shown[-1]) if has_older else None)


def summary(db: Database, sought: Sought) -> Summary:
    """Of the whole result, by the counts of days where they can tell, else by reading the newest `MOST`."""
    span = _span(sought.tasks)
    if span is not None:
        cells = tallies.read(db, span, seconds=["durations"])
        return Summary(
            {cell.result: tally for cell, tally in cells.items() if not sought.results or cell.result in sought.results}
        )
    with db.read_one_moment() as connection:
        found = counting.count_newest(connection, _which(sought), MOST + 1)
    return Summary(found, sum(one.tasks for one in found.values()) <= MOST)


def _span(wanted: TaskFilter) -> Span | None:
    """The same tasks as a span of days; None when days, repository and agent are not all there is to it."""
    others = replace(wanted, repository=None, agent=None, since=None, until=None, only=None)
    if others != TaskFilter() or not all(_is_midnight(at) for at in (wanted.since, wanted.until)):
        return None
    first = wanted.since.astimezone(UTC).date() if wanted.since else None
    last = wanted.until.astimezone(UTC).date() - timedelta(days=1) if wanted.until else None
    return Span(first, last, wanted.repository, wanted.agent, wanted.only)


def _is_midnight(at: datetime | None) -> bool:
    return at is None or at.astimezone(UTC).time() == time()


def _which(sought: Sought) -> ColumnElement[bool]:
    where = _where(sought.tasks)
    return where & or_(*(_ended_as(result) for result in sorted(sought.results))) if sought.results else where


def _ended_as(result: Result) -> ColumnElement[bool]:
    """`counts.result_of` as a condition."""
    status, nothing = _tasks.c.status, _tasks.c.outcome == Outcome.NO_CHANGES
    done = (status == Status.SUCCEEDED) & or_(_tasks.c.outcome.is_(None), not_(nothing))
    match result:
        case Result.AT_WORK:
            return status.in_(sorted(LIVE))
        case Result.NO_CHANGES:
            return (status == Status.SUCCEEDED) & nothing
        case Result.MERGED | Result.CLOSED:
            return done & (_tasks.c.pr_state == result)
        case Result.OPEN:
            return done & or_(_tasks.c.pr_state.is_(None), _tasks.c.pr_state.not_in(["merged", "closed"]))
        case _:
            return status == result


def _beyond(key: str, *, newer: bool) -> ColumnElement[bool]:
    at, task_id = _read_key(key)
    moment, name = _tasks.c.created_at, _tasks.c.id
    if newer:
        return or_(moment > at, and_(moment == at, name > task_id))
    return or_(moment < at, and_(moment == at, name < task_id))


def _key(task: Task) -> str:
    return f"{task.created_at.isoformat()}/{task.id}"
