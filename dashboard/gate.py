"""Who may come in, decided before Streamlit sees the request: host, sign-in or password, and every answer's headers."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from dashboard.errors import DatabaseAway

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

PERSON_HEADER = "x-porter-person"
PASS_HEADER = "x-porter-pass"  # noqa: S105  a header's name
HEALTH = "/_stcore/health"
COOKIE = "porter_gate"
_COOKIE_SECONDS = 12 * 3600
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(host: str) -> bool:
    """Whether a Host header names this computer: anything else may be another site's name for it (DNS rebinding)."""
    return host_name(host) in LOOPBACK


def host_name(host: str) -> str:
    """The name in a Host header, without its port; empty when it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def passed(headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers came through the gate."""
    return hmac.compare_digest(headers.get(PASS_HEADER, "").encode(), _pass().encode())


@dataclass(frozen=True)
class Refusal:
    """An answer of the gate's own. `challenge` asks the browser for the password."""

    status: int
    text: str
    challenge: bool = False
    location: str = ""


class Password:
    """HTTP Basic with one password; the name is whatever the person calls themselves.

    A signed cookie carries the answer to the WebSocket, where not every browser sends the Authorization header.
    """

    def __init__(self, password: str) -> None:
        self._digest = hashlib.sha256(password.encode()).digest()
        # Slow to derive: a stolen cookie is no quick way to guess the password.
        self._key = hashlib.scrypt(password.encode(), salt=b"porter dashboard cookie", n=2**14, r=8, p=1)

    def person(self, authorization: str, cookie: str, *, now: float) -> str | None:
        """Who it is, or None. `now` is Unix time in seconds."""
        return self._from_basic(authorization) or self._from_cookie(cookie, now)

    def cookie(self, person: str, *, now: float, secure: bool) -> str:
        """A Set-Cookie value that stands for the password until it ends."""
        payload = f"{int(now) + _COOKIE_SECONDS}.{base64.urlsafe_b64encode(person.encode()).decode().rstrip('=')}"
        attributes = f"; Path=/; HttpOnly; SameSite=Lax; Max-Age={_COOKIE_SECONDS}{'; Secure' if secure else ''}"
        return f"{COOKIE}={payload}.{self._sign(payload)}{attributes}"

    def _from_basic(self, authorization: str) -> str | None:
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        right = hmac.compare_digest(hashlib.sha256(password.encode()).digest(), self._digest)
        return _clean(name) if right else None

    def _from_cookie(self, header: str, now: float) -> str | None:
        payload, _, signature = _cookie(header, COOKIE).rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(payload).encode()):
            return None
        until, _, name = payload.partition(".")
        if int(until) < now:
            return None
        return _clean(base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode())

    def _sign(self, payload: str) -> str:
        return hmac.new(self._key, payload.encode(), hashlib.sha256).hexdigest()


class Sessions:
    """The sign-in with GitHub, which the intake does: here its cookie is only looked up, at every request.

    `login` says who holds a cookie, None for nobody (it may raise DatabaseAway); `address` where to send somebody who
    wanted to see a path.
    """

    def __init__(self, name: str, login: Callable[[str], str | None], address: Callable[[str], str]) -> None:
        self._name, self._login, self._address = name, login, address

    async def person(self, cookies: str) -> str | None:
        """Who it is, or None. The database is asked in another thread."""
        value = _cookie(cookies, self._name)
        return await asyncio.to_thread(self._login, value) if value else None

    def refusal(self, scope: Scope, told: Mapping[str, str]) -> Refusal:
        """People are sent to the page with the button, programs get a 401."""
        if scope["type"] == "http" and "text/html" in told.get("accept", ""):
            query = scope.get("query_string", b"").decode("latin-1")
            return Refusal(
                303, "Sign in first.", location=self._address(scope["path"] + (f"?{query}" if query else ""))
            )
        return Refusal(401, "Sign in first.")


