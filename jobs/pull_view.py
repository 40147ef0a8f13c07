"""A task's pull request as GitHub shows it now: can it be merged, what do the checks say, what does it change."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from jobs import repository
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.github.errors import GitHubRefused
from jobs.github.pull_requests import PullRequest, Standing
from store.records import Task

_log = logging.getLogger(__name__)

NOT_GRANTED = (
    "Porter may not read the checks here: grant the GitHub App the permissions checks and statuses, read only."
)
_EMPTY_FILE = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # git's name for it
_SAME_TEXT = ("renamed", "copied", "unchanged")  # without lines that differ there is nothing to show


class NoPull(JobError):
    """The task has no pull request to look at."""


@dataclass(frozen=True)
class Check:
    """A check run or a commit status. `status`: `queued`, `in_progress` or `completed`; `conclusion` once completed:
    `success`, `failure`, `neutral`, `cancelled`, `skipped`, `timed_out`, `action_required`, `stale`."""

    name: str
    status: str
    conclusion: str | None
    url: str | None


@dataclass(frozen=True)
class _Checks:
    found: list[Check]
    why_not: str = ""


@dataclass(frozen=True)
class ChangedFile:
    """`status`: `added`, `removed`, `modified`, `renamed`, `copied`, `changed`, `unchanged`. Without a `patch` it is
    binary, too large for GitHub to show (`is_huge`), or its text did not change."""

    path: str
    previous_path: str | None
    status: str
    additions: int
    deletions: int
    patch: str | None
    is_binary: bool
    is_huge: bool


@dataclass(frozen=True)
class PullView:
    """`state`: `open`, `closed`, `merged`. `mergeable` is None while GitHub works it out: look again in a moment.
    `mergeable_state`: `clean`, `unstable` (a check failed), `blocked` (a rule of the branch), `behind`, `dirty`
    (conflicts), `draft`, `unknown`. `checks_unknown`: why the checks are not told, empty when they are.
    `files_left_out`: how many more there are than GitHub lists. `review_decision`: `approved`, `changes_requested`."""

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
    checks: list[Check]
    checks_unknown: str
    files: list[ChangedFile]
    files_left_out: int
    review_decision: str | None


def look(services: Services, task: Task) -> PullView:
    """Everything a person needs to decide. Raises NoPull, a GitHubError."""
    if task.pr_number is None:
        raise NoPull("this task has no pull request to look at")
    it = PullRequest(repository.of(services, task.repository, task.installation_id), task.pr_number)
    standing = it.standing()
    with ThreadPoolExecutor(3, thread_name_prefix="pull") as pool:
        checks = pool.submit(_checks, it, standing.head_sha)
        reviews = pool.submit(it.reviews)
        files = [changed_file(data) for data in it.files()]
        return _view(standing, files, checks.result(), decision(reviews.result()))


def changed_file(data: Mapping[str, Any]) -> ChangedFile:
    """Pure. GitHub leaves out the patch of what is binary or too large, and does not say which."""
    patch, status = data.get("patch"), str(data["status"])
    lines = int(data["additions"]) + int(data["deletions"])
    is_text = patch is not None or lines > 0 or data.get("sha") == _EMPTY_FILE
    return ChangedFile(
        path=data["filename"],
        previous_path=data.get("previous_filename"),
        status=status,
        additions=int(data["additions"]),
        deletions=int(data["deletions"]),
        patch=patch,
        is_binary=not is_text and status not in _SAME_TEXT,
        is_huge=patch is None and lines > 0,
    )


def decision(reviews: Iterable[Mapping[str, Any]]) -> str | None:
    """Pure. What the reviews come to: the last word of each person counts, and one that asks for changes is enough."""
    last: dict[str, str] = {}
    for one in reviews:
        if one["state"] in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            last[str((one.get("user") or {}).get("login"))] = str(one["state"])
    if "CHANGES_REQUESTED" in last.values():
        return "changes_requested"
    return "approved" if "APPROVED" in last.values() else None


def _view(standing: Standing, files: list[ChangedFile], told: _Checks, decided: str | None) -> PullView:
    return PullView(
        number=standing.number,
        title=standing.title,
        url=standing.url,
        state="merged" if standing.merged else "open" if standing.is_open else "closed",
        is_draft=standing.is_draft,
        mergeable=standing.mergeable,
        mergeable_state=standing.mergeable_state,
        head_sha=standing.head_sha,
        head=standing.head,
        base=standing.base,
        commits=standing.commits,
        additions=standing.additions,
        deletions=standing.deletions,
        changed_files=standing.changed_files,
        checks=told.found,
        checks_unknown=told.why_not,
        files=files,
        files_left_out=max(0, standing.changed_files - len(files)),
        review_decision=decided,
    )


def _checks(it: PullRequest, sha: str) -> _Checks:
    """A refusal leaves them out: whoever set the App up before there were checks to read has not granted it."""
    try:
        found = [*map(_run, it.check_runs(sha)), *map(_status, it.statuses(sha))]
    except GitHubRefused as refusal:
        extra = {"action": "checks_refused", "status": refusal.status, "error": refusal.said}
        _log.info("the checks cannot be read", extra=extra)
        return _Checks([], NOT_GRANTED if refusal.status in (403, 422) else str(refusal))
    return _Checks(sorted(found, key=lambda check: check.name.lower()))


def _run(data: Mapping[str, Any]) -> Check:
    status = data["status"] if data["status"] in ("in_progress", "completed") else "queued"
    return Check(data["name"], status, data.get("conclusion"), data.get("details_url") or data.get("html_url"))


def _status(data: Mapping[str, Any]) -> Check:
    """A commit status in the words of a check run."""
    url = data.get("target_url")
    if data["state"] == "pending":
        return Check(data["context"], "in_progress", None, url)
    return Check(data["context"], "completed", "success" if data["state"] == "success" else "failure", url)
