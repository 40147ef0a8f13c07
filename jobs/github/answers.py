"""What Porter reads from GitHub's answers: narrow, frozen, and nothing that was not asked for. Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True)
class Issue:
    """An issue, or a pull request seen as one."""

    number: int
    title: str
    body: str
    labels: list[str]
    is_open: bool

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        labels = [label if isinstance(label, str) else str(label.get("name", "")) for label in data.get("labels", [])]
        return cls(data["number"], data["title"], data.get("body") or "", labels, data.get("state") == "open")


@dataclass(frozen=True)
class Comment:
    """A comment on an issue or in the conversation of a pull request."""

    id: int
    body: str

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        return cls(data["id"], data.get("body") or "")


@dataclass(frozen=True)
class Pull:
    """A pull request. `reviewers` are the logins asked for a review."""

    number: int
    url: str
    is_open: bool
    merged: bool
    reviewers: list[str]
    is_draft: bool = False

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        reviewers = [user["login"] for user in data.get("requested_reviewers") or []]
        merged = bool(data.get("merged_at"))
        is_open, is_draft = data["state"] == "open", bool(data.get("draft"))
        return cls(data["number"], data["html_url"], is_open, merged, reviewers, is_draft)


@dataclass(frozen=True)
class Attempt:
    """One attempt of GitHub's to deliver a webhook. A redelivery is another attempt at the same `guid`."""

    id: int
    guid: str
    event: str
    action: str | None
    at: datetime
    status: str
    ok: bool

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        at = datetime.fromisoformat(data["delivered_at"])
        code = int(data.get("status_code") or 0)
        return cls(data["id"], data["guid"], data["event"], data.get("action"), at, data["status"], 200 <= code < 300)


def file_text(data: Any) -> str | None:
    """The text of a file from the contents API; None for a folder, or one too large to be given there (1 MB)."""
    if not isinstance(data, dict) or data.get("encoding") != "base64":
        return None
    return base64.b64decode(data["content"]).decode(errors="replace")
