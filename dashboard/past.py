"""What the reader wants to see in History and in Insights, as the address says it. Days are UTC. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from dashboard.present import NEEDS, Tone
from dashboard.wanted import day_of
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

_LONGEST = 200  # characters of a value in the address


@dataclass(frozen=True)
class WantedHistory:
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
        told = {name: str(params.get(name) or "").strip()[:_LONGEST] for name in cls.__dataclass_fields__}
        if told["result"] not in CHOICES:
            told["result"] = ""
        for name in ("since", "until"):
            told[name] = told[name] if day_of(told[name]) else ""
        return cls(**told)

    def params(self) -> dict[str, str]:
        """As query parameters: only what is set."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def filters(self) -> dict[str, str]:
        """The same without the place in the pages."""
        return replace(self, after="", before="").params()

    def sought(self, only: frozenset[str] | None) -> Sought:
        """As the store understands it, of the repositories that the reader may see (None: all)."""
        since, until = day_of(self.since), day_of(self.until)
        tasks = TaskFilter(
            repository=self.repository or None,
            agent=self.agent or None,
            requested_by=self.by or None,
            search=self.q or None,
            since=datetime.combine(since, time(), UTC) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), UTC) if until else None,
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
