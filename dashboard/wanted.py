"""What the reader wants to see in the feed, as the address of the page says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Self

from dashboard.present import NEEDS, Tone
from store.feed import TaskFilter
from store.lifecycle import Status

PILLS: dict[str, tuple[str, frozenset[Status]]] = {
    Tone.RUNNING: ("Running", frozenset({Status.LAUNCHING, Status.RUNNING, Status.FINISHING})),
    Tone.WAITING: ("Waiting", frozenset({Status.QUEUED})),
    NEEDS: ("Needs you", frozenset()),  # whatever waits for a person's decision; the others are the rest
    Tone.DONE: ("Done", frozenset({Status.SUCCEEDED})),
    Tone.FAILED: ("Failed", frozenset({Status.FAILED, Status.TIMED_OUT})),
    Tone.STOPPED: ("Stopped", frozenset({Status.CANCELLED})),
}

SHOWN = {NEEDS: "Needs you", "open": "Open", "merged": "Merged", "closed": "Rejected"}

_LONGEST = 200  # characters of a value in the address; more is nobody's repository or search


@dataclass(frozen=True)
class Wanted:
    """The feed's filters; an empty one asks for everything. `status` is a pill; `since` and `until` are days in the
    reader's zone, both of them in."""

    status: str = ""
    repository: str = ""
    branch: str = ""
    issue: str = ""
    agent: str = ""
    by: str = ""
    since: str = ""
    until: str = ""
    q: str = ""

    @classmethod
    def read(cls, params: Mapping[str, object]) -> Self:
        """From query parameters, or from what the feed component sent. Unknown names and statuses are dropped."""
        told = {name: str(params.get(name) or "").strip()[:_LONGEST] for name in cls.__dataclass_fields__}
        if told["status"] not in set(PILLS):
            told["status"] = ""
        told["issue"] = told["issue"].removeprefix("#")
        if not (told["issue"].isascii() and told["issue"].isdecimal() and len(told["issue"]) < 10):
            told["issue"] = ""
        for name in ("since", "until"):
            told[name] = told[name] if day_of(told[name]) else ""
        return cls(**told)

    def params(self) -> dict[str, str]:
        """As query parameters: only what is set."""
        return {name: value for name, value in asdict(self).items() if value}

    def filter(self, zone: tzinfo = UTC) -> TaskFilter:
        """As the store understands it."""
        since, until = day_of(self.since), day_of(self.until)
        return TaskFilter(
            branch=self.branch or None,
            issue_number=int(self.issue) if self.issue else None,
            since=datetime.combine(since, time(), zone) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
            statuses=PILLS[self.status][1] if self.status else frozenset(),
            needs_person=self.status == NEEDS if self.status else None,
            repository=self.repository or None,
            agent=self.agent or None,
            requested_by=self.by or None,
            search=self.q or None,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.params())


@dataclass(frozen=True)
class WantedReviews:
    """Which pull requests to list: `show` is one of SHOWN, `after` the key of a page."""

    show: str = NEEDS
    repository: str = ""
    after: str = ""

    @classmethod
    def read(cls, params: Mapping[str, object]) -> Self:
        """From query parameters, or from what the component sent. What is not known is dropped."""
        told = {name: str(params.get(name) or "").strip()[:_LONGEST] for name in cls.__dataclass_fields__}
        if told["show"] not in SHOWN:
            told["show"] = NEEDS
        return cls(**told)

    def params(self) -> dict[str, str]:
        """As query parameters: only what is set."""
        told = {name: value for name, value in asdict(self).items() if value}
        if self.show == NEEDS:
            told.pop("show")
        return told

    def filter(self) -> TaskFilter:
        """The pull requests, as the store understands it."""
        repository = self.repository or None
        if self.show == NEEDS:
            return TaskFilter(statuses=frozenset({Status.SUCCEEDED}), repository=repository, needs_person=True)
        return TaskFilter(pulls=frozenset({self.show}), repository=repository)

    def held(self) -> TaskFilter:
        """The changes that wait for approval before there is a pull request."""
        waits = frozenset({Status.FINISHING})
        return TaskFilter(statuses=waits, repository=self.repository or None, needs_person=True)


def day_of(text: str) -> date | None:
    """A day as the address has it; None for what is none, or too far off to be anybody's."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 9000 else None
