"""What the reader wants to see in the feed, as the address of the page says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Self

from dashboard.address import InAddress, only_days, within
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


@dataclass(frozen=True)
class Wanted(InAddress):
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
        told = cls.told(params)
        if told["status"] not in set(PILLS):
            told["status"] = ""
        told["issue"] = told["issue"].removeprefix("#")
        if not (told["issue"].isascii() and told["issue"].isdecimal() and len(told["issue"]) < 10):
            told["issue"] = ""
        only_days(told)
        return cls(**told)

    def filter(self, zone: tzinfo = UTC) -> TaskFilter:
        """As the store understands it."""
        return TaskFilter(
            branch=self.branch or None,
            issue_number=int(self.issue) if self.issue else None,
            **within(self.since, self.until, zone),
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
class WantedReviews(InAddress):
    """Which pull requests to list: `show` is one of SHOWN, `after` the key of a page."""

    show: str = NEEDS
    repository: str = ""
    after: str = ""

    @classmethod
    def read(cls, params: Mapping[str, object]) -> Self:
        """From query parameters, or from what the component sent. What is not known is dropped."""
        told = cls.told(params)
        if told["show"] not in SHOWN:
            told["show"] = NEEDS
        return cls(**told)

    def params(self) -> dict[str, str]:
        """As query parameters: only what is set."""
        told = super().params()
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
