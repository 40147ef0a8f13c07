"""Where SQLite and Postgres differ; nowhere else."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import JSON, BigInteger, Connection, DateTime, Dialect, Engine, Integer, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.types import TypeDecorator

from store.storable import storable, to_json

# `none_as_null`: None is SQL's NULL and never JSON's, so that "IS NULL" means what it says.
Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
# SQLite gives out row ids only to a column declared INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")
_BUSY = 10.0  # seconds; so long one writer of SQLite waits for another


class Utc(TypeDecorator[datetime]):
    """A moment, always in UTC. SQLite forgets time zones, so they are put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Raises ValueError for a naive datetime: it could mean any moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def engines(url: str) -> tuple[Engine, Engine]:
    """The engine for writing and the one for reading. On Postgres they are the same."""
    if url.startswith("sqlite"):
        return _sqlite(url, "BEGIN IMMEDIATE"), _sqlite(url, "BEGIN")
    engine = create_engine(
        _with_psycopg(url),
        json_serializer=to_json,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=10,
        pool_timeout=5,
        connect_args={"connect_timeout": 5, "options": "-c statement_timeout=15000"},
    )
    event.listen(engine, "before_cursor_execute", _storable, retval=True)
    return engine, engine


def _with_psycopg(url: str) -> str:
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _sqlite(url: str, begin: str) -> Engine:
    """`BEGIN IMMEDIATE` for writers: a deferred transaction that reads before it writes fails at once with "database
    is locked", whatever the busy timeout, and the driver's default loses updates silently (docs/decisions)."""
    engine = create_engine(url, connect_args={"timeout": _BUSY}, json_serializer=to_json)
    event.listen(engine, "before_cursor_execute", _storable, retval=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # we begin ourselves
        cursor = connection.cursor()
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=normal")
        cursor.execute("PRAGMA foreign_keys=on")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _write_ahead(cursor: DBAPICursor) -> None:
    """Turn to the write-ahead log. Of two connections that do so at once to a new file SQLite refuses one without
    waiting its busy timeout, lest they wait for each other: https://sqlite.org/c3ref/busy_handler.html"""
    until = time.monotonic() + _BUSY
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _storable(
    _connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool
) -> tuple[str, Any]:
    return statement, storable(parameters)


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows whose unique keys are not there yet; answers how many went in."""
    if not rows:
        return 0
    # Rows as parameters, not as VALUES in the statement: so it is compiled once for all calls, half the cost of one.
    # Counted by what comes back, not by rowcount: psycopg leaves that at -1 here.
    return len(connection.execute(_insert_new(table, connection.dialect.name), list(rows)).all())


def upsert(connection: Connection, table: Table, row: dict[str, Any], *, keys: Sequence[str]) -> None:
    """Insert the row, or overwrite the one that has the same `keys`."""
    upsert_all(connection, table, [row], keys=keys)


def upsert_all(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, keys: Sequence[str]) -> None:
    """The same for rows of the same columns."""
    if rows:
        connection.execute(_upsert(table, connection.dialect.name, tuple(rows[0]), tuple(keys)), list(rows))


@cache
def _insert_new(table: Table, dialect: str) -> Any:
    return _insert(table, dialect).on_conflict_do_nothing().returning(*table.primary_key.columns)


@cache
def _upsert(table: Table, dialect: str, names: tuple[str, ...], keys: tuple[str, ...]) -> Any:
    statement = _insert(table, dialect)
    rest = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def _insert(table: Table, dialect: str) -> Any:
    """Typed loosely: both dialects' inserts can do the above, but share no type that says so."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
