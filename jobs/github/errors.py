"""What can go wrong between Porter and GitHub."""

from __future__ import annotations

from jobs.errors import JobError


class GitHubError(JobError):
    """GitHub did not do what it was asked."""


class GitHubUnavailable(GitHubError):
    """GitHub cannot answer now, or its answer was lost; the same may work later. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(GitHubUnavailable):
    """GitHub asks Porter to slow down; `retry_after` says for how long."""


class Crowded(RateLimited):
    """Porter's own writes wait in line; nothing is wrong, and nobody was asked."""


class GitHubRefused(GitHubError):
    """GitHub understood and said no; asking again without a change will not help.

    `said` is GitHub's own message with its details, `request_id` what its support asks for.
    """

    def __init__(self, doing: str, status: int, said: str, request_id: str | None = None) -> None:
        super().__init__(f"GitHub refused to {doing}: {said} (HTTP {status}). {_advice(status)}")
        self.status, self.said, self.request_id = status, said, request_id


def _advice(status: int) -> str:
    match status:
        case 401:
            return "Check GITHUB_APP_ID and the App's private key."
        case 403:
            return "Check that the App has the permissions of docs/operations.md and that its owner accepted them."
        case 404 | 410:
            return "Check that it still exists and that the App is installed on the repository."
        case _:
            return "Ask again with `retry` once that is mended."