class Gate:
    """ASGI middleware over HTTP and WebSocket. Neither `password` nor `sessions`: no sign-in, loopback hosts only."""

    def __init__(
        self,
        app: Asgi,
        *,
        hosts: frozenset[str],
        password: Password | None,
        headers: dict[str, str],
        sessions: Sessions | None = None,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._password, self._sessions = password, sessions
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        told = _headers(scope)
        try:
            person = await self._person(scope, told)
            refusal = self._refusal(scope, told, person)
        except DatabaseAway:
            person, refusal = None, Refusal(503, "Porter's database does not answer. Load this page again in a moment.")
        if refusal is not None:
            await self._refuse(scope, receive, self._answering(send, None), refusal)
            return
        await self._app(_vouched(scope, person), receive, self._answering(send, self._cookie(scope, told, person)))

    async def _person(self, scope: Scope, told: Mapping[str, str]) -> str | None:
        if self._sessions is not None:
            return None if scope["path"] == HEALTH else await self._sessions.person(told.get("cookie", ""))
        if self._password is None:
            return "the operator"
        return self._password.person(told.get("authorization", ""), told.get("cookie", ""), now=time.time())

    def _refusal(self, scope: Scope, told: Mapping[str, str], person: str | None) -> Refusal | None:
        if scope["path"] == HEALTH:  # asked by container health checks, by whatever name they reach it
            return None
        if host_name(told.get("host", "")) not in self._hosts:
            return Refusal(421, "This Porter does not go by that host name. Open it at the address it printed.")
        # Streamlit would let any page of localhost in, and ask the internet for its own address to judge the others.
        # What only reads may be asked from anywhere: another site sees no answer.
        reads = scope["type"] == "http" and scope.get("method", "GET") in ("GET", "HEAD", "OPTIONS")
        if not reads and not _same_origin(told):
            return Refusal(403, "Another site may not speak to this Porter.")
        if person is None and self._sessions is not None:
            return self._sessions.refusal(scope, told)
        if person is None:
            return Refusal(401, "The dashboard's password is needed.", challenge=True)
        return None

    def _cookie(self, scope: Scope, told: Mapping[str, str], person: str | None) -> str | None:
        if self._password is None or person is None or "authorization" not in told or scope["type"] != "http":
            return None
        secure = scope.get("scheme") == "https" or told.get("x-forwarded-proto") == "https"
        return self._password.cookie(person, now=time.time(), secure=secure)

    def _answering(self, send: Send, cookie: str | None) -> Send:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in self._headers.items()]
                if cookie is not None:
                    extra.append((b"set-cookie", cookie.encode()))
                kept = [pair for pair in message.get("headers", []) if pair[0].decode().lower() not in self._headers]
                message = {**message, "headers": [*kept, *extra]}
            await send(message)

        return answer

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        if refusal.location:
            headers.append((b"location", refusal.location.encode("latin-1", "replace")))
        if refusal.challenge:
            headers.append((b"www-authenticate", b'Basic realm="Porter", charset="UTF-8"'))
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": refusal.text.encode()})


def _cookie(header: str, name: str) -> str:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _same_origin(told: Mapping[str, str]) -> bool:
    """Whether the page that asks is our own. Programs that are no browsers send no Origin."""
    try:
        return "origin" not in told or urlsplit(told["origin"]).netloc == told.get("host")
    except ValueError:
        return False


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _vouched(scope: Scope, person: str | None) -> Scope:
    """The request with our own headers, and without anybody else's of these names."""
    ours = {PERSON_HEADER.encode(), PASS_HEADER.encode()}
    kept = [(name, value) for name, value in scope["headers"] if name.lower() not in ours]
    told = [
        (PERSON_HEADER.encode(), (person or "").encode("latin-1", "replace")),
        (PASS_HEADER.encode(), _pass().encode()),
    ]
    return {**scope, "headers": [*kept, *told]}


@cache
def _pass() -> str:
    """Proves to the pages of this process that a request came through its gate."""
    return secrets.token_urlsafe(24)


def _clean(name: str) -> str:
    """A name fit for a history and a header."""
    return "".join(letter for letter in name if letter.isprintable())[:60].strip() or "somebody"
