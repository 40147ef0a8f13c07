"""What a Fly token is good for, and the app that machines are rented in: asked while Fly is being set up.

https://fly.io/docs/machines/api/apps-resource/
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import httpx

from jobs.hosts.errors import HostRefused, HostUnavailable
from jobs.hosts.fly_answers import Failure, document
from jobs.hosts.fly_wire import FlyWire

# A person waits for the answer, and a thread of the intake with them.
TIMEOUT = httpx.Timeout(4.0, connect=2.0)


@dataclass(frozen=True)
class TokenInfo:
    """What Fly says of a token. `apps` is empty for one that is good for all of its organisations."""

    orgs: tuple[str, ...]
    apps: tuple[str, ...]


@dataclass(frozen=True)
class App:
    """An app that the token can see."""

    name: str
    org: str | None


class FlyApps:
    """Requests with one token. Each raises HostRefused, with Fly's status, or HostUnavailable."""

    def __init__(self, api_url: str, token: str, http: httpx.Client) -> None:
        self._wire, self._token = FlyWire(api_url, http, TIMEOUT), token

    def token(self) -> TokenInfo:
        """Who the token is. A string may hold several tokens, each with an organisation of its own."""
        answer = self._ask("GET", "/tokens/current")
        if not answer.is_success:
            raise self._refusal(answer)
        tokens: list[dict[str, Any]] = document(answer).get("tokens") or []
        orgs = {one["org_slug"] for one in tokens if one.get("org_slug")}
        apps = {app for one in tokens for app in one.get("apps") or ()}
        return TokenInfo(tuple(sorted(orgs)), tuple(sorted(apps)))

    def app(self, name: str) -> App | None:
        """The app of this name; None when there is none, or none that this token may know of."""
        answer = self._ask("GET", f"/apps/{name}")
        if answer.status_code == 404:
            return None
        if not answer.is_success:
            raise self._refusal(answer)
        data = document(answer)
        return App(data.get("name") or name, (data.get("organization") or {}).get("slug"))

    def create(self, name: str, org: str) -> bool:
        """Make the app; False when the name is taken. The key makes a request whose answer was lost safe to repeat."""
        body = {"name": name, "org_slug": org, "idempotency_key": secrets.token_hex(16)}
        try:
            answer = self._ask("POST", "/apps", json=body)
        except HostUnavailable:
            answer = self._ask("POST", "/apps", json=body)
        if answer.is_success:
            return True
        failure = self._failure(answer)
        if failure.code == "name_taken" or failure.status == 409:
            return False
        raise self._refusal(answer)

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self._wire.ask(self._token, method, path, **request)

    def _failure(self, answer: httpx.Response) -> Failure:
        return Failure.read(answer, hide=[self._token])

    def _refusal(self, answer: httpx.Response) -> HostRefused | HostUnavailable:
        failure = self._failure(answer)
        said = f"Fly answered {failure.status}: {failure.words or 'no reason given'}"
        said += f" (fly-request-id {failure.request_id})" if failure.request_id else ""
        if failure.status == 429 or failure.status >= 500:
            return HostUnavailable(said, failure.retry_after, request_id=failure.request_id)
        return HostRefused(said, status=failure.status, request_id=failure.request_id)
