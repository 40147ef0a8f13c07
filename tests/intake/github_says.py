"""GitHub's own examples of deliveries, made to speak of one repository, one issue and one pull request."""

from __future__ import annotations

import json
from typing import Any

from tests.intake.conftest import PAYLOADS

REPO = "Codertocat/Hello-World"
ISSUE, PULL = 1, 2
INSTALLATION = {"id": 7}
MARIA = {"login": "maria", "id": 11, "type": "User"}
BOT = {"login": "helper[bot]", "id": 99, "type": "Bot"}


def example(name: str, **changes: Any) -> dict[str, Any]:
    """The example `name` with an installation and maria as sender; `changes` go into its parts."""
    payload: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    payload["installation"] = payload.get("installation", {}) | INSTALLATION
    payload["sender"] |= MARIA
    for part, change in changes.items():
        payload[part] = payload[part] | change if isinstance(payload.get(part), dict) else change
    return payload


def comment(body: str, number: int = 500, *, on_pull: bool = False, **changes: Any) -> dict[str, Any]:
    issue = {"number": PULL, "pull_request": {"url": "x"}} if on_pull else {"number": ISSUE}
    user = changes.pop("user", MARIA)
    more = {"issue": issue | changes.pop("issue", {}), "sender": user}
    said = {"id": number, "body": body, "user": user, "created_at": "2026-01-02T03:04:05Z"}
    return example("issue_comment/created", comment=said, **(more | changes))


def deleted(number: int = 500, *, on_pull: bool = False) -> dict[str, Any]:
    return comment("@porter mock fix it", number, on_pull=on_pull) | {"action": "deleted"}


def issue(action: str, at: str = "2026-01-02T03:04:05Z", **changes: Any) -> dict[str, Any]:
    """`labels` and `label` are names."""
    labels = [{"name": name} for name in changes.pop("labels", [])]
    more = {"label": {"name": changes.pop("label")}} if "label" in changes else {}
    it = {"number": ISSUE, "labels": labels, "updated_at": at, "created_at": at} | changes.pop("issue", {})
    return example("issues/opened", issue=it, **(more | changes)) | {"action": action}


def pull(action: str, *, merged: bool = False, at: str = "2026-01-02T03:04:05Z") -> dict[str, Any]:
    state = "closed" if action == "closed" else "open"
    it = {"number": PULL, "state": state, "merged": merged, "merged_at": at if merged else None, "updated_at": at}
    return example("pull_request/closed", pull_request=it) | {"action": action}


def review(
    state: str, body: str | None, number: int = 900, user: dict[str, Any] = MARIA, **changes: Any
) -> dict[str, Any]:
    it = {"id": number, "state": state, "body": body, "user": user}
    return example("pull_request_review/submitted", review=it, sender=user, **changes)


def remark(body: str, number: int = 950, *, of: int | None = 900, **changes: Any) -> dict[str, Any]:
    it = {"id": number, "body": body, "pull_request_review_id": of, "user": MARIA}
    return example("pull_request_review_comment/created", comment=it, **changes)


def installation(action: str, at: str = "2026-01-02T03:04:05Z", **changes: Any) -> dict[str, Any]:
    it = {"id": 7, "updated_at": at, "suspended_at": at if action == "suspend" else None}
    return example("installation/created", installation=it, **changes) | {"action": action}
