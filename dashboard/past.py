"""What the reader wants to see in History and in Insights, as the address says it. Days are UTC. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Self

from dashboard.address import InAddress, only_days, within
from dashboard.present import NEEDS, Tone
from store.counts import Result, Span
from store.feed import TaskFilter
from store.history import Sought

ENDS: dict[Result, tuple[str, str]] = {
    Result.MERGED: ("Merged", Tone.DONE),
    Result.OPEN: ("Open PR", NEEDS),
    Result.CLOSED: ("Rejected", Tone.STOPPED),
    Result.NO_CHANGES: ("No changes", Tone.DONE),
    Result.FAILED: ("Failed", Tone.FAILED),
    Result.TIMED_OUT: ("Timed out", Tone.FAILED),
    Result.CANCELLED: ("Stopped", Tone.STOPPED),
    Result.AT_WORK: ("At work", Tone.WAITING),
}
DONE = frozenset({Result.MERGED, Result.OPEN, Result.CLOSED, Result.NO_CHANGES})
# What the reader may choose; two of them are several results at once.
CHOICES: dict[str, tuple[str, frozenset[Result]]] = {
    "done": ("Done, whatever came of it", DONE),
    **{result.value: (word, frozenset({result})) for result, (word, _) in ENDS.items()},
    "failed": ("Failed or timed out", frozenset({Result.FAILED, Result.TIMED_OUT})),
}
CHOICES.pop(Result.TIMED_OUT)
PERIODS = (7, 30, 90)  # days


@dataclass(frozen=True)
class WantedHistory(InAddress):
    """The filters, an empty one asks for everything, and the key of a page: behind `after`, or before `before`."""

    result: str = ""
    repository: str = ""
    agent: str = ""
    by: str = ""
    since: str = ""
    until: str = ""
    q: str = ""
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, params: Mapping[str, object]) -> Self:
        """From query parameters, or from what the component sent. What is not known is dropped."""
        told = cls.told(params)
        if told["result"] not in CHOICES:
            told["result"] = ""
        only_days(told)
        return cls(**told)

    @property
    def filters(self) -> dict[str, str]:
        """The same without the place in the pages."""
        return replace(self, after="", before="").params()

    def sought(self, only: frozenset[str] | None) -> Sought:
        """As the store understands it, of the repositories that the reader may see (None: all)."""
        tasks = TaskFilter(
            repository=self.repository or None,
            agent=self.agent or None,
            requested_by=self.by or None,
            search=self.q or None,
            **within(self.since, self.until, UTC),
            only=only,
        )
        return Sought(tasks, CHOICES[self.result][1] if self.result else frozenset())


@dataclass(frozen=True)
class WantedInsights:
    """The last so many `days`, today included."""

    days: int = 30

    @classmethod
    def read(cls, params: Mapping[str, object]) -> Self:
        """From query parameters, or from what the component sent; 30 days when they say nothing known."""
        told = str(params.get("days") or "")
        return cls(int(told)) if told in map(str, PERIODS) else cls()

    def span(self, today: date, only: frozenset[str] | None) -> Span:
        """As the store understands it."""
        return Span(first=today - timedelta(days=self.days - 1), last=today, only=only)
