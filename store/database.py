"""One door to the database: transactions for writing and for reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from store import dialect


class Database:
    """The truth, at a URL (`sqlite:///…` or `postgresql://…`). Cheap to make; connects when first used.

    Make it after a fork, never before: connections do not survive one.
    """

    def __init__(self, url: str) -> None:
        self._writer, self._reader = dialect.engines(url)
        self.is_postgres = self._writer.dialect.name == "postgresql"

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

    def ping(self) -> None:
        """Raises sqlalchemy.exc.SQLAlchemyError when the database is away."""
        with self.read() as connection:
            connection.execute(text("select 1"))

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()
