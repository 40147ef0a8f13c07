"""All tasks as a table: pages by key in both directions, and what the whole result came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Boolean, ColumnElement, func, literal_column, or_, true

from store import counting, filters, listing, tables, tallies
from store.counts import Result, Span, Tally, total
from store.database import Database
from store.filters import TaskFilter
from store.lifecycle import LIVE, Outcome, Status
from store.records import Task

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
    key = before if backwards else after
    side = listing.beyond(key, newer=backwards) if key else true()
    with db.read() as connection:
        ways = [way & one & side for way in filters.ways(connection, sought.tasks) for one in _ended(sought.results)]
        found = listing.first(connection, ways, limit=limit + 1, oldest_first=backwards)
    shown, is_more = found[:limit], len(found) > limit
    if backwards:
        shown.reverse()
    if not shown:
        return Page([], None, None)
    has_newer, has_older = (is_more, True) if backwards else (after is not None, is_more)
    return Page(shown, listing.key(shown[0]) if has_newer else None, listing.key(shown[-1]) if has_older else None)


def summary(db: Database, sought: Sought) -> Summary:
    """Of the whole result, by the counts of days where they can tell, else by reading the newest `MOST`."""
    span = _span(sought.tasks)
    if span is not None:
        cells = tallies.read(db, span, seconds=["durations"])
        return Summary(
            {cell.result: tally for cell, tally in cells.items() if not sought.results or cell.result in sought.results}
        )
    with db.read_one_moment() as connection:
        where = filters.where(sought.tasks) & or_(*_ended(sought.results))
        found = counting.count_newest(connection, where, MOST + 1)
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


def _ended(results: frozenset[Result]) -> list[ColumnElement[bool]]:
    """One condition for each result, any for none."""
    return [_ended_as(result) for result in sorted(results)] or [true()]


def _ended_as(result: Result) -> ColumnElement[bool]:
    """`counts.result_of` as a condition that an index answers."""
    match result:
        case Result.AT_WORK:
            return _tasks.c.status.in_(sorted(LIVE))
        case Result.NO_CHANGES:
            return literal_column(f"({tables.NO_CHANGES})", Boolean())
        case Result.OPEN:
            return literal_column(f"({tables.OPEN})", Boolean())
        case Result.MERGED | Result.CLOSED:
            done = (_tasks.c.status == Status.SUCCEEDED) & (func.coalesce(_tasks.c.outcome, "") != Outcome.NO_CHANGES)
            return done & (_tasks.c.pr_state == result)
        case _:
            return _tasks.c.status == result
