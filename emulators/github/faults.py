"""Trouble on demand, and the memory of every call: what tests need to know about the outside."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REMEMBERED = 20_000


@dataclass(frozen=True)
class CallRecord:
    """One request to the REST API. `path` is without `/api`; `caller` is app, installation, user or anonymous."""

    method: str
    path: str
    query: str
    status: int
    caller: str
    body: Any = None


@dataclass(frozen=True)
class Fail:
    """Answer this, and do nothing."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | str | None = None


@dataclass(frozen=True)
class Hang:
    """Say nothing for so many seconds, then go on as usual."""

    seconds: float


@dataclass(frozen=True)
class DropReply:
    """Do the work, then answer 502, or cut the line when `cut` and the server has one."""

    cut: bool


Fault = Fail | Hang | DropReply


class Faults:
    """Each order hits the next `times` requests whose method and path match, oldest order first.

    `path` is a regular expression searched in the path without `/api`; for git it is `/owner/repo.git/…`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[tuple[str, re.Pattern[str], Fault]] = []
        self.released = threading.Event()

    def fail_next(
        self,
        method: str,
        path: str,
        status: int,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | str | None = None,
        times: int = 1,
    ) -> None:
        self._order(method, path, Fail(status, headers or {}, body), times)

    def hang_next(self, method: str, path: str, seconds: float = 60.0, times: int = 1) -> None:
        self._order(method, path, Hang(seconds), times)

    def drop_reply_next(self, method: str, path: str, times: int = 1, *, cut: bool = False) -> None:
        self._order(method, path, DropReply(cut), times)

    def clear(self) -> None:
        """Forgets all orders and lets go of what hangs."""
        with self._lock:
            self._orders.clear()
        self.released.set()

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for place, (verb, pattern, fault) in enumerate(self._orders):
                if verb in (method, "*") and pattern.search(path):
                    del self._orders[place]
                    return fault
        return None

    def hold(self, fault: Hang) -> None:
        self.released.wait(fault.seconds)

    def _order(self, method: str, path: str, fault: Fault, times: int) -> None:
        with self._lock:
            self.released.clear()
            self._orders.extend([(method.upper(), re.compile(path), fault)] * times)


def history() -> deque[CallRecord]:
    return deque(maxlen=REMEMBERED)
