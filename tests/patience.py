"""What a promise of seconds may be late by: the time in which this computer itself kept programs waiting."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_PRESSURE = Path("/proc/pressure")  # https://docs.kernel.org/accounting/psi.html
_LAG = 3.0  # seconds; the kernel adds up every two


class Within:
    """`with Within(10.0):` fails when what is inside takes longer on an idle computer. Seconds in which anything at all
    waited for a processor, a disk or memory do not count; where Linux does not tell of them, nothing is asserted."""

    def __init__(self, seconds: float) -> None:
        self._promised = seconds
        self.elapsed = 0.0

    def __enter__(self) -> Self:
        self._waited, self._begun = _waited(), time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.elapsed = time.monotonic() - self._begun
        if kind is not None or self._waited is None:
            return
        until = time.monotonic() + _LAG
        while self.elapsed - ((_waited() or 0.0) - self._waited) > self._promised:
            late = f"it took {self.elapsed:.1f} s, and this computer held up nobody for that long"
            assert time.monotonic() < until, late
            time.sleep(0.1)


def _waited() -> float | None:
    """Seconds so far in which something had to wait here."""
    try:
        told = [_PRESSURE.joinpath(what).read_text() for what in ("cpu", "io", "memory")]
    except OSError:
        return None
    totals = [int(found[1]) for text in told if (found := re.search(r"^some .*total=(\d+)", text, re.MULTILINE))]
    return sum(totals) / 1e6 + _stolen()


def _stolen() -> float:
    """By the hypervisor, of all processors: proc_stat(5)."""
    first = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(first[8]) / os.sysconf("SC_CLK_TCK")
