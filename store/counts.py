"""What many tasks came to: how they ended, how long they took, what they cost. Pure; store/tallies.py counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from store.lifecycle import LIVE, Outcome, Status


class Result(StrEnum):
    """How a task ended, as people tell it; AT_WORK if it has not."""

    MERGED = "merged"
    OPEN = "open"
    CLOSED = "closed"
    NO_CHANGES = "no_changes"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    AT_WORK = "at_work"


def result_of(status: str, outcome: str | None, pr_state: str | None) -> Result:
    """From a task's columns. Work that brought a pull request is OPEN until that is merged or closed."""
    if status in LIVE:
        return Result.AT_WORK
    if status != Status.SUCCEEDED:
        return Result(status)
    if outcome == Outcome.NO_CHANGES:
        return Result.NO_CHANGES
    return Result(pr_state) if pr_state in ("merged", "closed") else Result.OPEN


@dataclass(frozen=True)
class Tally:
    """Sums over tasks. `durations` and `to_pull`: how many took how many seconds at work, and from being asked for to
    the pull request, both `rounded`. `known_costs`: how many of them told a cost."""

    tasks: int = 0
    pulls: int = 0
    merged: int = 0
    known_costs: int = 0
    cost_usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    machine_seconds: float = 0.0
    durations: Mapping[int, int] = field(default_factory=dict)
    to_pull: Mapping[int, int] = field(default_factory=dict)

    @property
    def cost(self) -> float | None:
        """US dollars of those that told; None when nobody did."""
        return self.cost_usd if self.known_costs else None


SECONDS = ("durations", "to_pull")
NUMBERS = tuple(one.name for one in fields(Tally) if one.name not in SECONDS)


@dataclass(frozen=True)
class Cell:
    """What is counted apart."""

    day: date
    repository: str
    agent: str
    result: Result


@dataclass(frozen=True)
class Span:
    """Which tasks to count: asked for from `first` to `last` (None: without end), of these repositories and agent.
    `only`: the repositories that the reader may see, None for all."""

    first: date | None = None
    last: date | None = None
    repository: str | None = None
    agent: str | None = None
    only: frozenset[str] | None = None


Counted = dict[Cell, Tally]


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together; some may be `negative`."""
    found: dict[str, Any] = vars(Tally()) | {name: {} for name in SECONDS}
    for tally in tallies:
        for name in NUMBERS:
            found[name] += getattr(tally, name)
        for name in SECONDS:
            into = found[name]
            for seconds, tasks in getattr(tally, name).items():
                into[seconds] = into.get(seconds, 0) + tasks
    for name in SECONDS:
        found[name] = {seconds: tasks for seconds, tasks in found[name].items() if tasks}
    return Tally(**found)


def negative(tally: Tally) -> Tally:
    """The same taken away."""
    found: dict[str, Any] = {name: -getattr(tally, name) for name in NUMBERS}
    for name in SECONDS:
        found[name] = {seconds: -tasks for seconds, tasks in getattr(tally, name).items()}
    return Tally(**found)


def summed(cells: Iterable[tuple[Cell, Tally]]) -> Counted:
    """Equal cells together."""
    parts: dict[Cell, list[Tally]] = defaultdict(list)
    for cell, tally in cells:
        parts[cell].append(tally)
    return {cell: total(found) if len(found) > 1 else found[0] for cell, found in parts.items()}


def median(seconds: Mapping[int, int]) -> int | None:
    """The middle one of so many that took so long; None for none."""
    return quantile(seconds, 0.5)


def quantile(seconds: Mapping[int, int], share: float) -> int | None:
    """What this share (0 to 1) of them did not exceed; None for none."""
    wanted, passed = sum(seconds.values()) * share, 0
    for value in sorted(seconds):
        passed += seconds[value]
        if passed >= wanted:
            return value
    return None


def seconds_between(begun: datetime, ended: datetime) -> int:
    """Both without their fractions, as databases reckon too (store/moments.py)."""
    return int(ended.timestamp()) - int(begun.timestamp())


def rounded(seconds: float) -> int:
    """To two digits: so a day has few different durations, and a median is off by a twentieth at most."""
    whole = max(0, int(seconds))
    size = 10 ** max(0, len(str(whole)) - 2)
    return int((whole + size // 2) // size * size)
