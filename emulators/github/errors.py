"""What the emulator refuses, and how it says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class GitHubEmulatorError(Exception):
    """Root of this package's errors."""


class GitFailed(GitHubEmulatorError):
    """A git command did not do what it was asked for."""

    def __init__(self, command: Sequence[str], said: str) -> None:
        super().__init__(f"git {' '.join(command[:3])} failed: {said.strip()[-500:] or 'it said nothing'}")
        self.command, self.said = list(command), said


class BadConfig(GitHubEmulatorError):
    """The configuration file cannot be used; the message says what to change."""


class Refusal(GitHubEmulatorError):
    """An answer of the REST API that is not a success, in GitHub's own words.

    `errors` is the list that GitHub adds to a 422; `headers` go out with the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[Mapping[str, Any] | str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.errors, self.headers = status, message, list(errors), dict(headers or {})

    def body(self) -> dict[str, Any]:
        words: dict[str, Any] = {"message": self.message}
        if self.errors:
            words["errors"] = self.errors
        return words | {"documentation_url": "https://docs.github.com/rest", "status": str(self.status)}


def not_found() -> Refusal:
    """Also what GitHub says about things that exist but are none of the caller's business."""
    return Refusal(404, "Not Found")


def invalid(resource: str, code: str, field: str | None = None, message: str | None = None) -> Refusal:
    """A 422 about one field. `code` is one of GitHub's: missing, missing_field, invalid, already_exists, custom."""
    error = {"resource": resource, "code": code, "field": field, "message": message}
    return Refusal(422, "Validation Failed", errors=[{k: v for k, v in error.items() if v is not None}])
