"""What many tasks came to, without reading them: from the counts of days and months, and what was noted since.

A reader sees what is true at one moment: counts, notes, the tasks of days that are doubted and those at work together
(store/bookkeeping.py writes them). Days are UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Subquery, and_, func, select, true, union_all

from store import counting, day_rows, json_sums, tables
from store.among import among
from store.counts import NUMBERS, SECONDS, Cell, Counted, Result, Span, Tally, summed
from store.database import Database
from store.day_rows import ALL, DAY, MONTH
from store.lifecycle import ENDED, LIVE

_tasks, _counts, _changes, _stale = tables.tasks, tables.day_counts, tables.count_changes, tables.stale_days

By = Literal["day", "repository", "agent"]
_A_DAY = timedelta(days=1)
_NOT_TOLD: dict[str, Any] = {"day": date.min, "repository": ALL, "agent": ALL}


@dataclass(frozen=True)
class Overview:
    """One look at a span: by day, by agent, and the repositories with the most tasks."""

    by_day: Counted
    by_agent: Counted
    busiest: Counted


@dataclass(frozen=True)
class _Loose:
    """What the counts of a span do not hold yet: the days that are not to be read from them, and cells to add."""

    stale: frozenset[date]
    cells: Counted


def read(db: Database, span: Span, *by: By, seconds: Collection[str] = SECONDS) -> Counted:
    """The tasks of the span by result, and by what else is asked for; of what is not, the cells say nothing.
    `seconds`: which of a tally's maps of seconds are wanted."""
    with db.read_one_moment() as connection:
        return _read(connection, span, _loose(connection, span), by, seconds)


def overview(db: Database, span: Span, *, busiest: int) -> Overview:
    """Days, agents, and so many repositories, with the time to their pull requests."""
    with db.read_one_moment() as connection:
        loose = _loose(connection, span)
        shown = replace(span, only=frozenset(_busiest(connection, span, loose, busiest)))
        return Overview(
            by_day=_read(connection, span, loose, ("day",), ["to_pull"]),
            by_agent=_read(connection, span, loose, ("agent",), ["to_pull"]),
            busiest=_read(connection, shown, loose, ("repository",), ["to_pull"]),
        )


def _read(connection: Connection, span: Span, loose: _Loose, by: Sequence[By], seconds: Collection[str]) -> Counted:
    rows = _rows(span, loose.stale, by, (*by, "result", *NUMBERS, *seconds))
    more = ((cell, tally) for cell, tally in loose.cells.items() if span.only is None or cell.repository in span.only)
    is_group = "day" in by and span.only is None
    cells = [*_sums(connection, rows, by, seconds, is_group), *((_only(cell, by), tally) for cell, tally in more)]
    return {cell: tally for cell, tally in summed(cells).items() if tally.tasks}


def _sums(
    connection: Connection, rows: Subquery, by: Sequence[By], seconds: Collection[str], is_group: bool
) -> list[tuple[Cell, Tally]]:
    """The rows added up by the database, for they can be many; `is_group`: each is a group by itself."""
    keys = [*by, "result"]
    columns = [rows.c[key] for key in keys]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    numbers = select(*columns, *(func.sum(rows.c[name]) for name in NUMBERS)).group_by(*columns)
    for row in connection.execute(numbers):
        told = (float(value) if isinstance(value, float) else int(value) for value in row[len(keys) :])
        found[tuple(row[: len(keys)])] = dict(zip(NUMBERS, told, strict=True)) | {name: {} for name in SECONDS}
    for name in seconds:
        maps = select(*columns, rows.c[name]) if is_group else json_sums.added(connection, rows, columns, rows.c[name])
        for *key, told in connection.execute(maps):
            found[tuple(key)][name] = {int(size): int(tasks) for size, tasks in told.items()}
    return [(_cell(dict(zip(keys, key, strict=True))), Tally(**told)) for key, told in found.items()]


def _loose(connection: Connection, span: Span) -> _Loose:
    doubted = connection.execute(select(_stale.c.day).distinct()).scalars()
    stale = frozenset(day for day in doubted if _is_in(span, day))
    notes = connection.execute(select(_changes).where(_of(_changes, span))).mappings()
    changes = [one for one in map(day_rows.read, notes) if _is_in(span, one[0].day) and one[0].day not in stale]
    unread: ColumnElement[bool] = _tasks.c.status.in_(sorted(LIVE))
    if stale:
        unread |= _tasks.c.status.in_(sorted(ENDED)) & day_rows.in_days(_tasks.c.created_at, stale)
    read = counting.count(connection, unread & within(span))
    return _Loose(stale, summed([*changes, *read]))


