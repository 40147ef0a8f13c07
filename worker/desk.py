"""What the runner needs from whoever ordered the run, and the order to stop."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from worker.contract import Kind, Level, Result, Session, Usage
from worker.errors import Cancelled, RunOver

SAVE_SECONDS = 20.0  # for a run that is told to stop, to end its agent and save its work; Porter waits for thirty
GOING_DOWN_SECONDS = 6.0  # the same, when the machine itself is being stopped


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
        """The token to push with; None if none is needed. Raises RunOver, PorterAway; Cancelled when a run that was
        told to stop has no time left."""

    def tail(self) -> list[str]:
        """The last lines of the log."""

    def finish(self, result: Result) -> bool:
        """Hand in the result; was it accepted? Raises RunOver, PorterAway."""


class Orders:
    """The order to stop: given by Porter in an answer, or by a signal; obeyed wherever the runner waits.

    Saving is not stopped at once: what was done so far may still be collected and pushed, until its time is over.
    """

    def __init__(self) -> None:
        self._given = threading.Event()
        self._given_at = 0.0
        self.why = ""
        self.over = False  # the run has ended for Porter: nothing more is to be reported
        self.hurry_since: float | None = None  # time.monotonic() when we heard that the machine is going down

    def cancel(self, why: str, *, over: bool = False, hurry: bool = False) -> None:
        self.why = self.why or why
        self.over = self.over or over
        self._given_at = self._given_at or time.monotonic()
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

    def check_saving(self) -> None:
        """What `check` is elsewhere, while work is saved. Raises RunOver at once, Cancelled when the time is over."""
        if self.given and (self.over or time.monotonic() > self._save_until()):
            self.check()

    def wait(self, seconds: float) -> None:
        """Sleep, unless the order comes; then raise as `check` does."""
        self._given.wait(seconds)
        self.check()

    def wait_saving(self, seconds: float) -> None:
        """Sleep, and raise as `check_saving` does."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check_saving()
            time.sleep(min(left, 0.1))
        self.check_saving()

    def _save_until(self) -> float:
        last = self._given_at + SAVE_SECONDS
        return last if self.hurry_since is None else min(last, self.hurry_since + GOING_DOWN_SECONDS)
