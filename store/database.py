"""One door to the database: transactions for writing and for reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from store import dialect


class Database:
    """The truth, at a URL (`sqlite:///…` or `postgresql://…`). Cheap to make; connects when first used.

    Make it after a fork, never before: connections do not survive one.
    """

    def __init__(self, url: str) -> None:
        self._writer, self._reader = dialect.engines(url)
        self.is_postgres = self._writer.dialect.name == "postgresql"
        self._still_writer: Engine = self._writer  # on SQLite every transaction sees one moment
        self._still_reader: Engine = self._reader
        if self.is_postgres:
            self._still_writer = self._writer.execution_options(isolation_level="REPEATABLE READ")
            self._still_reader = self._still_writer

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at the end, or rolled back when the block raises."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction for reading; on SQLite it never waits for a writer."""
        with self._reader.begin() as connection:
            yield connection

    @contextmanager
    def read_one_moment(self) -> Iterator[Connection]:
        """The same, and all its statements see the tables as they were at the first one."""
        with self._still_reader.begin() as connection:
            yield connection

    @contextmanager
    def write_one_moment(self) -> Iterator[Connection]:
        """A transaction for writing that sees nothing of what others do meanwhile, and fails if it would undo that."""
        with self._still_writer.begin() as connection:
            yield connection

    def ping(self) -> None:
        """Raises sqlalchemy.exc.SQLAlchemyError when the database is away."""
        with self.read() as connection:
            connection.execute(text("select 1"))

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()
