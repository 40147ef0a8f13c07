"""The log lines that Porter has not accepted yet: in order, numbered, never more than fit. Pure."""

from __future__ import annotations

from collections import deque

from worker.contract import Kind, Level, LogLine

CAPACITY = 4_000  # lines


class LogBuffer:
    """Keeps the oldest and the newest lines; when there are too many it drops the middle and says how many."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._first: deque[LogLine] = deque()
        self._last: deque[LogLine] = deque()
        self._half = capacity // 2
        self._dropped: LogLine | None = None
        self._count = 0
        self._n = 0

    def __len__(self) -> int:
        return len(self._first) + len(self._last)

    def add(self, text: str, *, level: Level, kind: Kind, at: float) -> None:
        """`at` is Unix time in seconds."""
        self._n += 1
        line = LogLine(self._n, at, level, kind, text)
        if not self._last and len(self._first) < self._half:
            self._first.append(line)
            return
        self._last.append(line)
        if len(self._last) > self._half:
            dropped = self._last.popleft()
            self._dropped = self._dropped or dropped
            self._count += 1

    def take(self, most: int) -> list[LogLine]:
        """The next lines, at most `most`; they are no longer in the buffer."""
        taken: list[LogLine] = []
        while len(taken) < most and (line := self._next()):
            taken.append(line)
        return taken

    def _next(self) -> LogLine | None:
        if self._first:
            return self._first.popleft()
        if gap := self._dropped:
            self._dropped, count, self._count = None, self._count, 0
            return LogLine(gap.n, gap.at, Level.WARNING, Kind.STEP, f"… {count} lines dropped here: too many at once")
        return self._last.popleft() if self._last else None
