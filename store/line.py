"""Who starts next: the order of those who wait, and what stands in their way. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from store.records import Priority

STEP = timedelta(minutes=30)  # of waiting that lift a task by one step of priority
HEAD_START = {Priority.HIGH: 2 * STEP, Priority.NORMAL: STEP, Priority.LOW: timedelta(0)}


class Obstacle(StrEnum):
    """What a run waits for."""

    ISSUE = "issue"
    USER = "user"
    REPOSITORY = "repository"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True)
class Limits:
    """Most runs that may be at work at once: for one person, for one repository, in all."""

    user: int
    repository: int
    deployment: int


@dataclass(frozen=True)
class Asked:
    """A run that is queued. `since`: when it was asked for. `ready`: nothing but its place keeps it from starting."""

    run_id: str
    task_id: str
    since: datetime
    priority: Priority
    repository: str
    requested_by: str
    agent: str
    issue_number: int | None
    ready: bool = True
    waits_for: Obstacle | None = None

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands in the line, the least first. Never changes while it waits: docs/decisions/0006-limits.md."""
        return self.since - HEAD_START[self.priority], self.run_id


@dataclass
class Load:
    """What is at work. GitHub's names of people and repositories do not tell capitals from small letters."""

    total: int = 0
    by_user: Counter[str] = field(default_factory=Counter)
    by_repository: Counter[str] = field(default_factory=Counter)
    busy: set[tuple[str, int, str]] = field(default_factory=set)

    def add(self, repository: str, requested_by: str, runs: int = 1) -> None:
        self.total += runs
        self.by_user[requested_by.lower()] += runs
        self.by_repository[repository.lower()] += runs

    def occupy(self, asked: Asked) -> None:
        """Nothing else of this agent may start on the issue."""
        if (subject := _subject(asked)) is not None:
            self.busy.add(subject)

    def full(self, limits: Limits) -> tuple[list[str], list[str]]:
        """People and repositories, in small letters, of which no further run may start."""
        people = [login for login, runs in self.by_user.items() if runs >= limits.user]
        return people, [name for name, runs in self.by_repository.items() if runs >= limits.repository]


def obstacle(asked: Asked, load: Load, limits: Limits) -> Obstacle | None:
    """The first thing that keeps the run from starting, the most particular one first; None: it may start."""
    if _subject(asked) in load.busy:
        return Obstacle.ISSUE
    if load.by_user[asked.requested_by.lower()] >= limits.user:
        return Obstacle.USER
    if load.by_repository[asked.repository.lower()] >= limits.repository:
        return Obstacle.REPOSITORY
    return Obstacle.DEPLOYMENT if load.total >= limits.deployment else None


def startable(line: Iterable[Asked], load: Load, limits: Limits) -> Iterator[Asked]:
    """Those who may all start now, in order. `load` is counted on with each of them."""
    passed: set[tuple[str, int, str] | None] = set()
    for asked in sorted(line, key=lambda one: one.place):
        subject = _subject(asked)
        first = subject is None or subject not in passed
        if first and asked.ready and obstacle(asked, load, limits) is None:
            load.add(asked.repository, asked.requested_by)
            yield asked
        passed.add(subject)  # also of one who waits: the tasks of an issue keep their order


def ahead(line: Iterable[Asked]) -> dict[str, int]:
    """For each run of a whole line: how many stand before it for what it waits for."""
    passed: Counter[Hashable] = Counter()
    found: dict[str, int] = {}
    for asked in sorted(line, key=lambda one: one.place):
        whose: dict[Obstacle, Hashable] = {
            Obstacle.ISSUE: _subject(asked),
            Obstacle.USER: (Obstacle.USER, asked.requested_by.lower()),
            Obstacle.REPOSITORY: (Obstacle.REPOSITORY, asked.repository.lower()),
            Obstacle.DEPLOYMENT: Obstacle.DEPLOYMENT,
        }
        found[asked.run_id] = passed[whose[asked.waits_for or Obstacle.DEPLOYMENT]]
        if asked.waits_for not in (None, Obstacle.DEPLOYMENT):  # it is in nobody's way to a place
            del whose[Obstacle.DEPLOYMENT]
        passed.update(whose.values())
    return found


def _subject(asked: Asked) -> tuple[str, int, str] | None:
    if asked.issue_number is None:
        return None
    return asked.repository.lower(), asked.issue_number, asked.agent
