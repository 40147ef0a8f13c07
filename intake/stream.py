"""The history of a task as server-sent events: resumable, and ended with the task.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from intake import shapes
from intake.errors import TooMany
from store import events, tasks
from store.database import Database

POLL_SECONDS = 1.0
LONGEST = 600  # polls; then the client comes back with its Last-Event-ID, and a forgotten one does not
_ALIVE_EVERY = 4  # polls; a write is how a client that went away is noticed, and five seconds how long some wait


class Streams:
    """Hands out streams, `most` at a time: each holds a thread of the server."""

    def __init__(self, db: Database, *, most: int, poll_seconds: float = POLL_SECONDS) -> None:
        self._db, self._poll_seconds = db, poll_seconds
        self._free = threading.BoundedSemaphore(most)

    def open(self, task_id: str, *, after: int) -> Iterator[str]:
        """The events behind number `after`, then each new one. Raises NotFound; TooMany."""
        tasks.get(self._db, task_id)
        if not self._free.acquire(blocking=False):
            raise TooMany("too many streams are open", action="ask GET /api/tasks/{id} instead, or try again later")
        return _Held(self._follow(task_id, after), self._free)

    def _follow(self, task_id: str, after: int) -> Iterator[str]:
        yield "retry: 2000\n\n"
        for turn in range(LONGEST):
            over = not tasks.get(self._db, task_id).is_live  # read first: what came before the end is sent before it
            for event in events.of_task(self._db, task_id, after=after):
                after = event.id
                yield f"id: {event.id}\nevent: {event.kind}\ndata: {shapes.event(event)}\n\n"
            if over:
                yield "event: end\ndata: {}\n\n"
                return
            if turn % _ALIVE_EVERY == _ALIVE_EVERY - 1:
                yield ": alive\n\n"
            time.sleep(self._poll_seconds)


class _Held(Iterator[str]):
    """Gives its place back when closed, also when it was never begun (a generator's `finally` would not run)."""

    def __init__(self, chunks: Iterator[str], place: threading.BoundedSemaphore) -> None:
        self._chunks, self._place, self._open = chunks, place, True

    def __next__(self) -> str:
        return next(self._chunks)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._place.release()
