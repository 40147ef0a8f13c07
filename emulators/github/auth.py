"""Who is calling, and what they may do: App JWTs, installation tokens, personal tokens.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from emulators.github.errors import Refusal
from emulators.github.model import Actor, App, Installation, Repository, Token, User

if TYPE_CHECKING:
    from emulators.github.world import World

TOKEN_LIFE = timedelta(hours=1)
JWT_LIFE = 600  # seconds from iat to exp, at most
CLOCK_DRIFT = 60  # seconds that GitHub forgives
LEVELS = {"read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True)
class Caller:
    """`kind` is app, installation, user or anonymous."""

    kind: str
    app: App | None = None
    token: Token | None = None

    @property
    def name(self) -> str:
        """Whose rate limit this call counts against."""
        if self.token and self.token.installation:
            return f"installation ID {self.token.installation.id}"
        if self.token and self.token.user:
            return f"user ID {self.token.user.id}"
        return f"app ID {self.app.id}" if self.app else "127.0.0.1"

    def actor(self) -> Actor:
        """Whose name stands on what this call makes."""
        if self.token and self.token.installation:
            return Actor(self.token.installation.app.bot, self.token.installation.app)
        if self.token and self.token.user:
            return Actor(self.token.user)
        raise Refusal(401, "Requires authentication")

    def sees(self, repository: Repository) -> bool:
        """Installation tokens see their own repositories only, even where others are public: stricter than GitHub."""
        if self.token and self.token.installation:
            chosen = self.token.repositories
            return repository in (self.token.installation.repositories if chosen is None else chosen)
        if self.token and self.token.user:
            return repository.may(self.token.user.login, "read")
        return not repository.private

    def permits(self, permission: str) -> bool:
        """`permission` is like `issues:write`. Of installation tokens; for people their role decides."""
        name, _, level = permission.partition(":")
        granted = self.token.permissions.get(name, "") if self.token else ""
        return LEVELS.get(granted, 0) >= LEVELS[level]


@dataclass(frozen=True)
class Granted:
    """A token's text exists only here; the world keeps its digest."""

    text: str
    token: Token


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def identify(world: World, authorization: str | None) -> Caller:
    """The caller that an Authorization header speaks for. Refusal 401 when it is no good."""
    if not authorization:
        return Caller("anonymous")
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() not in ("bearer", "token"):
        raise Refusal(401, "Bad credentials")
    if text.count(".") == 2:
        return Caller("app", app=app_of(world, text.strip()))
    return by_token(world, text.strip())


def by_token(world: World, text: str) -> Caller:
    """Refusal 401 when the token is unknown or has expired, or its installation is suspended (then 403)."""
    token = world.tokens.get(digest(text))
    if token is None or (token.expires_at is not None and token.expires_at <= world.clock()):
        raise Refusal(401, "Bad credentials")
    if token.installation and token.installation.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    return Caller("installation" if token.installation else "user", token=token)


def app_of(world: World, text: str) -> App:
    """The App whose key signed this JWT. Refusal 401, in GitHub's words, when a claim or the signature is wrong."""
    unreadable = Refusal(401, "A JSON web token could not be decoded")
    try:
        claims = _unverified(text)
        app = world.apps.get(int(claims.get("iss", 0)))
        if app is None:
            raise Refusal(401, "Integration not found")
        verified = jwt.decode(text, RSAKey.import_key(app.public_key_pem), algorithms=["RS256"])
    except (JoseError, ValueError, TypeError) as trouble:
        raise unreadable from trouble
    _check_times(verified.claims, world.clock().timestamp())
    return app


def _unverified(text: str) -> dict[str, Any]:
    claims = json.loads(jws.extract_compact(text.encode()).payload)
    if not isinstance(claims, dict):
        raise ValueError("claims are not an object")
    return claims


def _check_times(claims: dict[str, Any], now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int | float) or issued > now + CLOCK_DRIFT:
        raise Refusal(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        )
    if not isinstance(expires, int | float) or expires <= now:
        raise Refusal(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
            "assertion expires",
        )
    if expires - issued > JWT_LIFE + CLOCK_DRIFT or expires > now + JWT_LIFE:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")


def grant(
    world: World,
    installation: Installation,
    *,
    repositories: list[Repository] | None = None,
    permissions: dict[str, str] | None = None,
) -> Granted:
    """An installation token. Refusal 422 when more is asked for than the installation has."""
    if repositories is not None and any(one not in installation.repositories for one in repositories):
        raise Refusal(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    held = installation.app.permissions
    for name, level in (permissions or {}).items():
        if LEVELS.get(str(level), 9) > LEVELS.get(held.get(name, ""), 0):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
    given = dict(held) if permissions is None else {**permissions, "metadata": "read"}
    text = f"ghs_{secrets.token_urlsafe(27).replace('-', 'a').replace('_', 'b')}"
    token = Token(digest(text), world.clock() + TOKEN_LIFE, installation, None, repositories, given)
    world.tokens[token.digest] = token
    return Granted(text, token)


def grant_user(world: World, user: User) -> str:
    text = f"ghp_{secrets.token_hex(18)}"
    world.tokens[digest(text)] = Token(digest(text), None, user=user)
    return text
