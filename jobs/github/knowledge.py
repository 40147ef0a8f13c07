"""What GitHub knows of a repository and an issue that an agent should be told. Every read is by ETag."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from jobs.github.answers import file_text
from jobs.github.client import PAGE, Repository

MOST_PAGES = 3  # of comments: what an agent is told of a thread that is longer is its end
MOST_FILES = 400  # paths of the tree


@dataclass(frozen=True)
class About:
    """The repository itself."""

    default_branch: str
    description: str


@dataclass(frozen=True)
class Thread:
    """An issue, or a pull request seen as one, with what a prompt tells of it."""

    number: int
    title: str
    body: str
    state: str
    author: str
    labels: list[str]
    assignees: list[str]
    is_pull: bool
    comments: int

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        return cls(
            number=data["number"],
            title=data["title"],
            body=data.get("body") or "",
            state=data.get("state") or "open",
            author=_login(data),
            labels=[label if isinstance(label, str) else str(label.get("name", "")) for label in data["labels"]],
            assignees=[person["login"] for person in data.get("assignees") or []],
            is_pull=data.get("pull_request") is not None,
            comments=int(data.get("comments") or 0),
        )


@dataclass(frozen=True)
class Remark:
    """A comment of a thread. `by_app`: an App wrote it."""

    id: int
    author: str
    text: str
    by_app: bool

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        by_app = bool(data.get("performed_via_github_app")) or (data.get("user") or {}).get("type") == "Bot"
        return cls(data["id"], _login(data), data.get("body") or "", by_app)


class Knowledge:
    """Of one repository. Every method may raise a GitHubError."""

    def __init__(self, here: Repository) -> None:
        self._here = here

    def about(self) -> About:
        found = self._here.get_kept("", doing=f"describe {self._here.full_name}")
        return About(str(found["default_branch"]), found.get("description") or "")

    def thread(self, number: int) -> Thread | None:
        """None when there is no such issue, or none that Porter may see."""
        found = self._here.find_kept(f"/issues/{number}", doing=f"read issue #{number}")
        return None if found is None else Thread.read(found)

    def remarks(self, thread: Thread) -> list[Remark]:
        """The comments of a thread, oldest first; of a very long one the last pages."""
        last = max(1, -(-thread.comments // PAGE))
        pages = range(max(1, last - MOST_PAGES + 1), last + 1)
        path = f"/issues/{thread.number}/comments"
        found = [
            data
            for page in pages
            for data in self._here.get_kept(path, doing="read the comments", params={"per_page": PAGE, "page": page})
        ]
        return [Remark.read(data) for data in found]

    def referring(self, number: int) -> list[int]:
        """Issues and pull requests of this repository that refer to the issue, the newest first."""
        params = {"per_page": PAGE}
        events = self._here.find_kept(f"/issues/{number}/timeline", doing="read who refers to it", params=params) or []
        found = [event["source"]["issue"] for event in events if _is_reference(event)]
        own = [one["number"] for one in found if _repository_of(one) == self._here.full_name.lower()]
        return list(dict.fromkeys(reversed(own)))

    def languages(self) -> list[str]:
        """The most used first."""
        found = self._here.find_kept("/languages", doing="list the languages") or {}
        return sorted(found, key=lambda name: -found[name])

    def file(self, path: str, *, ref: str) -> str | None:
        """The text of one file at a branch; None when there is none."""
        found = self._here.find_kept(f"/contents/{quote(path)}", doing=f"read {path}", params={"ref": ref})
        return None if found is None else file_text(found)

    def folder(self, path: str, *, ref: str) -> list[str]:
        """The names in a folder; none when there is no such folder."""
        found = self._here.find_kept(f"/contents/{quote(path)}", doing=f"list {path}", params={"ref": ref})
        return [str(entry["name"]) for entry in found] if isinstance(found, list) else []

    def readme(self, *, ref: str) -> str:
        found = self._here.find_kept("/readme", doing="read the README", params={"ref": ref})
        if not found or found.get("encoding") != "base64":
            return ""
        return base64.b64decode(found["content"]).decode(errors="replace")

    def tree(self, *, ref: str) -> list[str]:
        """Paths two levels deep, folders with a slash behind them."""
        path, params = f"/git/trees/{quote(ref, safe='')}", {"recursive": "1"}
        found = self._here.find_kept(path, doing="list the files", params=params) or {}
        entries = [entry for entry in found.get("tree", []) if entry["path"].count("/") < 2]
        paths = [entry["path"] + ("/" if entry["type"] == "tree" else "") for entry in entries]
        return sorted(paths)[:MOST_FILES]


def _login(data: dict[str, Any]) -> str:
    return str((data.get("user") or {}).get("login") or "ghost")


def _is_reference(event: dict[str, Any]) -> bool:
    return event.get("event") == "cross-referenced" and bool((event.get("source") or {}).get("issue"))


def _repository_of(issue: dict[str, Any]) -> str:
    """`owner/name` of an issue, from the last two words of its repository's address."""
    return "/".join(str(issue.get("repository_url", "")).lower().split("/")[-2:])
