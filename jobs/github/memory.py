"""What GitHub answered before, kept in the database so that every process can ask whether it still holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from store import responses
from store.database import Database
from store.responses import Kept


class Memory:
    """Answers by their key (`store.responses.key`)."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db, self._clock = db, clock

    def recall(self, key: str, *, within: timedelta | None = None) -> Kept | None:
        """`within`: only if GitHub has said so since then."""
        since = None if within is None else self._clock() - within
        return responses.find(self._db, key, since=since)

    def keep(self, key: str, fresh: Kept) -> None:
        """An answer without an ETag cannot be asked for again, so it is not kept."""
        if fresh.etag:
            responses.keep(self._db, key, fresh, now=self._clock())
