"""Counting tasks by reading them, which the database does: how they ended, how long they took, what they cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, case, func, select

from store import moments, tables
from store.counts import Cell, Result, Tally, rounded, total
from store.lifecycle import LIVE, Outcome, Status

_tasks = tables.tasks

# `counts.result_of` for the database.
RESULT: ColumnElement[str] = case(
    (_tasks.c.status.in_(sorted(LIVE)), Result.AT_WORK.value),
    (_tasks.c.status != Status.SUCCEEDED, _tasks.c.status),
    (_tasks.c.outcome == Outcome.NO_CHANGES, Result.NO_CHANGES.value),
    (_tasks.c.pr_state.in_(["merged", "closed"]), _tasks.c.pr_state),
    else_=Result.OPEN.value,
)
_COUNTED = (
    moments.day_of(_tasks.c.created_at).label("day"),
    _tasks.c.repository,
    _tasks.c.agent,
    RESULT.label("result"),
    _tasks.c.pr_number,
    case((_tasks.c.pr_state == "merged", 1), else_=0).label("merged"),
    _tasks.c.cost_usd,
    (_tasks.c.input_tokens + _tasks.c.cache_read_tokens + _tasks.c.cache_write_tokens).label("read"),
    _tasks.c.output_tokens,
    _tasks.c.machine_seconds,
    moments.seconds_between(_tasks.c.started_at, _tasks.c.finished_at).label("durations"),
    moments.seconds_between(_tasks.c.created_at, _tasks.c.pr_opened_at).label("to_pull"),
)


def count(connection: Connection, where: ColumnElement[bool]) -> list[tuple[Cell, Tally]]:
    """What the tasks came to, each cell apart."""
    of, keys = select(*_COUNTED).where(where).subquery(), ["day", "repository", "agent", "result"]
    return [
        (Cell(day, repository, agent, Result(result)), tally)
        for (day, repository, agent, result), tally in _tallies(connection, of, keys, also=["to_pull"])
    ]


def count_newest(connection: Connection, where: ColumnElement[bool], most: int) -> dict[Result, Tally]:
    """What the newest so many of them came to, by result; without the time to their pull requests."""
    query = select(*_COUNTED).where(where).order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc()).limit(most)
    return {Result(result): tally for (result,), tally in _tallies(connection, query.subquery(), ["result"])}


def _tallies(
    connection: Connection, of: Subquery, keys: Sequence[str], also: Sequence[str] = ()
) -> Iterator[tuple[tuple[Any, ...], Tally]]:
    """With durations, and other seconds that are asked for; each of these reads the tasks once more."""
    by = [of.c[key] for key in keys]
    others = {name: _seconds(connection, of, by, name) for name in also}
    sums = select(
        *by, of.c.durations, func.count(), func.count(of.c.pr_number), func.sum(of.c.merged), func.count(of.c.cost_usd),
        func.coalesce(func.sum(of.c.cost_usd), 0.0), func.sum(of.c.read), func.sum(of.c.output_tokens),
        func.sum(of.c.machine_seconds),
    ).group_by(*by, of.c.durations)  # fmt: skip
    parts: dict[tuple[Any, ...], list[Tally]] = defaultdict(list)
    for row in connection.execute(sums):
        key, (seconds, tasks, pulls, merged, costs, cost, read, written, machine) = row[: len(by)], row[len(by) :]
        numbers = (tasks, pulls, int(merged), costs, float(cost), int(read), int(written), float(machine))
        parts[tuple(key)].append(Tally(*numbers, {} if seconds is None else {rounded(seconds): tasks}))
    for found, tallies in parts.items():
        maps: dict[str, Any] = {name: seconds[found] for name, seconds in others.items()}
        yield found, replace(total(tallies), **maps)


def _seconds(
    connection: Connection, of: Subquery, by: Sequence[ColumnElement[Any]], name: str
) -> dict[tuple[Any, ...], dict[int, int]]:
    """How many took how many seconds, for each key."""
    found: dict[tuple[Any, ...], dict[int, int]] = defaultdict(dict)
    query = select(*by, of.c[name], func.count()).where(of.c[name].is_not(None)).group_by(*by, of.c[name])
    for *key, seconds, tasks in connection.execute(query):
        into, size = found[tuple(key)], rounded(seconds)
        into[size] = into.get(size, 0) + tasks
    return found
