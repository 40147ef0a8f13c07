"""What GitHub knows of a pull request's feedback: reviews, remarks on lines, their threads, how the branch stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from jobs.github.client import MAX_PAGES, PAGE, Repository

COMPUTING = 1.0  # seconds; GitHub works out whether a branch merges when it is asked, and says null meanwhile


@dataclass(frozen=True)
class Review:
    """A submitted review: its own words."""

    id: int
    author: str
    body: str

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        return cls(data["id"], _login(data), data.get("body") or "")


@dataclass(frozen=True)
class Remark:
    """A comment on a line of the diff. `answers`: the first remark of the thread it stands in, unless it is that."""

    id: int
    author: str
    body: str
    path: str
    line: int | None
    hunk: str
    answers: int | None

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        line = data.get("line") or data.get("original_line")  # the first is null once the line has changed
        hunk, answers = data.get("diff_hunk") or "", data.get("in_reply_to_id")
        return cls(data["id"], _login(data), data.get("body") or "", data["path"], line, hunk, answers)

    @property
    def thread(self) -> int:
        """Answers go to the first remark of a thread only."""
        return self.answers or self.id


class Feedback:
    """One pull request's. Every method may raise a GitHubError."""

    def __init__(self, here: Repository, number: int) -> None:
        self._here, self._number = here, number
        self._path = f"/pulls/{number}"

    def review(self, review_id: int) -> Review:
        return Review.read(self._here.get(f"{self._path}/reviews/{review_id}", doing="read the review"))

    def remarks_of(self, review_id: int) -> list[Remark]:
        """The remarks that belong to a review."""
        path = f"{self._path}/reviews/{review_id}/comments"
        return [Remark.read(one) for one in self._pages(path, "read the review's comments")]

    def remarks(self) -> list[Remark]:
        """Every remark on the pull request, answers among them."""
        return [Remark.read(one) for one in self._pages(f"{self._path}/comments", "read the comments on the diff")]

    def remark(self, remark_id: int) -> Remark:
        return Remark.read(self._here.get(f"/pulls/comments/{remark_id}", doing="read the comment on the diff"))

    def reply(self, thread: int, body: str) -> None:
        """Answer in the thread that begins with this remark."""
        path = f"{self._path}/comments/{thread}/replies"
        self._here.send("POST", path, {"body": body}, doing="answer the comment on the diff")

    def react(self, remark_id: int, content: str = "eyes") -> None:
        path = f"/pulls/comments/{remark_id}/reactions"
        self._here.send("POST", path, {"content": content}, doing="react to the comment")

    def diff(self) -> str:
        """What the pull request changes, as one text. GitHub leaves out the patch of files that are large or binary."""
        files = self._pages(f"{self._path}/files", "read the changes")
        return "\n".join(
            f"--- {one['filename']} ({one['status']})\n{one.get('patch') or '(not shown)'}" for one in files
        )

    def conflicts(self) -> bool:
        """Whether the branch cannot be merged into its base; what GitHub does not know in time counts as no."""
        mergeable = self._mergeable()
        if mergeable is None:
            time.sleep(COMPUTING)
            mergeable = self._mergeable()
        return mergeable is False

    def _mergeable(self) -> bool | None:
        found = self._here.get(self._path, doing=f"read pull request #{self._number}")
        return False if found.get("mergeable_state") == "dirty" else found.get("mergeable")

    def _pages(self, path: str, doing: str) -> Iterator[dict[str, Any]]:
        for page in range(1, MAX_PAGES + 1):
            found = self._here.get(path, doing=doing, params={"per_page": PAGE, "page": page})
            yield from found
            if len(found) < PAGE:
                return


def _login(data: dict[str, Any]) -> str:
    return str((data.get("user") or {}).get("login", "ghost"))  # whose account was deleted
