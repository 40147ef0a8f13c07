"""How often Fly lets one action happen to one machine or app. Pure but for what it remembers.

https://fly.io/docs/machines/api/working-with-machines-api/#rate-limits
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """Requests a second, and how many may come at once."""

    per_second: float
    burst: int


USUAL = Rate(1.0, 3)
SPECIAL = {"get": Rate(5.0, 10), "delete_app": Rate(100 / 60, 100)}


class Rates:
    """Token buckets by (action, id). `clock` answers in seconds and is only asked here."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def allow(self, action: str, target: str) -> bool:
        """Take one request out of the bucket; False when it is empty."""
        rate, now = SPECIAL.get(action, USUAL), self._clock()
        left, since = self._left.get((action, target), (float(rate.burst), now))
        left = min(rate.burst, left + (now - since) * rate.per_second)
        allowed = left >= 1.0
        self._left[action, target] = (left - 1.0 if allowed else left, now)
        return allowed
