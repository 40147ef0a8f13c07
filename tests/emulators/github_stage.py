"""A small GitHub in one process: a repository, three people, an installed App, a receiver, and a client that checks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from emulators.github import World, create_app
from emulators.github.config import EVENTS, PERMISSIONS
from emulators.github.model import App, Repository
from tests.contracts.github import check_request, check_response, find

APP_ID = 4242
SECRET = "it is only a test"
FILES = {"README.md": "# widgets\n", "src/main.py": 'print("Helo")\n', "data.bin": "\x00\x01"}
START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@cache
def key_pair() -> tuple[str, str]:
    """(private, public) PEM, made once per run because it is slow."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return secret.decode(), public.decode()


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


class FastClock(Clock):
    """A clock that runs by itself, `speed` seconds a second."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self.speed, self._began = speed, time.monotonic()

    def __call__(self) -> datetime:
        return START + timedelta(seconds=(time.monotonic() - self._began) * self.speed)

    def pass_by(self, **span: float) -> None:
        time.sleep(timedelta(**span).total_seconds() / self.speed)


@dataclass
class Receiver:
    """A WSGI app that keeps what it was sent and answers `status`, or hands it on to the app `behind` it."""

    status: str = "202 Accepted"
    behind: Callable[..., Iterable[bytes]] | None = None
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        body = environ["wsgi.input"].read(length)
        self.got.append((headers, body))
        if self.behind is not None:
            return self.behind(environ | {"wsgi.input": BytesIO(body)}, start)
        start(self.status, [("Content-Type", "text/plain")])
        return [b"thanks"]

    def events(self) -> list[str]:
        """Like `issues.opened`, in the order they arrived, which the senders do not promise."""
        return [f"{headers['x-github-event']}.{json.loads(body).get('action')}" for headers, body in self.got]

    def payload(self, name: str) -> dict[str, Any]:
        return next(json.loads(body) for (_, body), event in zip(self.got, self.events(), strict=True) if event == name)


@dataclass
class Stage:
    world: World
    clock: Clock
    receiver: Receiver
    app: App
    repository: Repository
    installation: int
    api: httpx.Client

    def jwt(self, *, key: str | None = None, **claims: Any) -> dict[str, str]:
        """Headers of the App itself; `claims` overrides iat, exp (seconds) and iss."""
        now = int(self.clock().timestamp())
        body = {"iat": now - 60, "exp": now + 540, "iss": str(APP_ID), **claims}
        text = jwt.encode({"alg": "RS256"}, body, RSAKey.import_key(key or key_pair()[0]))
        return {"Authorization": f"Bearer {text}"}

    def token(self, **narrowed: Any) -> dict[str, str]:
        """Headers of an installation token, fresh."""
        return {"Authorization": f"Bearer {self.world.installation_token(self.installation, **narrowed)}"}

    def person(self, login: str) -> dict[str, str]:
        return {"Authorization": f"token {self.world.user_token(login)}"}

    def branch(self, name: str, files: dict[str, str] | None = None) -> str:
        """A branch one commit ahead of main."""
        git = self.repository.git
        git.run("update-ref", f"refs/heads/{name}", git.branches()["main"])
        return git.commit(name, files or {"new.txt": name}, author="Ann", email="ann@example.test", message="Add")

    def heard(self) -> list[str]:
        assert self.world.webhooks.settle()
        return self.receiver.events()


@contextmanager
def opened(folder: Path, clock: Clock | None = None) -> Iterator[Stage]:
    clock, receiver = clock or Clock(), Receiver()
    world = World(folder / "git", clock=clock, webhook_transport=httpx.WSGITransport(receiver))
    for login in ("maria", "tom", "eve"):
        world.add_user(login)
    repository = world.add_repository("acme/widgets", FILES, collaborators={"maria": "admin", "tom": "write"})
    app = world.add_app("porter", APP_ID, key_pair()[1], "http://porter.test/hook", SECRET, PERMISSIONS, EVENTS)
    installation = world.install(app, [repository])
    transport = httpx.WSGITransport(create_app(world))
    hooks = {"response": [_hold_to_description]}
    with httpx.Client(transport=transport, base_url="http://github.test/api", event_hooks=hooks) as api:
        try:
            yield Stage(world, clock, receiver, app, repository, installation, api)
        finally:
            world.close()


def _hold_to_description(answer: httpx.Response) -> None:
    """Every exchange of these tests is held against GitHub's REST description."""
    answer.read()
    asked = answer.request
    try:
        find(asked.method, str(asked.url))
    except AssertionError:
        assert answer.status_code in (404, 403), f"{asked.method} {asked.url} is not described, but works"
        return
    if answer.is_success:
        check_request(asked.method, str(asked.url), json.loads(asked.content) if asked.content else None)
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    body = answer.json() if is_json and answer.content else answer.text or None
    check_response(asked.method, str(asked.url), answer.status_code, body)
