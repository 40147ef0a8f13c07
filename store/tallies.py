"""Counting tasks without reading them all: ended ones are counted once and kept by the day they were asked for.

A day in which something changed since is stale: it is counted from its tasks until the sweep has counted it anew, so a
reader always sees what is true. Days are UTC. Today is never kept, for it would be counted over and over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, true

from store import tables
from store.among import among
from store.counts import Cell, Counted, Result, Span, Tally, result_of, rounded, total
from store.database import Database
from store.lifecycle import ENDED, LIVE

_tasks, _counts, _stale = tables.tasks, tables.day_counts, tables.stale_days

ALL = ""  # in place of a repository or an agent: all of them
# What a tally is made of: who changes one of these in an ended task makes its day stale.
COUNTED = frozenset({
    "repository", "agent", "status", "outcome", "pr_number", "pr_state", "pr_opened_at", "started_at", "finished_at",
    "cost_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "machine_seconds",
})  # fmt: skip
_READ = [_tasks.c.created_at, *(_tasks.c[name] for name in sorted(COUNTED))]


def mark(connection: Connection, created_at: datetime) -> None:
    """A task of this moment's day is counted differently from now on."""
    connection.execute(_stale.insert().values(day=created_at.astimezone(UTC).date()))


def mark_ended(connection: Connection, task_id: str) -> None:
    """The same for a task that changed besides its status, if it is counted at all."""
    ended = (_tasks.c.id == task_id) & _tasks.c.status.in_(sorted(ENDED))
    created_at = connection.execute(select(_tasks.c.created_at).where(ended)).scalar()
    if created_at is not None:
        mark(connection, created_at)


def read(db: Database, span: Span, *, each_repository: bool = False, each_agent: bool = False) -> Counted:
    """Tallies by day and result; the cells' repository and agent mean something only where each was asked for."""
    with db.read() as connection:
        stale = sorted(
            day for day in connection.execute(select(_stale.c.day).distinct()).scalars() if _is_in(span, day)
        )
        kept = connection.execute(select(_counts).where(_kept(span, stale, each_repository, each_agent))).mappings()
        found: Counted = {_cell(row): _tally(row) for row in kept}
        ended = _tasks.c.status.in_(sorted(ENDED)) & _in_days(stale)
        at_work = _tasks.c.status.in_(sorted(LIVE))
        for cell, tally in (*count(connection, ended & _within(span)), *count(connection, at_work & _within(span))):
            found[cell] = total([found[cell], tally]) if cell in found else tally
    return found


def busiest(db: Database, span: Span, *, limit: int = 10) -> list[str]:
    """The repositories with the most tasks."""
    with db.read() as connection:
        stale = sorted(
            day for day in connection.execute(select(_stale.c.day).distinct()).scalars() if _is_in(span, day)
        )
        where = _kept(span, stale, each_repository=True, each_agent=False)
        query = select(_counts.c.repository, func.sum(_counts.c.tasks)).where(where).group_by(_counts.c.repository)
        sums: dict[str, int] = defaultdict(int, {name: int(tasks) for name, tasks in connection.execute(query)})
        recent = _within(span) & (_in_days(stale) | _tasks.c.status.in_(sorted(LIVE)))
        fresh = select(_tasks.c.repository, func.count()).where(recent).group_by(_tasks.c.repository)
        for name, tasks in connection.execute(fresh):
            sums[name] += int(tasks)
    return sorted(sums, key=lambda name: (-sums[name], name))[:limit]


def count(connection: Connection, where: ColumnElement[bool], *, newest: int | None = None) -> list[tuple[Cell, Tally]]:
    """Read the tasks and count them, the `newest` so many or all."""
    query = select(*_READ).where(where)
    if newest is not None:
        query = query.order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc()).limit(newest)
    sums: dict[Cell, _Sums] = defaultdict(_Sums)
    for task in connection.execute(query).mappings():
        result = result_of(task["status"], task["outcome"], task["pr_state"])
        sums[Cell(task["created_at"].date(), task["repository"], task["agent"], result)].add(task)
    return [(cell, Tally(**vars(one))) for cell, one in sums.items()]


def refresh(db: Database, *, now: datetime, most: int = 20) -> int:
    """Count stale days anew, but for today, at most so many; answers how many. Safe beside another that does it."""
    today = now.astimezone(UTC).date()
    query = select(_stale.c.day).where(_stale.c.day < today).distinct().order_by(_stale.c.day).limit(most)
    with db.read() as connection:
        days = list(connection.execute(query).scalars())
    return sum(_count_anew(db, day) for day in days)


def rebuild(db: Database) -> int:
    """Take every day for stale: readers count from the tasks, the sweep counts anew. Answers how many days."""
    at, day = _tasks.c.created_at, _counts.c.day
    with db.write() as connection:
        asked = connection.execute(select(func.min(at), func.max(at))).one()
        known = connection.execute(select(func.min(day), func.max(day))).one()
        days = [one.astimezone(UTC).date() for one in asked if one is not None] + [one for one in known if one]
        if not days:
            return 0
        first: date = min(days)
        length = int((max(days) - first).days) + 1
        connection.execute(_stale.insert(), [{"day": first + timedelta(days=n)} for n in range(length)])
    return length


