"""One request to GitHub: headers, short retries of reads, and what an answer means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
import stamina

from jobs.github.errors import GitHubError, GitHubRefused, GitHubUnavailable, RateLimited
from store.responses import Kept

T = TypeVar("T")

# https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api
HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "porter",
}
READ_ATTEMPTS = 3
READ_PATIENCE = 5.0  # seconds; what takes longer is a matter for the job's own backoff
DEFAULT_PAUSE = 60.0  # seconds, when GitHub asks for a pause and does not say how long


class Wire:
    """Sends requests to one GitHub, reached at `api_url`."""

    def __init__(self, api_url: str, http: httpx.Client, clock: Callable[[], datetime]) -> None:
        self._api_url, self._http, self._clock = api_url.rstrip("/"), http, clock

    def read(self, path: str, token: str, *, doing: str, params: Mapping[str, Any] | None = None) -> Any:
        """GET. Tried a few times when GitHub is away; never when it asks for a pause.

        `doing` completes "could not …". Raises GitHubUnavailable, RateLimited, GitHubRefused.
        """
        return _patiently(lambda: self.send("GET", path, token, doing=doing, params=params))

    def read_unless_kept(
        self, path: str, token: str, kept: Kept | None, *, doing: str, params: Mapping[str, Any] | None = None
    ) -> Kept:
        """GET of what is likely to be as it was: `kept` itself when GitHub says so, which costs nothing of the rate
        limit. Raises as `read` does.

        https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
        """
        condition = {"If-None-Match": kept.etag} if kept else {}

        def ask() -> Kept:
            answer = self._exchange("GET", path, token, doing=doing, params=params, headers=condition)
            if kept and answer.status_code == httpx.codes.NOT_MODIFIED:
                return kept
            _decoded(answer, doing)
            return Kept(answer.headers.get("etag", ""), answer.text)

        return _patiently(ask)

    def send(
        self,
        method: str,
        path: str,
        token: str,
        *,
        doing: str,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """One request, never repeated: whether a write whose answer is lost was done, only a look can tell.

        Answers the decoded body, None when there is none. Raises as `read` does.
        """
        answer = self._exchange(method, path, token, doing=doing, json=json, params=params)
        return _decoded(answer, doing) if answer.content else None

    def page(self, path: str, token: str, *, doing: str, params: Mapping[str, Any]) -> tuple[Any, str | None]:
        """One page of a list and the cursor of the next one, None at the end. Raises as `read` does."""
        answer = self._exchange("GET", path, token, doing=doing, params=params)
        following = parse_qs(urlsplit(answer.links.get("next", {}).get("url", "")).query)
        return _decoded(answer, doing), next(iter(following.get("cursor", [])), None)

    def _exchange(
        self,
        method: str,
        path: str,
        token: str,
        *,
        doing: str,
        json: Any = None,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        try:
            answer = self._http.request(
                method,
                f"{self._api_url}{path}",
                json=json,
                params=params,
                headers={**HEADERS, "Authorization": f"Bearer {token}", **(headers or {})},
                follow_redirects=method == "GET",
            )
        except httpx.HTTPError as error:
            raise GitHubUnavailable(f"GitHub could not be reached to {doing} ({type(error).__name__})") from error
        if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
            return answer
        raise _meaning(answer, doing, self._clock())


def _patiently(ask: Callable[[], T]) -> T:
    """What `ask` answers; tried a few times when GitHub is away."""
    for attempt in stamina.retry_context(
        on=_worth_another_try, attempts=READ_ATTEMPTS, timeout=READ_PATIENCE, wait_initial=0.1, wait_jitter=0.1
    ):
        with attempt:
            return ask()
    raise AssertionError("stamina ends with a return or a raise")


def _worth_another_try(error: Exception) -> bool:
    return isinstance(error, GitHubUnavailable) and not isinstance(error, RateLimited)


def _decoded(answer: httpx.Response, doing: str) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise GitHubUnavailable(f"GitHub's answer to {doing} was not JSON") from error


def _meaning(answer: httpx.Response, doing: str, now: datetime) -> GitHubError:
    if answer.status_code >= 500:
        return GitHubUnavailable(f"GitHub answered {answer.status_code} when asked to {doing}", _pause(answer, now))
    said = _said(answer)
    if answer.status_code == 429 or (answer.status_code == 403 and _is_limit(answer, said)):
        return RateLimited(f"GitHub asked Porter to slow down: {said}", _pause(answer, now) or DEFAULT_PAUSE)
    return GitHubRefused(doing, answer.status_code, said, answer.headers.get("x-github-request-id"))


def _is_limit(answer: httpx.Response, said: str) -> bool:
    """https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#rate-limit-errors"""
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in answer.headers or "secondary rate limit" in said.lower()


def _pause(answer: httpx.Response, now: datetime) -> float | None:
    """Seconds, from `retry-after`, or from the moment at which a spent limit is whole again."""
    told, reset = answer.headers.get("retry-after", ""), answer.headers.get("x-ratelimit-reset", "")
    if told.isdecimal():
        return float(told)
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, float(reset) - now.timestamp())
    return None


def _said(answer: httpx.Response) -> str:
    """GitHub's message and the details it gives with a 422."""
    try:
        body = answer.json()
    except ValueError:
        return answer.reason_phrase
    if not isinstance(body, dict):
        return answer.reason_phrase
    errors = body.get("errors")
    details = [_detail(error) for error in errors] if isinstance(errors, list) else []
    return ": ".join(part for part in (str(body.get("message", "")), "; ".join(filter(None, details))) if part)[:500]


def _detail(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or " ".join(str(error[key]) for key in ("field", "code") if error.get(key)))
