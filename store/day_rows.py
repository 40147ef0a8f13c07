"""The rows of the counts by day as values, and days as a condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

from store.counts import NUMBERS, SECONDS, Cell, Result, Tally

ALL = ""  # in place of a repository or an agent: all of them
DAY, MONTH = "day", "month"


def values(cell: Cell, tally: Tally) -> dict[str, Any]:
    """As a row of `day_counts` (its unit apart) or of `count_changes`."""
    return vars(cell) | vars(tally)


def read(row: Mapping[Any, Any]) -> tuple[Cell, Tally]:
    """A row as a value. JSON has no numbers for keys."""
    found: dict[str, Any] = {name: row[name] for name in NUMBERS}
    for name in SECONDS:
        found[name] = {int(seconds): tasks for seconds, tasks in row[name].items()}
    return Cell(row["day"], row["repository"], row["agent"], Result(row["result"])), Tally(**found)


def in_days(moment: ColumnElement[datetime], days: Iterable[date]) -> ColumnElement[bool]:
    """Whether the moment is in one of these days; neighbouring days make one range."""
    ranges: list[list[date]] = []
    for day in sorted(days):
        if ranges and day - ranges[-1][1] == timedelta(days=1):
            ranges[-1][1] = day
        else:
            ranges.append([day, day])
    within = (and_(moment >= midnight(a), moment < midnight(b + timedelta(days=1))) for a, b in ranges)
    return or_(false(), *within)


def midnight(day: date) -> datetime:
    """When the day begins, in UTC."""
    return datetime.combine(day, time(), UTC)