def _busiest(connection: Connection, span: Span, loose: _Loose, most: int) -> list[str]:
    rows = _rows(span, loose.stale, ("repository",), ("repository", "tasks"))
    query = select(rows.c.repository, func.sum(rows.c.tasks)).group_by(rows.c.repository)
    sums = Counter({str(name): int(tasks) for name, tasks in connection.execute(query)})
    for cell, tally in loose.cells.items():
        sums[cell.repository] += tally.tasks
    return sorted((name for name in sums if sums[name]), key=lambda name: (-sums[name], name))[:most]


def _rows(span: Span, stale: Iterable[date], by: Sequence[By], names: Iterable[str]) -> Subquery:
    """These columns of the counts of a span; each range of days is one of the index."""
    columns = [_counts.c[name] for name in names]
    whose = and_(_agents(span, by), _repositories(span, by))
    parts = [select(*columns).where(whose, part) for part in _parts(span, sorted(stale), by)]
    return (union_all(*parts) if len(parts) > 1 else parts[0]).subquery()


def _parts(span: Span, stale: Sequence[date], by: Sequence[By]) -> list[ColumnElement[bool]]:
    """Days; or, where days are not asked for, whole months and the days around them. Neither stale ones."""
    sound = _counts.c.day.not_in(stale) if stale else true()
    if "day" in by:
        return [_range(DAY, span.first, span.last) & sound]
    begin = _next_month(span.first - _A_DAY) if span.first else None
    end = (span.last + _A_DAY).replace(day=1) if span.last else None
    if begin and end and begin >= end:
        return [_range(DAY, span.first, span.last) & sound]
    broken = sorted({day.replace(day=1) for day in stale})
    months = _range(MONTH, begin, end - _A_DAY if end else None)
    parts = [months & _counts.c.day.not_in(broken) if broken else months]
    parts += [_range(DAY, span.first, begin - _A_DAY) & sound] if begin else []
    parts += [_range(DAY, end, span.last) & sound] if end else []
    inner = (month for month in broken if (not begin or month >= begin) and (not end or month < end))
    return [*parts, *(_range(DAY, month, _next_month(month) - _A_DAY) & sound for month in inner)]


def _range(unit: str, first: date | None, last: date | None) -> ColumnElement[bool]:
    tests: list[ColumnElement[bool]] = [_counts.c.unit == unit]
    tests += [_counts.c.day >= first] if first else []
    tests += [_counts.c.day <= last] if last else []
    return and_(*tests)


def _agents(span: Span, by: Sequence[By]) -> ColumnElement[bool]:
    if span.agent or "agent" not in by:
        return _counts.c.agent == (span.agent or ALL)
    return _counts.c.agent != ALL


def _repositories(span: Span, by: Sequence[By]) -> ColumnElement[bool]:
    if span.only is not None:
        return among(_counts.c.repository, span.only & {span.repository} if span.repository else span.only)
    if span.repository or "repository" not in by:
        return _counts.c.repository == (span.repository or ALL)
    return _counts.c.repository != ALL


def within(span: Span) -> ColumnElement[bool]:
    """The tasks of the span."""
    at = _tasks.c.created_at
    tests = [_of(_tasks, span)]
    tests += [at >= day_rows.midnight(span.first)] if span.first else []
    tests += [at < day_rows.midnight(span.last + _A_DAY)] if span.last else []
    return and_(*tests)


def _of(table: Any, span: Span) -> ColumnElement[bool]:
    """Repositories and agent."""
    tests: list[ColumnElement[bool]] = [true()]
    tests += [table.c.repository == span.repository] if span.repository else []
    tests += [table.c.agent == span.agent] if span.agent else []
    tests += [among(table.c.repository, span.only)] if span.only is not None else []
    return and_(*tests)


def _only(cell: Cell, by: Sequence[By]) -> Cell:
    return _cell({"result": cell.result} | {name: getattr(cell, name) for name in by})


def _cell(told: dict[str, Any]) -> Cell:
    return Cell(**_NOT_TOLD | told | {"result": Result(told["result"])})


def _is_in(span: Span, day: date) -> bool:
    return (span.first is None or span.first <= day) and (span.last is None or day <= span.last)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
