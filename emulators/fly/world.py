"""The whole emulated Fly: who may do what, which apps there are, which machines live in them."""

from __future__ import annotations

import hmac
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulators.fly.config import Config
from emulators.fly.errors import ApiError
from emulators.fly.faults import Call, Faults
from emulators.fly.lifetime import Lifetime
from emulators.fly.machine import FlyMachine, new_id, ulid
from emulators.fly.rates import Rates
from emulators.fly.validation import CreateRequest


@dataclass(frozen=True)
class Principal:
    """Whom a token stands for: an organisation, or some apps of it (a deploy token)."""

    token_id: str
    org: str
    apps: tuple[str, ...] | None = None
    expires_at: float | None = None


class World:
    """Everything the emulator knows, in memory; machines keep their files under `directory`.

    `clock` answers Unix time in seconds: rates, expiries and timestamps go by it. `calls` is the history; `faults` the
    switches. Whoever reads or changes a machine holds `changed`.
    """

    def __init__(
        self,
        directory: Path,
        runner_argv: list[str] | None = None,
        *,
        config: Config | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.config = config or Config()
        self.directory, self.clock = directory, clock
        self.runner_argv = runner_argv or self.config.runner_argv or [sys.executable, "-m", "worker"]
        self.faults, self.calls, self.rates = Faults(), list[Call](), Rates(clock)
        self.changed = threading.Condition(threading.RLock())
        self.apps, self.app_keys = dict(self.config.apps), dict[str, str]()
        self.regions = dict(self.config.regions)
        self._principals = _principals(self.config)
        self._machines: dict[str, FlyMachine] = {}
        self._lives: dict[str, Lifetime] = {}
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def authenticate(self, token: str) -> Principal:
        """Raises ApiError for a token that nobody has, or that is over."""
        for known, principal in self._principals.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                if principal.expires_at is not None and principal.expires_at <= self.clock():
                    break
                return principal
        raise ApiError(401, "unauthorized: the token is not valid")

    def deploy_token(self, app: str, lifetime: float) -> str:
        """A new token for one app, good for so many seconds."""
        token = f"fm2_{secrets.token_urlsafe(24)}"
        self._principals[token] = Principal(new_id(), self.apps[app], (app,), self.clock() + lifetime)
        return token

    def revoke(self, token: str) -> None:
        """Fault: somebody revokes the token."""
        del self._principals[token]

    def machines(self, app: str, *, deleted: bool = False) -> list[FlyMachine]:
        """An app's machines, oldest first."""
        with self.changed:
            return [m for m in self._machines.values() if m.app == app and (deleted or m.state != "destroyed")]

    def machine(self, app: str, machine_id: str) -> FlyMachine:
        """Raises ApiError when there is none; a destroyed one can still be read, as on Fly."""
        found = self._machines.get(machine_id)
        if found is None or found.app != app:
            raise ApiError(404, f"not_found: machine {machine_id} not found")
        return found

    def add(self, app: str, request: CreateRequest) -> FlyMachine:
        """Create a machine, which does not run yet. Raises ApiError: name taken, no room, unknown region or image."""
        with self.changed:
            self._check_name(app, request.name)
            self._check_image(request.config["image"])
            region = self._place(request.region)
            now, machine_id = self.clock(), new_id()
            machine = FlyMachine(
                machine_id, request.name or f"m-{machine_id[:6]}", app, region, request.config, now, ulid(now)
            )
            machine.move("created", "launch", now, source="user")
            self._machines[machine_id] = machine
            self._lives[machine_id] = Lifetime(self, machine)
            return machine

    def life(self, machine: FlyMachine) -> Lifetime:
        return self._lives[machine.id]

    def oom(self, machine_id: str) -> None:
        """Fault: the machine's memory runs out."""
        self._machines[machine_id].oom = True
        self._lives[machine_id].signal("SIGKILL")

    def lose(self, machine_id: str) -> None:
        """Fault: the host burns down; no event is written and nobody has heard of the machine."""
        with self.changed:
            machine, life = self._machines.pop(machine_id), self._lives.pop(machine_id)
            machine.requested_stop = True
        life.end()

    def close(self) -> None:
        """Kill every machine, the whole tree of each."""
        self.faults.release()
        with self.changed:
            lives = list(self._lives.values())
        enders = [threading.Thread(target=life.end, daemon=True) for life in lives]
        for thread in enders:
            thread.start()
        for thread in enders:
            thread.join(timeout=2.5)

    def history(self, action: str) -> Iterator[Call]:
        return (call for call in self.calls if call.action == action)

    def _check_name(self, app: str, name: str | None) -> None:
        for other in self.machines(app):
            if name and other.name == name:
                taken = f"unique machine name violation, machine ID {other.id} already exists with name"
                raise ApiError(409, f'already_exists: {taken} "{name}"')

    def _check_image(self, image: str) -> None:
        if self.config.images is not None and image not in self.config.images:
            raise ApiError(422, f"failed to get manifest {image}: not found")

    def _place(self, region: str | None) -> str:
        """The region asked for, or the first with room."""
        if region is not None and region not in self.regions:
            raise ApiError(422, f"invalid region: {region!r} is not a region")
        for name in [region] if region else self.regions:
            room = self.regions[name]
            if room is None or self._living_in(name) < room:
                return name
        raise ApiError(422, "could not find a host with enough room for this machine", "insufficient_capacity")

    def _living_in(self, region: str) -> int:
        return sum(m.region == region and m.state != "destroyed" for m in self._machines.values())


def token_info(principal: Principal) -> dict[str, Any]:
    """What `GET /v1/tokens/current` says about a token: apps are named only where it is narrowed to them."""
    info = {"token_id": principal.token_id, "org_slug": principal.org, "organization": principal.org}
    return {"tokens": [info | ({} if principal.apps is None else {"apps": list(principal.apps)})]}


def _principals(config: Config) -> dict[str, Principal]:
    org_wide = {token: Principal(new_id(), org) for token, org in config.org_tokens.items()}
    scoped = {
        token: Principal(new_id(), config.apps[apps[0]], tuple(apps)) for token, apps in config.scoped_tokens().items()
    }
    return org_wide | scoped
