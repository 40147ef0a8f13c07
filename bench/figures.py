"""Percentiles and the lines they are printed in. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of them lie, by nearest rank. Raises ValueError when there are none."""
    if not values:
        raise ValueError("no values were measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def line(name: str, seconds: Sequence[float]) -> str:
    """Median and 95th percentile of durations in seconds, in milliseconds."""
    p50, p95 = (percentile(seconds, share) * 1000 for share in (0.5, 0.95))
    return f"{name:<28} p50 {p50:8.1f} ms   p95 {p95:8.1f} ms   over {len(seconds)}"
