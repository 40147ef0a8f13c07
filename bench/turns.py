"""Timing the same act over a small and a large database, by turns: so a busy neighbour disturbs both alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter

from bench.figures import percentile
from bench.filling import fill
from tests import postgres

BASELINE = 10_000
LOOKS, WARM = 40, 5


@contextmanager
def databases(most: int) -> Iterator[tuple[str, str]]:
    """The URLs of one with the baseline's tasks and of one with so many, on a PostgreSQL of our own."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres.server())
        small, large = (stack.enter_context(postgres.scratch_database(server)) for _ in range(2))
        fill(small, BASELINE)
        fill(large, most)
        print(f"{'in ms of the server':<42} {BASELINE:>19,} {most:>19,}")
        print(f"{'':<42} {'p50':>9} {'p95':>9} {'p50':>9} {'p95':>9}")
        yield small, large


def compare(name: str, small: Callable[[], object], large: Callable[[], object], *, looks: int = LOOKS) -> None:
    """Print what the act takes over the one and the other, and the ratio."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(looks):
        for act, found in zip((small, large), spent, strict=True):
            begun = perf_counter()
            act()
            found.append(perf_counter() - begun)
    print_line(name, *(found[WARM:] for found in spent))


def print_line(name: str, base: list[float], spent: list[float]) -> None:
    """One line of the table, from seconds."""
    figures = [percentile(one, share) for one in (base, spent) for share in (0.5, 0.95)]
    told = " ".join(f"{figure * 1e3:9.1f}" for figure in figures)
    ratios = f"p50 is {figures[2] / figures[0]:5.2f}, p95 {figures[3] / figures[1]:5.2f} of the baseline's"
    print(f"{name:<42} {told}   {ratios}", flush=True)
