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

from sqlalchemy import ColumnElement, Connection, Integer, and_, cast, func, or_, select, true

from store import counting, day_rows, tables
from store.among import among
from store.counts import NUMBERS, SECONDS, Cell, Counted, Result, Span, Tally, summed
from store.database import Database
from store.day_rows import ALL, DAY, MONTH
from store.lifecycle import ENDED, LIVE

_tasks, _counts, _changes, _stale = tables.tasks, tables.day_counts, tables.count_changes, tables.stale_days

By = Literal["day", "repository", "agent"]
ANY_DAY = date.min  # in a cell that is not of one day
_NOT_TOLD: dict[str, Any] = {"day": ANY_DAY, "repository": ALL, "agent": ALL}


@dataclass(frozen=True)
class Overview:
    """One look at a span: by day and agent, and the repositories with the most tasks."""

    by_day: Counted
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
    """Days and agents, and so many repositories, with the time to their pull requests."""
    with db.read_one_moment() as connection:
        loose = _loose(connection, span)
        shown = replace(span, only=frozenset(_busiest(connection, span, loose, busiest)))
        return Overview(
            by_day=_read(connection, span, loose, ("day", "agent"), ["to_pull"]),
            busiest=_read(connection, shown, loose, ("repository",), ["to_pull"]),
        )


def _read(connection: Connection, span: Span, loose: _Loose, by: Sequence[By], seconds: Collection[str]) -> Counted:
    where = and_(_units(span, loose.stale, by), _agents(span, by), _repositories(span, by))
    more = ((cell, tally) for cell, tally in loose.cells.items() if span.only is None or cell.repository in span.only)
    cells = [*_sums(connection, where, by, seconds), *((_only(cell, by), tally) for cell, tally in more)]
    return {cell: tally for cell, tally in summed(cells).items() if tally.tasks}


def _sums(
    connection: Connection, where: ColumnElement[bool], by: Sequence[By], seconds: Collection[str]
) -> list[tuple[Cell, Tally]]:
    """The rows of the counts added up by the database, for they can be many."""
    keys = [*by, "result"]
    columns = [_counts.c[key] for key in keys]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    numbers = select(*columns, *(func.sum(_counts.c[name]) for name in NUMBERS)).where(where).group_by(*columns)
    for row in connection.execute(numbers):
        told = (float(value) if isinstance(value, float) else int(value) for value in row[len(keys) :])
        found[tuple(row[: len(keys)])] = dict(zip(NUMBERS, told, strict=True)) | {name: {} for name in SECONDS}
    for name in seconds:
        each = _each(connection, _counts.c[name])
        size, tasks = cast(each.c.key, Integer), func.sum(cast(each.c.value, Integer))
        query = select(*columns, size, tasks).select_from(_counts.join(each, true())).where(where)
        for *key, length, count in connection.execute(query.group_by(*columns, size)):
            found[tuple(key)][name][length] = int(count)
    return [(_cell(dict(zip(keys, key, strict=True))), Tally(**told)) for key, told in found.items()]


def _each(connection: Connection, column: ColumnElement[Any]) -> Any:
    """The pairs of a JSON object as rows."""
    each = func.jsonb_each_text if connection.dialect.name == "postgresql" else func.json_each
    return each(column).table_valued("key", "value")


def _loose(connection: Connection, span: Span) -> _Loose:
    doubted = connection.execute(select(_stale.c.day).distinct()).scalars()
    stale = frozenset(day for day in doubted if _is_in(span, day))
    notes = connection.execute(select(_changes).where(_of(_changes, span), _changes.c.day.not_in(stale))).mappings()
    unread = _tasks.c.status.in_(sorted(LIVE))
    if stale:
        unread |= _tasks.c.status.in_(sorted(ENDED)) & day_rows.in_days(_tasks.c.created_at, stale)
    read = counting.count(connection, unread & within(span))
    return _Loose(stale, summed([*map(day_rows.read, notes), *read]))


def _busiest(connection: Connection, span: Span, loose: _Loose, most: int) -> list[str]:
    by: Sequence[By] = ("repository",)
    name, where = _counts.c.repository, and_(_units(span, loose.stale, by), _agents(span, by), _repositories(span, by))
    query = select(name, func.sum(_counts.c.tasks)).where(where).group_by(name)
    sums = Counter({str(repository): int(tasks) for repository, tasks in connection.execute(query)})
    for cell, tally in loose.cells.items():
        sums[cell.repository] += tally.tasks
    return sorted((name for name in sums if sums[name]), key=lambda name: (-sums[name], name))[:most]


def _units(span: Span, stale: Iterable[date], by: Sequence[By]) -> ColumnElement[bool]:
    """Days; or, where days are not asked for, whole months and the days around them. Neither stale ones."""
    days = and_(_counts.c.unit == DAY, _of_days(_counts, span), _counts.c.day.not_in(list(stale)))
    if "day" in by:
        return days
    begin = _next_month(span.first - timedelta(days=1)) if span.first else None
    end = (span.last + timedelta(days=1)).replace(day=1) if span.last else None
    if begin and end and begin >= end:
        return days
    broken = sorted({day.replace(day=1) for day in stale})
    months: ColumnElement[bool] = and_(_counts.c.unit == MONTH, _counts.c.day.not_in(broken))
    around = [and_(_counts.c.day >= month, _counts.c.day < _next_month(month)) for month in broken]
    if begin:
        months &= _counts.c.day >= begin
        around.append(_counts.c.day < begin)
    if end:
        months &= _counts.c.day < end
        around.append(_counts.c.day >= end)
    return or_(months, and_(days, or_(*around))) if around else months


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
    tests += [at < day_rows.midnight(span.last + timedelta(days=1))] if span.last else []
    return and_(*tests)


def _of(table: Any, span: Span) -> ColumnElement[bool]:
    """Repositories and agent, and the days where the table has them."""
    tests: list[ColumnElement[bool]] = [_of_days(table, span) if "day" in table.c else true()]
    tests += [table.c.repository == span.repository] if span.repository else []
    tests += [table.c.agent == span.agent] if span.agent else []
    tests += [among(table.c.repository, span.only)] if span.only is not None else []
    return and_(*tests)


def _of_days(table: Any, span: Span) -> ColumnElement[bool]:
    tests: list[ColumnElement[bool]] = [true()]
    tests += [table.c.day >= span.first] if span.first else []
    tests += [table.c.day <= span.last] if span.last else []
    return and_(*tests)


def _only(cell: Cell, by: Sequence[By]) -> Cell:
    return _cell({"result": cell.result} | {name: getattr(cell, name) for name in by})


def _cell(told: dict[str, Any]) -> Cell:
    return Cell(**_NOT_TOLD | told | {"result": Result(told["result"])})


def _is_in(span: Span, day: date) -> bool:
    return (span.first is None or span.first <= day) and (span.last is None or day <= span.last)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
