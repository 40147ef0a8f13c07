"""Every host, ready to be held against one contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulators.fly import Server
from jobs.hosts.fly import FlyHost
from jobs.hosts.fly_place import FlyPlace
from jobs.hosts.local import LocalHost
from jobs.hosts.port import Host, MachineSpec
from tests.contracts.fly import HOOKS
from tests.emulators.fly_api import DEPLOY, IMAGE, world
from tests.hosts import docker_hosts

CANARY = "canary-callback-token"

# Given what a machine runs, a host whose machines run it.
HostFactory = Callable[[list[str]], Host]


def spec(run_id: str = "r1", *, limit_seconds: float = 60.0) -> MachineSpec:
    env = {"PORTER_URL": "http://porter", "TASK_ID": "t1", "RUN_ID": run_id, "CALLBACK_TOKEN": CANARY}
    return MachineSpec(run_id, "t1", env, limit_seconds)


class Pace:
    """Lets everything happen at once, and remembers what it was asked."""

    def __init__(self) -> None:
        self.waits: list[str] = []
        self.pauses: list[tuple[str, float]] = []

    def wait(self, app: str) -> None:
        self.waits.append(app)

    def hold_back(self, app: str, seconds: float) -> None:
        self.pauses.append((app, seconds))


PLACE = FlyPlace(DEPLOY, "porter", IMAGE, ("iad", "fra"))


def fly_host(
    server: Server, http: httpx.Client, *, pace: Pace | None = None, deployment: str = "test", **place: Any
) -> FlyHost:
    where = replace(PLACE, **place)
    return FlyHost(api_url=server.url, place=lambda: where, pace=pace or Pace(), deployment=deployment, http=http)


@pytest.fixture(params=["fly-flat", "fly-monitor", "local", "docker-emulated", "docker-engine"])
def host_for(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HostFactory]:
    own = {"local": _local, "docker-emulated": docker_hosts.emulated, "docker-engine": docker_hosts.real}
    if request.param in own:
        yield from own[request.param](tmp_path)
        return
    servers: list[Server] = []
    with httpx.Client(event_hooks=HOOKS) as http:

        def make(argv: list[str]) -> Host:
            servers.append(Server(world(tmp_path, argv, exit_shape=request.param.removeprefix("fly-"))))
            return fly_host(servers[-1], http)

        yield make
        for server in servers:
            server.close()


def _local(directory: Path) -> Iterator[HostFactory]:
    hosts: list[LocalHost] = []

    def make(argv: list[str]) -> Host:
        hosts.append(LocalHost(directory, runner_argv=argv))
        return hosts[-1]

    yield make
    for host in hosts:
        for machine in host.list():
            host.destroy(machine.id)
