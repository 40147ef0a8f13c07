"""The configuration file of `python -m emulators.github`: it exists so that no secret stands in a command line."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emulators.github.errors import BadConfig

PERMISSIONS = {
    "checks": "read", "contents": "write", "issues": "write", "metadata": "read", "pull_requests": "write",
    "statuses": "read",
}  # fmt: skip
EVENTS = ["issue_comment", "issues", "pull_request", "pull_request_review", "pull_request_review_comment", "push"]


class Config(BaseModel):
    """The App that the demo world knows. `app_public_key` is PEM; the private half stays with Porter.

    `content_per_minute` is the secondary rate limit; null switches it off, for a bench.
    """

    model_config = ConfigDict(extra="forbid")

    app_id: int = Field(gt=0)
    slug: str = Field(default="porter", pattern=r"^[a-z0-9][a-z0-9-]*$")
    app_public_key: str
    webhook_url: str = Field(pattern=r"^https?://")
    webhook_secret: str = Field(min_length=1, repr=False)
    permissions: dict[str, str] = Field(default_factory=lambda: dict(PERMISSIONS))
    events: list[str] = Field(default_factory=lambda: list(EVENTS))
    content_per_minute: int | None = Field(default=80, ge=1)


def read(path: Path) -> Config:
    """Raises BadConfig, which names the file and the field, and never repeats a value."""
    try:
        return Config.model_validate(json.loads(path.read_text()))
    except OSError as trouble:
        raise BadConfig(f"cannot read the configuration file {path}: {trouble.strerror}. Check --config.") from trouble
    except ValueError as trouble:
        if isinstance(trouble, ValidationError):
            told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in trouble.errors(include_input=False))
        else:
            told = "it is not JSON"
        raise BadConfig(f"the configuration file {path} cannot be used: {told}") from None
