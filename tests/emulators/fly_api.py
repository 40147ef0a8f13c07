"""A small hand to hold the emulated Fly with: a world, a port, a client that holds each answer against Fly's word."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from emulators.fly import Config, Server, World
from tests.contracts.fly import check_response

TOKEN = "fm2_org"
DEPLOY = "fm2_deploy"
IMAGE = "registry.fly.io/porter:latest"
SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


class FakeClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def world(directory: Path, argv: list[str] = SLEEPER, clock: Callable[[], float] = time.time, **config: Any) -> World:
    usual = {
        "orgs": ["personal", "others"],
        "org_tokens": {TOKEN: "personal", "fm2_others": "others"},
        "deploy_tokens": {DEPLOY: "porter"},
        "apps": {"porter": "personal", "second": "personal", "theirs": "others"},
        "rates": False,
    }
    return World(directory, argv, config=Config(**{**usual, **config}), clock=clock)


class Api:
    """Requests to one app of a served world."""

    def __init__(self, server: Server, token: str = TOKEN) -> None:
        self.world = server.world
        self.http = httpx.Client(
            base_url=server.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
            event_hooks={"response": [check_response]},
        )

    def create(self, name: str | None = None, *, region: str | None = None, **config: Any) -> httpx.Response:
        body = {"name": name, "region": region, "config": {"image": IMAGE, "restart": {"policy": "no"}, **config}}
        return self.http.post("/v1/apps/porter/machines", json=body)

    def machine(self, machine_id: str, path: str = "", method: str = "GET", **more: Any) -> httpx.Response:
        return self.http.request(method, f"/v1/apps/porter/machines/{machine_id}{path}", **more)

    def wait(self, machine_id: str, state: str, timeout: int = 10) -> httpx.Response:
        return self.machine(machine_id, "/wait", params={"state": state, "timeout": timeout})

    def exit(self, machine_id: str) -> dict[str, Any]:
        """The newest exit event."""
        events = self.machine(machine_id, "/events", params={"limit": 50}).json()
        found: dict[str, Any] = next(e for e in events if e["type"] == "exit")["request"]["exit_event"]
        return found


def eventually(condition: Callable[[], object], seconds: float = 40.0) -> None:
    """Look until it is so, or fail."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.02)


def running(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
