"""Porter as GitHub's guest: pauses it asked for, and writes a second apart, noted where every process sees them.

https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from jobs.github.errors import Crowded, RateLimited
from store import leases
from store.database import Database

T = TypeVar("T")

WRITE_INTERVAL = 1.0  # seconds between two writes of one installation
LONGEST_WAIT = 10.0  # seconds a job waits for its turn, well within its lease; then it is put off
# About 500 contents an hour are allowed: the rest of them is kept for results.
# https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
EDIT_INTERVAL, EDIT_BURST = 9.0, 100


class Guest:
    """Keeps the manners of all processes together. `sleep` takes seconds.

    Limits count for each installation, and for the App itself (`APP`), so each is paced on its own.
    """

    APP = "app"

    def __init__(self, db: Database, clock: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self._db, self._clock, self._sleep = db, clock, sleep

    def ask(self, whose: str | int, request: Callable[[], T]) -> T:
        """Send the request, unless GitHub asked for a pause that is not over; then raise RateLimited without asking."""
        wait = leases.rest(self._db, _pause(whose), now=self._clock())
        if wait > 0:
            raise RateLimited("GitHub asked Porter to slow down, and the pause is not over", wait)
        try:
            return request()
        except RateLimited as limit:
            until = self._clock() + timedelta(seconds=limit.retry_after or 0.0)
            leases.hold_back(self._db, _pause(whose), until=until)
            raise

    def wait_to_write(self, whose: str | int) -> None:
        """Wait for the next place in the line of writes. Raises Crowded when that is too far off."""
        place = leases.reserve(
            self._db, _writes(whose), now=self._clock(), interval=WRITE_INTERVAL, at_most=LONGEST_WAIT
        )
        if place > LONGEST_WAIT:
            raise Crowded("Porter has much to write to GitHub and goes slowly, as GitHub asks", place)
        if place > 0:
            self._sleep(place)

    def is_idle(self, whose: str | int) -> bool:
        """Whether a write would neither wait nor be refused: what can be left out is left out while results wait."""
        now = self._clock()
        return not (leases.rest(self._db, _pause(whose), now=now) or leases.rest(self._db, _writes(whose), now=now))

    def may_edit(self, whose: str | int) -> bool:
        """Whether a word about progress may be written now; it counts as one."""
        now = self._clock()
        return self.is_idle(whose) and leases.take(
            self._db, f"github-edits:{whose}", now=now, interval=EDIT_INTERVAL, burst=EDIT_BURST
        )


def _pause(whose: str | int) -> str:
    return f"github-pause:{whose}"


def _writes(whose: str | int) -> str:
    return f"github-write:{whose}"
