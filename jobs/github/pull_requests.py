"""One pull request as a person who decides sees it at GitHub: how it stands, its checks, files and reviews; and the
deciding itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

from jobs.github.app import Purpose
from jobs.github.client import PAGE, Repository

MOST_FILES = 3_000  # https://docs.github.com/rest/pulls/pulls#list-pull-requests-files
MOST_CHECKS = 3  # pages, of each kind
MOST_REVIEWS = 5  # pages


@dataclass(frozen=True)
class Standing:
    """How it stands now. `merge_sha`: the commit that merging made, once it is merged; `changed_at`: GitHub's time of
    the last change."""

    number: int
    title: str
    url: str
    is_open: bool
    merged: bool
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
    merge_sha: str | None
    changed_at: datetime

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        merged = bool(data.get("merged"))
        return cls(
            number=data["number"],
            title=data["title"],
            url=data["html_url"],
            is_open=data["state"] == "open",
            merged=merged,
            is_draft=bool(data.get("draft")),
            mergeable=data.get("mergeable"),
            mergeable_state=data.get("mergeable_state") or "unknown",
            head_sha=data["head"]["sha"],
            head=data["head"]["ref"],
            base=data["base"]["ref"],
            commits=int(data.get("commits") or 0),
            additions=int(data.get("additions") or 0),
            deletions=int(data.get("deletions") or 0),
            changed_files=int(data.get("changed_files") or 0),
            merge_sha=data.get("merge_commit_sha") if merged else None,
            changed_at=datetime.fromisoformat(data["updated_at"]),
        )


class PullRequest:
    """Every method may raise a GitHubError."""

    def __init__(self, here: Repository, number: int) -> None:
        self._here, self._number = here, number
        self._path = f"/pulls/{number}"

    def standing(self) -> Standing:
        """Asked anew each time: GitHub goes on working out whether it merges when nothing else has changed."""
        return Standing.read(self._here.get(self._path, doing=f"read pull request #{self._number}"))

    def files(self) -> list[dict[str, Any]]:
        """As GitHub lists them, at most 3,000."""
        return list(self._pages(f"{self._path}/files", "read the changes", MOST_FILES // PAGE))

    def reviews(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return list(self._pages(f"{self._path}/reviews", "read the reviews", MOST_REVIEWS))

    def check_runs(self, sha: str) -> list[dict[str, Any]]:
        return self._told_of(sha, "check-runs", "check_runs")

    def statuses(self, sha: str) -> list[dict[str, Any]]:
        """The latest of each name."""
        return self._told_of(sha, "status", "statuses")

    def merge(self, head_sha: str, method: str) -> str:
        """Merge it if its head is still this commit; the commit that its base has then. Never repeated: whether it was
        done when no answer comes, only a look can tell."""
        here, body = self._here.for_purpose(Purpose.MERGE), {"sha": head_sha, "merge_method": method}
        done = here.send("PUT", f"{self._path}/merge", body, doing=f"merge pull request #{self._number}")
        return str(done["sha"])

    def close(self) -> Standing:
        """Without merging; one that is closed stays so."""
        doing = f"close pull request #{self._number}"
        return Standing.read(self._here.send("PATCH", self._path, {"state": "closed"}, doing=doing))

    def _told_of(self, sha: str, what: str, listed: str) -> list[dict[str, Any]]:
        here, path = self._here.for_purpose(Purpose.CHECKS), f"/commits/{quote(sha)}/{what}"
        found: list[dict[str, Any]] = []
        for page in range(1, MOST_CHECKS + 1):
            answer = here.get_kept(path, doing="read the checks", params={"per_page": PAGE, "page": page})
            found += answer[listed]
            if len(answer[listed]) < PAGE:
                break
        return found

    def _pages(self, path: str, doing: str, most: int) -> Iterator[dict[str, Any]]:
        for page in range(1, most + 1):
            found = self._here.get_kept(path, doing=doing, params={"per_page": PAGE, "page": page})
            yield from found
            if len(found) < PAGE:
                return
