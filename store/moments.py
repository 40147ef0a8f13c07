"""What both databases can reckon about moments: their day in UTC, and whole seconds between two of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


def day_of(moment: ColumnElement[datetime]) -> ColumnElement[Any]:
    """The day in UTC, as a date."""
    return _Day(moment)


def seconds_between(begun: ColumnElement[Any], ended: ColumnElement[Any]) -> ColumnElement[int]:
    """Both without their fractions, as `store.counts.seconds_between` reckons; NULL where one of them is."""
    return cast(_Seconds(ended) - _Seconds(begun), Integer)


class _Day(FunctionElement[Any]):
    type = Date()
    inherit_cache = True
    name = "day"


class _Seconds(FunctionElement[int]):
    type = Integer()
    inherit_cache = True
    name = "seconds"


@compiles(_Day)
def _day(element: Any, compiler: Any, **how: Any) -> str:
    return f"date({compiler.process(element.clauses, **how)})"


@compiles(_Day, "postgresql")
def _day_in_utc(element: Any, compiler: Any, **how: Any) -> str:
    return f"({compiler.process(element.clauses, **how)} at time zone 'UTC')::date"


@compiles(_Seconds)
def _of_text(element: Any, compiler: Any, **how: Any) -> str:
    """The fraction is cut off first: SQLite would round it."""
    return f"cast(strftime('%s', substr({compiler.process(element.clauses, **how)}, 1, 19)) as integer)"


@compiles(_Seconds, "postgresql")
def _of_moment(element: Any, compiler: Any, **how: Any) -> str:
    return f"floor(extract(epoch from {compiler.process(element.clauses, **how)}))::bigint"