class _Sums:
    """A tally in the making."""

    def __init__(self) -> None:
        self.tasks = self.pulls = self.merged = self.known_costs = self.input_tokens = self.output_tokens = 0
        self.cost_usd = self.machine_seconds = 0.0
        self.durations: dict[int, int] = {}
        self.to_pull: dict[int, int] = {}

    def add(self, task: Mapping[Any, Any]) -> None:
        self.tasks += 1
        self.pulls += task["pr_number"] is not None
        self.merged += task["pr_state"] == "merged"
        self.known_costs += task["cost_usd"] is not None
        self.cost_usd += task["cost_usd"] or 0.0
        self.input_tokens += task["input_tokens"] + task["cache_read_tokens"] + task["cache_write_tokens"]
        self.output_tokens += task["output_tokens"]
        self.machine_seconds += task["machine_seconds"]
        _note(self.durations, task["started_at"], task["finished_at"])
        _note(self.to_pull, task["created_at"], task["pr_opened_at"])


def _note(into: dict[int, int], begun: datetime | None, ended: datetime | None) -> None:
    if begun is not None and ended is not None:
        seconds = rounded((ended - begun).total_seconds())
        into[seconds] = into.get(seconds, 0) + 1


def _count_anew(db: Database, day: date) -> int:
    """One day in one transaction. What is marked stale meanwhile stays marked: only the rows that were seen go."""
    with db.write() as connection:
        seen = select(_stale.c.id).where(_stale.c.day == day).with_for_update()
        ids = list(connection.execute(seen).scalars())
        if not ids:
            return 0
        found = dict(count(connection, _tasks.c.status.in_(sorted(ENDED)) & _in_days([day])))
        connection.execute(_counts.delete().where(_counts.c.day == day))
        if rows := list(_rows(found)):
            connection.execute(_counts.insert(), rows)
        for start in range(0, len(ids), 500):
            connection.execute(_stale.delete().where(_stale.c.id.in_(ids[start : start + 500])))
        return 1


def _rows(found: Counted) -> Iterator[dict[str, Any]]:
    """Each cell, and its part in the sums over all repositories, all agents, and both."""
    parts: dict[Cell, list[Tally]] = defaultdict(list)
    for cell, tally in found.items():
        for repository in (cell.repository, ALL):
            for agent in (cell.agent, ALL):
                parts[Cell(cell.day, repository, agent, cell.result)].append(tally)
    for cell, tallies in parts.items():
        yield vars(cell) | vars(total(tallies))


def _cell(row: Mapping[Any, Any]) -> Cell:
    return Cell(row["day"], row["repository"], row["agent"], Result(row["result"]))


def _tally(row: Mapping[Any, Any]) -> Tally:
    """JSON has no numbers for keys."""
    seconds = {name: {int(key): tasks for key, tasks in row[name].items()} for name in ("durations", "to_pull")}
    return Tally(**{name: row[name] for name in Tally.__dataclass_fields__} | seconds)


def _kept(span: Span, stale: Iterable[date], each_repository: bool, each_agent: bool) -> ColumnElement[bool]:
    days = _counts.c.day
    tests: list[ColumnElement[bool]] = [days.not_in(list(stale))]
    tests += [days >= span.first] if span.first else []
    tests += [days <= span.last] if span.last else []
    tests.append(_counts.c.agent == (span.agent or ALL) if span.agent or not each_agent else _counts.c.agent != ALL)
    if span.only is not None:
        shown = span.only & {span.repository} if span.repository else span.only
        tests.append(among(_counts.c.repository, shown))
    elif span.repository or not each_repository:
        tests.append(_counts.c.repository == (span.repository or ALL))
    else:
        tests.append(_counts.c.repository != ALL)
    return and_(*tests)


def _within(span: Span) -> ColumnElement[bool]:
    tests: list[ColumnElement[bool]] = [true()]
    tests += [_tasks.c.created_at >= _midnight(span.first)] if span.first else []
    tests += [_tasks.c.created_at < _midnight(span.last + timedelta(days=1))] if span.last else []
    tests += [_tasks.c.repository == span.repository] if span.repository else []
    tests += [_tasks.c.agent == span.agent] if span.agent else []
    tests += [among(_tasks.c.repository, span.only)] if span.only is not None else []
    return and_(*tests)


def _in_days(days: Iterable[date]) -> ColumnElement[bool]:
    """Neighbouring days make one range."""
    ranges: list[list[date]] = []
    for day in sorted(days):
        if ranges and day - ranges[-1][1] == timedelta(days=1):
            ranges[-1][1] = day
        else:
            ranges.append([day, day])
    at = _tasks.c.created_at
    return or_(false(), *(and_(at >= _midnight(a), at < _midnight(b + timedelta(days=1))) for a, b in ranges))


def _is_in(span: Span, day: date) -> bool:
    return (span.first is None or span.first <= day) and (span.last is None or day <= span.last)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
