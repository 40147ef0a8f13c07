"""Both hosts, ready to be held against one contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from emulators.fly import Server
from jobs.hosts.fly import FlyHost
from jobs.hosts.local import LocalHost
from jobs.hosts.port import Host, MachineSpec
from tests.emulators.fly_api import DEPLOY, IMAGE, world

CANARY = "canary-callback-token"

# Given what a machine runs, a host whose machines run it.
HostFactory = Callable[[list[str]], Host]


def spec(run_id: str = "r1", *, limit_seconds: float = 60.0) -> MachineSpec:
    env = {"PORTER_URL": "http://porter", "TASK_ID": "t1", "RUN_ID": run_id, "CALLBACK_TOKEN": CANARY}
    return MachineSpec(run_id, "t1", env, limit_seconds)


def fly_host(server: Server, http: httpx.Client, *, token: str = DEPLOY, deployment: str = "test") -> FlyHost:
    return FlyHost(
        api_url=server.url,
        token=token,
        app="porter",
        image=IMAGE,
        regions=["iad", "fra"],
        deployment=deployment,
        http=http,
    )


@pytest.fixture(params=["fly-flat", "fly-monitor", "local"])
def host_for(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HostFactory]:
    if request.param == "local":
        yield from _local(tmp_path)
        return
    servers: list[Server] = []
    with httpx.Client() as http:

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
