"""Machines that are containers of one Docker engine, by the docker SDK: for people without Fly.

https://docs.docker.com/reference/api/engine/
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import RequestException

from jobs.hosts.docker_answers import DEPLOYMENT, KILLED, RUN, TASK, explain, listed, machine, marks, pinned
from jobs.hosts.errors import HostError, HostRefused, HostUnavailable
from jobs.hosts.port import Machine, MachineSpec, MachineState, machine_name

_log = logging.getLogger(__name__)

TIMEOUT = 30.0  # seconds for one answer, and between two words of a pull
STOP_GRACE = 30  # seconds from SIGTERM to SIGKILL
MAX_PIDS = 2048
LOG_OPTIONS = {"max-size": "10m", "max-file": "1"}
PORTER_FROM_INSIDE = {"host.docker.internal": "host-gateway"}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

# The runner is root to run the agent as another user, and so needs to: become that user, hand it its folders, end its
# processes, and read and clear away what it left. The agent gets none of them, and no-new-privileges keeps it so.
CAPABILITIES = ["SETUID", "SETGID", "CHOWN", "KILL", "DAC_OVERRIDE"]


@dataclass(frozen=True)
class Size:
    """How large a machine is."""

    cpus: int = 2
    memory_mb: int = 2048


class DockerHost:
    """The containers of one engine that carry this deployment's label.

    `engine` is where and how to reach it, as the SDK's `kwargs_from_env` words it; empty: this computer's socket.
    `image` is best named by digest; a tag is looked up once. `network` is one of the engine's networks (`host` shares
    this computer's own). `size` is read for each machine. `runner_argv` replaces what the image starts.
    """

    name = "docker"

    def __init__(
        self,
        *,
        image: str,
        engine: Mapping[str, Any] | None = None,
        network: str = "bridge",
        size: Callable[[], Size] = Size,
        deployment: str = "default",
        runner_argv: list[str] | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._image, self._address, self._network = image, dict(engine or {}), network
        self._size, self._deployment = size, deployment
        self._argv, self._timeout = runner_argv, timeout

    def __repr__(self) -> str:
        return f"DockerHost(network={self._network!r}, deployment={self._deployment!r})"

    def create(self, spec: MachineSpec) -> Machine:
        """Create and start the run's container, or adopt the one that bears its name. Pulls the image if need be.

        Raises HostRefused for an address of Porter that no container can reach, an image or a size that is not to be
        had; HostUnavailable.
        """
        self._refuse_loopback(spec)
        with self._asking(f"create the machine of run {spec.run_id}", hide=spec.env.get("CALLBACK_TOKEN", "")):
            try:
                self._create(spec)
            except ImageNotFound:
                self._pull(self._pinned)
                self._create(spec)
            return self._started(spec)

    def list(self) -> list[Machine]:
        """All of this deployment, by one call; another for each that was killed, which may have run out of memory."""
        with self._asking("list the machines"):
            rows = self._engine.containers(all=True, filters={"label": f"{DEPLOYMENT}={self._deployment}"})
        found = [listed(row) for row in rows]
        return [(self.get(one.id) or one) if one.exit_code == KILLED else one for one in found]

    def get(self, machine_id: str) -> Machine | None:
        data = self._read(machine_id)
        seen = None if data is None else machine(data)
        return None if seen is None or seen.state is MachineState.GONE else seen

    def stop(self, machine_id: str) -> None:
        """SIGTERM now, SIGKILL after half a minute. The engine answers only then, and goes on if nobody listens."""
        seen = self.get(machine_id)
        if seen is not None and seen.state is not MachineState.STOPPED:
            Thread(target=self._stop, args=(machine_id,), daemon=True).start()

    def destroy(self, machine_id: str) -> None:
        with self._asking(f"destroy machine {machine_id[:12]}"):
            try:
                self._engine.remove_container(machine_id, force=True, v=True)
            except NotFound:
                return
            except APIError as error:
                if error.status_code != 409 or self.get(machine_id) is not None:  # 409: is being removed already
                    raise

    @cached_property
    def _engine(self) -> Any:
        """The SDK asks the engine for its version at once, so it is made when it is needed. It has no types."""
        return _Engine(**self._address, timeout=self._timeout)

    @cached_property
    def _pinned(self) -> str:
        """The image by digest: a tag that moves must not give one deployment two kinds of machines."""
        if "@sha256:" in self._image or self._image.startswith("sha256:"):
            return self._image
        try:
            data = self._engine.inspect_image(self._image)
        except ImageNotFound:
            self._pull(self._image)
            data = self._engine.inspect_image(self._image)
        found = pinned(self._image, data)
        _log.info("an image was looked up", extra={"action": "image_pinned", "image": self._image, "digest": found})
        return found

    def _pull(self, image: str) -> None:
        """The engine says that a pull failed in the middle of an answer that began well."""
        _log.info("pulling an image", extra={"action": "image_pull", "image": image})
        try:
            for word in self._engine.pull(image, stream=True, decode=True):
                if "error" in word:
                    raise HostUnavailable(f"the Docker engine could not pull {image}: {word['error']}")
        except NotFound as error:
            raise HostRefused(
                f"the image {image} is not on the Docker engine and cannot be pulled: {error.explanation}. Build and "
                f"push it (docs/operations.md), log in to its registry, or correct PORTER_WORKER_IMAGE",
                status=404,
            ) from error

    def _create(self, spec: MachineSpec) -> None:
        try:
            self._engine.create_container(
                self._pinned,
                name=self._name(spec),
                entrypoint=self._argv,
                environment=spec.env,
                labels=self._mark(spec),
                host_config=self._limits(),
                stop_signal="SIGTERM",
                stop_timeout=STOP_GRACE,
                use_config_proxy=False,  # it would add variables, and a proxy's address may hold a password
            )
        except APIError as error:
            if error.status_code != 409:
                raise

    def _limits(self) -> Any:
        """What the container may use and do; docs/security.md explains it."""
        size = self._size()
        memory = size.memory_mb * 1024 * 1024
        return self._engine.create_host_config(
            network_mode=self._network,
            extra_hosts={} if self._network == "host" else PORTER_FROM_INSIDE,
            nano_cpus=size.cpus * 1_000_000_000,
            mem_limit=memory,
            memswap_limit=memory,  # no swap beside the memory
            pids_limit=MAX_PIDS,
            cap_drop=["ALL"],
            cap_add=CAPABILITIES,
            security_opt=["no-new-privileges:true"],
            restart_policy={"Name": ""},  # never: what a run left must not run twice; older engines do not know "no"
            init=False,  # the runner reaps by itself; another process 1 would keep the token in its environment
            log_config={"Type": "json-file", "Config": LOG_OPTIONS},
        )

    def _started(self, spec: MachineSpec) -> Machine:
        """The container of this name, which now exists: ours, and started unless it was before."""
        name = self._name(spec)
        data = self._read(name)
        if data is None:
            raise HostUnavailable(f"the old machine of run {spec.run_id} is still being removed; try again", 1.0)
        if marks(data["Config"]) != self._mark(spec):
            raise HostRefused(
                f"the container {name} is not this deployment's: remove it, or give each deployment that shares an "
                f"engine a name of its own (PORTER_DEPLOYMENT)"
            )
        if data["State"]["Status"] == "created":  # what has run once must not run again
            self._start(data["Id"])
            data = self._read(name) or data
        return machine(data)

    def _start(self, container: str) -> None:
        try:
            self._engine.start(container)
        except APIError:
            with suppress(HostError):
                self.destroy(container)  # it would only stand in the way of the next try
            raise

    def _stop(self, machine_id: str) -> None:
        try:
            with self._asking(f"stop machine {machine_id[:12]}"), suppress(NotFound):
                self._engine.stop(machine_id, timeout=STOP_GRACE)
        except HostError as error:
            _log.warning("a machine was not stopped", extra={"action": "stop_failed", "error": str(error)})

    def _read(self, machine_id: str) -> dict[str, Any] | None:
        with self._asking(f"read machine {machine_id[:12]}"):
            try:
                data: dict[str, Any] = self._engine.inspect_container(machine_id)
            except NotFound:
                return None
            return data

    def _name(self, spec: MachineSpec) -> str:
        return machine_name(spec.run_id)

    def _mark(self, spec: MachineSpec) -> dict[str, str]:
        return {RUN: spec.run_id, TASK: spec.task_id, DEPLOYMENT: self._deployment}

    def _refuse_loopback(self, spec: MachineSpec) -> None:
        url = spec.env.get("PORTER_URL", "")
        if self._network != "host" and urlsplit(url).hostname in _LOOPBACK:
            raise HostRefused(
                f"PORTER_URL is {url}, which inside a container is the container itself: set it to an address that "
                f"containers reach, such as http://host.docker.internal:8100 (docs/operations.md)"
            )

    @contextmanager
    def _asking(self, wish: str, *, hide: str = "") -> Iterator[None]:
        """Whatever the SDK raises, in Porter's words."""
        try:
            yield
        except APIError as error:
            raise explain(error.status_code, str(error.explanation or ""), wish, hide=[hide]) from error
        except (DockerException, RequestException) as error:
            where = self._address.get("base_url", "this computer's socket")
            raise HostUnavailable(
                f"the Docker engine at {where} did not answer ({type(error).__name__}); is it running, and may Porter "
                f"use it (DOCKER_HOST)? Porter tries again"
            ) from error


class _Engine(docker.APIClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK waits for ever during a pull; nothing of Porter's does."""

    def request(self, *arguments: Any, **options: Any) -> Any:
        options["timeout"] = options.get("timeout") or self.timeout
        return super().request(*arguments, **options)
