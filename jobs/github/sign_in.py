"""Signing a person in through the GitHub App: where to send them, their token, who they are, what they may read.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client

from jobs.github.errors import GitHubRefused, GitHubUnavailable
from jobs.github.wire import HEADERS, Wire

MOST_PAGES = 30  # of a hundred; whoever may read more sees the first three thousand
LIFE_WITHOUT_END = timedelta(hours=8)  # of a token that tells no end: the App's owner switched expiry off


@dataclass(frozen=True)
class Person:
    """Who signed in. `id` stays when the login changes."""

    id: int
    login: str
    name: str
    avatar_url: str


@dataclass(frozen=True)
class UserToken:
    """A person's token: what it opens is what both they and the App may read."""

    value: str
    ends_at: datetime
    refresh: str | None = None

    def __repr__(self) -> str:
        return f"UserToken(…, ends_at={self.ends_at.isoformat()})"


class SignIn:
    """The App's client id and secret at one GitHub. `callback` is the one address people come back to."""

    def __init__(
        self, http: httpx.Client, *, url: str, api_url: str, client_id: str, secret: str, callback: str,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._http, self._wire = http, Wire(api_url, http, clock)
        self._url, self._api_url = url, api_url
        self._client_id, self._secret, self._callback = client_id, secret, callback
        self._clock = clock

    def address(self, *, state: str, verifier: str) -> str:
        """Where to send the person: GitHub's page that asks them, with our state and the digest of our verifier."""
        at = f"{self._url}/login/oauth/authorize"
        return str(self._client().create_authorization_url(at, state=state, code_verifier=verifier)[0])

    def token(self, *, code: str, verifier: str) -> UserToken:
        """The token for a code. Raises GitHubRefused when it is not good, GitHubUnavailable."""
        return self._fetch("sign you in", code=code, code_verifier=verifier, grant_type="authorization_code")

    def renewed(self, token: UserToken) -> UserToken:
        """A fresh token in place of one that ends. Raises GitHubRefused when none is given, GitHubUnavailable."""
        if token.refresh is None:
            raise GitHubRefused("keep you signed in", 401, "it gave no refresh token")
        return self._fetch("keep you signed in", refresh_token=token.refresh, grant_type="refresh_token")

    def person(self, token: UserToken) -> Person:
        """Raises a GitHubError."""
        who = self._wire.read("/user", token.value, doing="ask who you are")
        return Person(int(who["id"]), str(who["login"]), str(who.get("name") or ""), str(who.get("avatar_url") or ""))

    def repositories(self, token: UserToken) -> frozenset[str]:
        """The full names of what both the person and the App may read. Raises a GitHubError."""
        doing = "ask what you may read"
        names: set[str] = set()
        for installation in self._all("/user/installations", token, doing, "installations"):
            path = f"/user/installations/{installation['id']}/repositories"
            names |= {str(one["full_name"]) for one in self._all(path, token, doing, "repositories")}
        return frozenset(names)

    def revoke(self, token: UserToken) -> None:
        """End the token at GitHub; one that has ended already is fine. Raises GitHubUnavailable, GitHubRefused."""
        path = f"{self._api_url}/applications/{self._client_id}/token"
        own = (self._client_id, self._secret)
        try:
            answer = self._http.request("DELETE", path, json={"access_token": token.value}, auth=own, headers=HEADERS)
        except httpx.HTTPError as error:
            raise GitHubUnavailable("could not end your token: GitHub does not answer") from error
        if answer.status_code not in (httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY):
            raise GitHubRefused("end your token", answer.status_code, answer.text[:200])

    def _all(self, path: str, token: UserToken, doing: str, key: str) -> Iterator[Any]:
        for page in range(1, MOST_PAGES + 1):
            found = self._wire.read(path, token.value, doing=doing, params={"per_page": 100, "page": page})[key]
            yield from found
            if len(found) < 100:
                return

    def _fetch(self, doing: str, **grant: str) -> UserToken:
        at = f"{self._url}/login/oauth/access_token"
        own = {"client_id": self._client_id, "client_secret": self._secret}
        try:
            # GitHub answers 200 whether it agrees or not; authlib reads `error` in it. It takes the secret in the body.
            answer = self._client().fetch_token(at, auth=httpx.Auth(), **own, **grant)
        except OAuth2Error as error:
            raise GitHubRefused(doing, 401, str(error.description or error.error)) from error
        except (httpx.HTTPError, ValueError) as error:
            raise GitHubUnavailable(f"could not {doing}: GitHub does not answer") from error
        return self._read(answer, doing)

    def _read(self, answer: Any, doing: str) -> UserToken:
        value, life, refresh = answer.get("access_token"), answer.get("expires_in"), answer.get("refresh_token")
        if not isinstance(value, str) or not value:
            raise GitHubRefused(doing, 401, "its answer holds no token")
        span = timedelta(seconds=int(life)) if life else LIFE_WITHOUT_END
        return UserToken(value, self._clock() + span, refresh if isinstance(refresh, str) and refresh else None)

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._http, client_id=self._client_id, redirect_uri=self._callback, code_challenge_method="S256"
        )
