"""Work that is asked for without a comment: from the dashboard, or by `POST /api/tasks`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.roster import Roster
from store.records import Priority, Task


class CannotDispatch(JobError):
    """The wish cannot be carried out as it is; the message says why. `field` names what of it will not do, `action`
    says what to do about it."""

    def __init__(self, message: str, *, field: str = "", action: str | None = None) -> None:
        super().__init__(message)
        self.field, self.action = field, action


class NoKey(CannotDispatch):
    """The agent has no key to work with; an operator sets one."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants done. Without `issue_number` an issue is opened, with the instructions as its text and
    `title`, or their first line, above it. `flags` are inputs by the names that tasks store them under: `draft`,
    `no_tests`, `with_thread` (bool), `timeout_seconds` (number)."""

    repository: str
    instructions: str = ""
    issue_number: int | None = None
    title: str | None = None
    agent: str | None = None
    model: str | None = None
    base_branch: str | None = None
    priority: Priority = Priority.NORMAL
    flags: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class IssueChoice:
    """An issue as a person picks it: `preview` is the beginning of its text, `state` is `open` or `closed`."""

    number: int
    title: str
    state: str
    labels: list[str]
    preview: str
    url: str


def dispatch(services: Services, roster: Roster, wish: Wish, *, by: str, source: str) -> Task:
    """Start the work, in milliseconds and without a word to GitHub: the launch asks there. `by` is who wants it (a
    login, or the local operator); `source` is `dashboard` or `api`.

    Raises CannotDispatch (NoKey) with a sentence.
    """
    raise CannotDispatch("starting work from here is not built yet")


def issues_of(services: Services, repository: str, query: str = "") -> list[IssueChoice]:
    """Open issues of the repository that fit the words or the number in `query`, lately changed first; at most 20.

    Raises a GitHubError.
    """
    return []
