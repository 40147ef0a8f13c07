"""One create a second and app, three at once: for all processes together, because the database keeps the time.

https://fly.io/docs/machines/api/working-with-machines-api/#rate-limits
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from jobs.hosts.errors import HostUnavailable
from store import leases
from store.database import Database

INTERVAL, BURST = 1.0, 3
LONGEST_SLEEP = 45.0  # seconds, within a run's lease; only as many launches wait in line as there are workers


class FlyPace:
    """Keeps creates in step. `sleep` takes seconds."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._db, self._clock, self._sleep = db, clock, sleep

    def wait(self, app: str) -> None:
        """Wait for the next turn: that is shorter than being refused. Raises HostUnavailable for more than 45 s."""
        now, most = self._clock(), LONGEST_SLEEP
        wait = leases.reserve(self._db, _name(app), now=now, interval=INTERVAL, burst=BURST, at_most=most)
        if wait > LONGEST_SLEEP:
            raise HostUnavailable("too many machines are being started at once", wait)
        self._sleep(wait)

    def hold_back(self, app: str, seconds: float) -> None:
        """Nobody creates anything for so long: Fly asked for it."""
        # A burst would be let through at once, so the pause begins where the burst ends.
        until = self._clock() + timedelta(seconds=seconds + INTERVAL * (BURST - 1))
        leases.hold_back(self._db, _name(app), until=until)


def _name(app: str) -> str:
    return f"fly:{app}"
