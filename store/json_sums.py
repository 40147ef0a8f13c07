"""Adding up JSON objects of numbers, which both databases can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, Subquery, cast, func, select, true

from store.dialect import Json


def added(
    connection: Connection, rows: Subquery, by: Sequence[ColumnElement[Any]], column: ColumnElement[Any]
) -> Select[Any]:
    """The columns `by`, and for each of their groups one object with the sums of what `column` has under each key."""
    postgres = connection.dialect.name == "postgresql"
    each = (func.jsonb_each_text if postgres else func.json_each)(column).table_valued("key", "value")
    total = func.sum(cast(each.c.value, Integer)).label("total")
    pairs = select(*by, each.c.key, total).select_from(rows.join(each, true())).group_by(*by, each.c.key).subquery()
    groups = list(pairs.c)[: len(by)]
    together = (func.jsonb_object_agg if postgres else func.json_group_object)(pairs.c.key, pairs.c.total, type_=Json)
    return select(*groups, together).group_by(*groups)
