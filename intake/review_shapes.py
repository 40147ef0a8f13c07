"""The shapes of `/api/review`: what is decided on, and what it is decided by."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from intake.events import Login
from intake.shapes import TaskShape
from jobs.merging import Merged
from jobs.pull_view import PullView

_TaskId = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9a-f]+$")]


class Decision(BaseModel):
    """`requested_by`: the GitHub login on whose behalf; GitHub is asked whether they may write to the repository."""

    model_config = ConfigDict(extra="forbid")

    task_id: _TaskId
    requested_by: Login | None = None


class MergeBody(Decision):
    """`head_sha`: the commit that was looked at. Nothing else is merged."""

    head_sha: Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
    method: Literal["merge", "squash", "rebase"] = "merge"


class RejectBody(Decision):
    """`reason` becomes a comment on the pull request."""

    reason: Annotated[str, Field(max_length=20_000)] = ""


class ChangesBody(Decision):
    """`words`: what should be different. The agent goes on with the same branch."""

    words: Annotated[str, Field(min_length=1, max_length=65_536)]


class MergedShape(BaseModel):
    """`sha`: the commit that the base branch has now."""

    sha: str
    pr_number: int
    url: str
    task: TaskShape


class FollowUpShape(BaseModel):
    """The changes as they wait for their run."""

    id: str
    task_id: str
    requested_by: str


class CheckShape(BaseModel):
    name: str
    status: str
    conclusion: str | None
    url: str | None


class FileShape(BaseModel):
    path: str
    previous_path: str | None
    status: str
    additions: int
    deletions: int
    patch: str | None
    is_binary: bool
    is_huge: bool


class PullShape(BaseModel):
    """The task's pull request as GitHub shows it now. `mergeable` is null while GitHub works it out."""

    number: int
    title: str
    url: str
    state: str
    is_draft: bool
    mergeable: bool | None
    mergeable_state: str
    head_sha: str
    head: str
    base: str
    commits: int
    additions: int
    deletions: int
    changed_files: int
    checks: list[CheckShape]
    checks_unknown: str
    files: list[FileShape]
    files_left_out: int
    review_decision: str | None


def pull(seen: PullView) -> dict[str, Any]:
    """The pull request, ready for JSON."""
    return PullShape.model_validate(asdict(seen)).model_dump(mode="json")


def merged(done: Merged) -> dict[str, Any]:
    """The merge, ready for JSON."""
    task = TaskShape.model_validate(done.task)
    return MergedShape(sha=done.sha, pr_number=done.pr_number, url=done.url, task=task).model_dump(mode="json")
