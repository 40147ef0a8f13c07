"""What the runner needs from whoever ordered the run, and the order to stop."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from worker.contract import Kind, Level, Result, Session, Usage
from worker.errors import Cancelled, RunOver


class Desk(Protocol):
    """Porter, or a person who tries the image by hand."""

    def enter(self, phase: str) -> None: ...

    def line(self, text: str, level: Level = Level.INFO, kind: Kind = Kind.STEP) -> None: ...

    def step(self, text: str) -> None: ...

    def percent(self, value: int) -> None: ...

    def used(self, usage: Usage) -> None: ...

    def keep(self, session: Session) -> None:
        """Keep the agent's conversation for a follow-up. Raises PorterAway, BadSession when it is not taken."""

    def push_token(self) -> str | None:
        """The token to push with; None if none is needed. Raises RunOver, Cancelled, PorterAway."""

    def tail(self) -> list[str]:
        """The last lines of the log."""

    def finish(self, result: Result) -> bool:
        """Hand in the result; was it accepted? Raises RunOver, PorterAway."""


class Orders:
    """The order to stop: given by Porter in an answer, or by a signal; obeyed wherever the runner waits."""

    def __init__(self) -> None:
        self._given = threading.Event()
        self.why = ""
        self.over = False  # the run has ended for Porter: nothing more is to be reported
        self.hurry_since: float | None = None  # time.monotonic() when we heard that the machine is going down

    def cancel(self, why: str, *, over: bool = False, hurry: bool = False) -> None:
        self.why = self.why or why
        self.over = self.over or over
        if hurry and self.hurry_since is None:
            self.hurry_since = time.monotonic()
        self._given.set()

    @property
    def given(self) -> bool:
        return self._given.is_set()

    def check(self) -> None:
        """Raises RunOver or Cancelled if the order was given."""
        if self.given:
            raise RunOver(self.why) if self.over else Cancelled(self.why)

    def wait(self, seconds: float) -> None:
        """Sleep, unless the order comes; then raise as `check` does."""
        self._given.wait(seconds)
        self.check()
