"""Docker hosts for the contract: on the small engine of these tests, and on a real one where there is one."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from jobs.hosts.docker import DockerHost
from jobs.hosts.port import MachineSpec
from tests.hosts.docker_engine import DIGEST, Engine, serving

IMAGE_VARIABLE = "PORTER_TEST_WORKER_IMAGE"


def emulated(directory: Path) -> Iterator[Any]:
    """A factory of hosts, all on one engine; no request of theirs may be one that the description does not know."""
    engine = Engine(directory)
    with serving(engine) as address:
        yield lambda argv: docker_host(address, runner_argv=argv)
    assert engine.faults == []


def docker_host(address: str, **more: Any) -> DockerHost:
    usual = {"image": DIGEST, "network": "host", "deployment": "test"}
    return DockerHost(engine={"base_url": address}, **(usual | more))


def real(directory: Path) -> Iterator[Any]:
    """The same on the engine that DOCKER_HOST names; `.ci/with-engine` starts one where it can."""
    image = os.environ.get(IMAGE_VARIABLE)
    if not image:
        pytest.skip("no Docker engine: try `.ci/with-engine ./run test tests/hosts`")
    try:
        docker.APIClient(**kwargs_from_env()).ping()
    except DockerException as error:
        pytest.skip(f"no Docker engine: {error}")
    hosts: list[DockerHost] = []
    ours = secrets.token_hex(4)

    def make(argv: list[str]) -> DockerHost:
        inside = ["python3" if word == sys.executable else word for word in argv]
        hosts.append(_Visible(directory, ours, image=image, runner_argv=inside))
        return hosts[-1]

    yield make
    for host in hosts:
        for machine in host.list():
            host.destroy(machine.id)


class _Visible(DockerHost):
    """Its machines write into the test's folder, and their processes have the numbers that the test sees. The tests
    give their runs the same few names, and on an engine each name is there once."""

    def __init__(self, directory: Path, deployment: str, **more: Any) -> None:
        super().__init__(engine=kwargs_from_env(), network="host", deployment=deployment, **more)
        self._directory = directory

    def _name(self, spec: MachineSpec) -> str:
        return f"{super()._name(spec)}-{self._deployment}"

    def _limits(self) -> Any:
        return super()._limits() | {"Binds": [f"{self._directory}:{self._directory}"], "PidMode": "host"}
