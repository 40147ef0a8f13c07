"""GitHub's two rate limits: so many requests an hour, and so many content-creating ones a minute.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

from emulators.github.errors import Refusal

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Limits:
    """Counts per caller. Set a limit to None to switch it off."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.core_per_hour: int | None = 5_000
        self.content_per_minute: int | None = 80
        self._clock = clock
        self._lock = threading.Lock()
        self._core: dict[str, tuple[datetime, int]] = {}
        self._created: dict[str, deque[datetime]] = defaultdict(deque)

    def spend(self, caller: str) -> dict[str, str]:
        """Counts one request and answers the headers that tell it. Refusal 403 when none is left."""
        with self._lock:
            began, used = self._window(caller)
            self._core[caller] = (began, used + 1)
        headers = self.headers(caller)
        if self.core_per_hour is not None and used >= self.core_per_hour:
            raise Refusal(403, f"API rate limit exceeded for {caller}.", headers=headers)
        return headers

    def headers(self, caller: str) -> dict[str, str]:
        return {f"x-ratelimit-{name}": str(value) for name, value in self.numbers(caller).items()} | {
            "x-ratelimit-resource": "core"
        }

    def numbers(self, caller: str) -> dict[str, int]:
        limit = self.core_per_hour or 5_000
        began, used = self._window(caller)
        return {
            "limit": limit,
            "used": used,
            "remaining": max(0, limit - used),
            "reset": int((began + HOUR).timestamp()),
        }

    def create(self, caller: str) -> None:
        """Counts one content-creating request. Refusal 403 with `retry-after` when there were too many this minute."""
        if self.content_per_minute is None:
            return
        now = self._clock()
        with self._lock:
            made = self._created[caller]
            while made and now - made[0] >= MINUTE:
                made.popleft()
            if len(made) < self.content_per_minute:
                made.append(now)
                return
            wait = max(1, round((MINUTE - (now - made[0])).total_seconds()))
        raise Refusal(
            403,
            "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
            "Please retry your request again later.",
            headers={"retry-after": str(wait)},
        )

    def _window(self, caller: str) -> tuple[datetime, int]:
        now = self._clock()
        began, used = self._core.get(caller, (now, 0))
        return (now, 0) if now - began >= HOUR else (began, used)
