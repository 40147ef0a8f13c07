"""Making Porter's GitHub App from a manifest: what it asks for, and the exchange of GitHub's code for its keys.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from jobs.github.errors import GitHubRefused, GitHubUnavailable
from jobs.github.wire import HEADERS

PERMISSIONS = {
    "contents": "write", "issues": "write", "pull_requests": "write", "checks": "read", "statuses": "read",
    "metadata": "read",
}  # fmt: skip
EVENTS = ("issue_comment", "issues", "pull_request", "pull_request_review", "pull_request_review_comment", "push")
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")


@dataclass(frozen=True)
class NewApp:
    """A GitHub App with everything that Porter needs to be it."""

    id: int
    slug: str
    name: str
    html_url: str
    client_id: str
    client_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    private_key: str = field(repr=False)


def manifest(*, name: str, url: str, dashboard_url: str) -> dict[str, Any]:
    """Pure. What GitHub is asked to make. `url` is the intake's address, without a final slash."""
    return {
        "name": name,
        "url": dashboard_url,
        "description": "Comment on an issue, get a pull request back.",
        "hook_attributes": {"url": f"{url}/api/webhooks/github", "active": True},
        "redirect_url": f"{url}/api/setup/app/callback",
        "callback_urls": [f"{url}/api/auth/callback"],
        "setup_url": f"{dashboard_url}/setup",
        "public": False,
        "default_permissions": dict(PERMISSIONS),
        "default_events": list(EVENTS),
    }


def is_organisation(name: str) -> bool:
    """Pure. Whether GitHub could call an organisation that."""
    return _ORGANISATION.fullmatch(name) is not None


def address(github_url: str, organisation: str, state: str) -> str:
    """Pure. GitHub's page that the manifest is sent to; without an organisation, the person's own account."""
    home = f"/organizations/{quote(organisation)}" if organisation else ""
    return f"{github_url}{home}/settings/apps/new?state={quote(state)}"


def convert(http: httpx.Client, api_url: str, code: str) -> NewApp:
    """The App and its keys for GitHub's code, which is good once and for an hour.

    Raises GitHubRefused, GitHubUnavailable; never quotes an answer, for it holds keys.
    """
    doing = "hand over the new App"
    if not _CODE.fullmatch(code):
        raise GitHubRefused(doing, 404, "the code is none of GitHub's")
    try:
        answer = http.post(f"{api_url}/app-manifests/{code}/conversions", headers=HEADERS)
    except httpx.HTTPError as error:
        raise GitHubUnavailable(f"GitHub could not be reached to {doing} ({type(error).__name__})") from None
    if answer.status_code >= 500:
        raise GitHubUnavailable(f"GitHub answered {answer.status_code} when asked to {doing}")
    if answer.status_code != httpx.codes.CREATED:
        raise GitHubRefused(doing, answer.status_code, "the code was used before, or is older than an hour")
    return _read(answer, doing)


def _read(answer: httpx.Response, doing: str) -> NewApp:
    try:
        told = answer.json()
        return NewApp(
            int(told["id"]), str(told["slug"]), str(told["name"]), str(told["html_url"]), str(told["client_id"]),
            client_secret=_text(told["client_secret"]), webhook_secret=_text(told["webhook_secret"]),
            private_key=_text(told["pem"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise GitHubUnavailable(f"GitHub's answer to {doing} lacks something") from None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a key is missing")
    return value
