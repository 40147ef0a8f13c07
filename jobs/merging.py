"""What a person decides about a task's pull request: merge it, reject it, or ask for changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jobs.bootstrap import Services
from jobs.errors import JobError
from store.records import FollowUp, Task

Method = Literal["merge", "squash", "rebase"]


class CannotDecide(JobError):
    """The decision cannot be carried out; the message says why and what to do next."""


class NotPermitted(CannotDecide):
    """GitHub does not let this person write to the repository."""


class HeadMoved(CannotDecide):
    """The branch is no longer what was looked at."""


class NotMergeable(CannotDecide):
    """GitHub does not merge it as it stands."""


@dataclass(frozen=True)
class Merged:
    """`sha`: the commit that the base branch has now. `task` as it is after that."""

    sha: str
    pr_number: int
    url: str
    task: Task


def merge(
    services: Services, task_id: str, *, by: str, login: str | None, head_sha: str, method: Method = "merge"
) -> Merged:
    """Merge exactly the commit that was looked at. `login`: who decides, asked about at GitHub; None for the local
    operator and the API's token. Repeated, nothing happens twice.

    Raises NotFound, CannotDecide (NotPermitted, HeadMoved, NotMergeable), a GitHubError.
    """
    raise NotMergeable("merging from here is not built yet")


def reject(services: Services, task_id: str, *, by: str, login: str | None, reason: str = "") -> Task:
    """Close the pull request, with the reason as a comment. Raises as `merge` does."""
    raise CannotDecide("rejecting from here is not built yet")


def request_changes(services: Services, task_id: str, *, by: str, login: str | None, words: str) -> FollowUp:
    """Have the agent go on with the pull request; `words` are the feedback. Raises as `merge` does."""
    raise CannotDecide("asking for changes from here is not built yet")
