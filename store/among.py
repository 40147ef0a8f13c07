"""Whether a column holds one of some names, however many there are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Text, literal
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from store.storable import to_json


def among(column: ColumnElement[str], names: Collection[str]) -> ColumnElement[bool]:
    """The names travel as one parameter: none or thousands, it is the same statement, and a database's limit of
    parameters is never met."""
    return _Among(column, literal(sorted(names), _Names()))


class _Names(TypeDecorator[list[str]]):
    """An array; JSON text for SQLite, which has none."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(postgresql.ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" else to_json(value)


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    name = "among"


@compiles(_Among)
def _json(element: Any, compiler: Any, **how: Any) -> str:
    column, names = (compiler.process(part, **how) for part in element.clauses)
    return f"{column} in (select value from json_each({names}))"  # noqa: S608 - both parts are compiled already


@compiles(_Among, "postgresql")
def _array(element: Any, compiler: Any, **how: Any) -> str:
    column, names = (compiler.process(part, **how) for part in element.clauses)
    return f"{column} = any({names})"
