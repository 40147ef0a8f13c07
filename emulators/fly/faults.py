"""Faults on request: the next answers fail, hang, or are given but never arrive."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from emulators.fly.errors import ApiError


@dataclass(frozen=True)
class Call:
    """One request as it arrived, and how it was answered (0: the reply was dropped). `at` is the world's clock."""

    at: float
    action: str
    method: str
    path: str
    query: dict[str, str]
    body: Any = field(repr=False)  # holds the machine's environment
    status: int


@dataclass(frozen=True)
class _Fault:
    kind: str  # fail, hang, drop
    error: ApiError | None = None
    seconds: float = 0.0


class Faults:
    """Each switch is for one action (`create`, `list`, `get`, `stop`, `destroy`, …: the names in `routes.py`).

    `list_lag` in seconds: machines younger than that are missing from lists.
    """

    def __init__(self) -> None:
        self.list_lag = 0.0
        self._next: dict[str, deque[_Fault]] = {}
        self._ending = threading.Event()

    def fail_next(
        self,
        action: str,
        status: int = 500,
        error: str = "internal: something went wrong",
        *,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        times: int = 1,
    ) -> None:
        """The next requests are refused before anything happens."""
        self._add(action, _Fault("fail", ApiError(status, error, code, headers)), times)

    def hang_next(self, action: str, seconds: float, *, times: int = 1) -> None:
        """The next requests wait so long before anything happens."""
        self._add(action, _Fault("hang", seconds=seconds), times)

    def drop_reply_next(self, action: str, *, times: int = 1) -> None:
        """The next requests are carried out, and the connection closes without an answer."""
        self._add(action, _Fault("drop"), times)

    def strike(self, action: str) -> bool:
        """Suffer the next fault of this action, if any; True when the reply must be dropped."""
        waiting = self._next.get(action)
        fault = waiting.popleft() if waiting else None
        if fault is None:
            return False
        if fault.error:
            raise fault.error
        self._ending.wait(fault.seconds)
        return fault.kind == "drop"

    def release(self) -> None:
        """End every hang, because the emulator ends."""
        self._ending.set()

    def _add(self, action: str, fault: _Fault, times: int) -> None:
        self._next.setdefault(action, deque()).extend([fault] * times)
