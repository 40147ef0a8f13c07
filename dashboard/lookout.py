"""Looks at what takes its time (GitHub) beside the pages, so that no page waits for it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from typing import Any, Generic, TypeVar

from jobs.errors import JobError

log = logging.getLogger(__name__)

Seen = TypeVar("Seen")

_MOST = 200  # things remembered; the one asked for longest ago goes first
_AT_ONCE = 6


@dataclass(frozen=True)
class Glimpse(Generic[Seen]):
    """What was seen last: the `value` (at the time `at`), the `error` of a later look that failed, or nothing yet."""

    value: Seen | None = None
    at: datetime | None = None
    error: Exception | None = None
    is_pending: bool = False
    tried_at: datetime | None = None


class Lookout:
    """Remembers glimpses by key and renews them in `executor`."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._known: OrderedDict[Hashable, Glimpse[Any]] = OrderedDict()
        self._lock = Lock()

    def look(
        self, key: Hashable, what: Callable[[], Seen], *, now: datetime, fresh_for: timedelta | None
    ) -> Glimpse[Seen]:
        """What is known under `key`; older than `fresh_for` (None: never too old), it is looked at again meanwhile.
        `what` may raise: its error is part of the glimpse."""
        with self._lock:
            known: Glimpse[Seen] = self._known.pop(key, Glimpse())
            begin = not known.is_pending and _is_stale(known, now, fresh_for)
            if begin:
                known = replace(known, is_pending=True, tried_at=now)
            self._known[key] = known
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        if begin:
            self._executor.submit(what).add_done_callback(lambda done: self._saw(key, done, now))
        return known

    def keep(self, key: Hashable, value: object, *, now: datetime) -> None:
        """Know this under `key`, as if it had just been seen."""
        with self._lock:
            self._known[key] = Glimpse(value, now, tried_at=now)

    def seen(self, key: Hashable) -> Glimpse[Any]:
        """The same, without looking."""
        with self._lock:
            return self._known.get(key, Glimpse())

    def forget(self, key: Hashable) -> None:
        """The next look sees it anew; one that is under way is not waited for."""
        with self._lock:
            self._known.pop(key, None)

    def _saw(self, key: Hashable, done: Future[Any], at: datetime) -> None:
        error = done.exception()
        if error is not None and not isinstance(error, JobError):
            log.error("a look failed", exc_info=error, extra={"action": "look_failed"})
        if error is not None and not isinstance(error, Exception):
            error = RuntimeError(str(error))
        with self._lock:
            known = self._known.get(key, Glimpse())
            if known.tried_at != at:
                return  # forgotten meanwhile, or begun anew
            fresh = Glimpse(done.result(), at, None, tried_at=at) if error is None else None
            self._known[key] = fresh or replace(known, error=error, is_pending=False)


@cache
def lookout() -> Lookout:
    """The one of this process."""
    return Lookout(ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lookout"))


def _is_stale(known: Glimpse[Any], now: datetime, fresh_for: timedelta | None) -> bool:
    if known.tried_at is None:
        return True
    return fresh_for is not None and now - known.tried_at >= fresh_for
