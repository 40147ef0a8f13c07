"""Who Porter is to GitHub: an App, and installation tokens narrowed to one repository and one purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from jobs.errors import ConfigurationError
from jobs.github.answers import Attempt
from jobs.github.errors import GitHubRefused
from jobs.github.guest import Guest
from jobs.github.wire import Wire
from store import credentials
from store.credentials import Credential
from store.database import Database
from store.vault import Vault

# GitHub refuses an App's JWT that lives longer than ten minutes, and its clock may differ from ours:
# https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
JWT_BACKDATED = timedelta(seconds=60)
JWT_LIFE = timedelta(minutes=9)
RENEW_BEFORE = timedelta(minutes=5)


class Purpose(StrEnum):
    """What a token is for, which says what it may do."""

    CLONE = "clone"
    PUSH = "push"
    TALK = "talk"
    CHECKS = "read the checks"
    MERGE = "merge"


PERMISSIONS: dict[Purpose, dict[str, str]] = {
    Purpose.CLONE: {"contents": "read"},
    Purpose.PUSH: {"contents": "write"},
    Purpose.TALK: {"contents": "read", "issues": "write", "pull_requests": "write"},
    # Apart from talking: an App that was set up before there were such tokens has not been granted this.
    Purpose.CHECKS: {"checks": "read", "statuses": "read"},
    Purpose.MERGE: {"contents": "write"},
}


class App:
    """The GitHub App this Porter is. `private_key` is PEM; tokens in use are kept sealed in the database.

    Raises ConfigurationError when the key is none.
    """

    def __init__(
        self,
        wire: Wire,
        guest: Guest,
        *,
        app_id: str,
        private_key: str,
        db: Database,
        vault: Vault,
        clock: Callable[[], datetime],
    ) -> None:
        try:
            self._key = RSAKey.import_key(private_key)
        except (JoseError, ValueError) as error:
            raise ConfigurationError(["the GitHub App's private key is not an RSA key in PEM"]) from error
        self.id = app_id
        self._wire, self._guest = wire, guest
        self._db, self._vault, self._clock = db, vault, clock

    def installation_of(self, repository: str) -> int:
        """The id of the installation that covers the repository. Raises GitHubRefused (404) when there is none."""
        doing = f"find Porter's installation on {repository}"
        path = f"/repos/{repository}/installation"
        found = self._guest.ask(Guest.APP, lambda: self._wire.read(path, self._jwt(), doing=doing))
        return int(found["id"])

    def token(self, installation_id: int, repository: str, purpose: Purpose) -> str:
        """A token good for at least five more minutes, from the store or fresh. Raises a GitHubError."""
        now = self._clock()
        owner = _owner(installation_id, repository)
        kept = credentials.find(self._db, self._vault, owner, purpose, valid_at=now + RENEW_BEFORE)
        if kept is None:
            kept = self.mint(installation_id, repository, purpose)
            credentials.keep(self._db, self._vault, owner, purpose, kept)
        return kept.value

    def forget(self, installation_id: int, repository: str) -> None:
        """Drop the kept tokens: GitHub no longer takes one of them."""
        credentials.forget(self._db, _owner(installation_id, repository))

    def mint(self, installation_id: int, repository: str, purpose: Purpose) -> Credential:
        """A fresh token that opens this repository only. It is kept nowhere. Raises a GitHubError."""
        body = {"repositories": [repository.partition("/")[2]], "permissions": PERMISSIONS[purpose]}
        path = f"/app/installations/{installation_id}/access_tokens"
        doing = f"give Porter a token to {purpose} on {repository}"
        made = self._guest.ask(Guest.APP, lambda: self._wire.send("POST", path, self._jwt(), doing=doing, json=body))
        if not isinstance(made, dict) or "token" not in made:
            raise GitHubRefused(doing, 201, "the answer held no token")
        return Credential(made["token"], datetime.fromisoformat(made["expires_at"]))

    def described(self) -> Mapping[str, Any]:
        """What GitHub says of this App, its permissions and events among it. Raises a GitHubError."""
        doing = "describe Porter's App"
        found = self._guest.ask(Guest.APP, lambda: self._wire.read("/app", self._jwt(), doing=doing))
        return found if isinstance(found, dict) else {}

    def deliveries(self, cursor: str | None = None) -> tuple[list[Attempt], str | None]:
        """A page of GitHub's attempts to deliver webhooks to Porter, newest first, and the cursor of the next."""
        params = {"per_page": 100} | ({"cursor": cursor} if cursor else {})
        doing = "list its deliveries"
        found, following = self._guest.ask(
            Guest.APP, lambda: self._wire.page("/app/hook/deliveries", self._jwt(), doing=doing, params=params)
        )
        return [Attempt.read(one) for one in found], following

    def redeliver(self, attempt_id: int) -> None:
        """Have GitHub send the delivery of this attempt once more."""
        path = f"/app/hook/deliveries/{attempt_id}/attempts"
        self._guest.wait_to_write(Guest.APP)
        self._guest.ask(
            Guest.APP, lambda: self._wire.send("POST", path, self._jwt(), doing="send a delivery once more")
        )

    def _jwt(self) -> str:
        now = self._clock()
        claims = {
            "iat": int((now - JWT_BACKDATED).timestamp()),
            "exp": int((now - JWT_BACKDATED + JWT_LIFE).timestamp()),
            "iss": self.id,
        }
        return jwt.encode({"alg": "RS256"}, claims, self._key, algorithms=["RS256"])


def _owner(installation_id: int, repository: str) -> str:
    return f"installation:{installation_id}/{repository}"
