"""An App's manifest: what GitHub reads of it, and what it refuses. Pure.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from emulators.github.errors import Refusal

_Level = Literal["read", "write", "admin"]
NEEDS = {
    "issue_comment": {"issues", "pull_requests"}, "issues": {"issues"}, "pull_request": {"pull_requests"},
    "pull_request_review": {"pull_requests"}, "pull_request_review_comment": {"pull_requests"},
    "push": {"contents"}, "check_run": {"checks"}, "check_suite": {"checks"}, "status": {"statuses"},
}  # fmt: skip
KNOWN = {"actions", "checks", "contents", "issues", "metadata", "pull_requests", "statuses", "workflows"}


def _address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must be a URL")
    return value


_Address = Annotated[str, AfterValidator(_address)]


class Hook(BaseModel):
    """Where the App hears of things."""

    model_config = ConfigDict(extra="forbid")

    url: _Address
    active: bool = True


class Manifest(BaseModel):
    """The parameters of GitHub's table."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=34)
    url: _Address
    hook_attributes: Hook | None = None
    redirect_url: _Address
    callback_urls: list[_Address] = Field([], max_length=10)
    setup_url: str = ""
    description: str = ""
    public: bool = False
    default_permissions: dict[str, _Level] = {}
    default_events: list[str] = []
    request_oauth_on_install: bool = False
    setup_on_update: bool = False


def read(text: str) -> Manifest:
    """Raises Refusal 422 with what is wrong, never with a value."""
    try:
        found = Manifest.model_validate(json.loads(text))
    except ValidationError as trouble:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in trouble.errors(include_input=False))
        raise Refusal(422, f"Invalid GitHub App configuration: {told}") from None
    except ValueError:
        raise Refusal(422, "Invalid GitHub App configuration: the manifest is not JSON") from None
    faults = [f"{name} is not a permission" for name in found.default_permissions if name not in KNOWN]
    for event in found.default_events:
        needs = NEEDS.get(event)
        if needs is None:
            faults.append(f"Default events unsupported: {event}")
        elif not needs & found.default_permissions.keys():
            faults.append(f"Default events are not supported by permissions: {event}")
    if faults:
        raise Refusal(422, f"Invalid GitHub App configuration: {'; '.join(faults)}")
    return found
