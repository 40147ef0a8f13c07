"""Machines from Fly, by its Machines API: one screen of calls, no more of the API than Porter needs.

https://fly.io/docs/machines/api/machines-resource/
"""

from __future__ import annotations

import logging
import re
from typing import Any

import httpx

from jobs.hosts.errors import HostRefused, HostUnavailable, NoCapacity
from jobs.hosts.fly_answers import Failure, document, explain, machine, metadata
from jobs.hosts.port import Machine, MachineSpec, MachineState, machine_name

_log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
CREATE_TIMEOUT = httpx.Timeout(45.0, connect=5.0)  # pulling an image to a new host is slow, and a lost reply costs more
PAGE = 1000
STOP_GRACE = "30s"
NAMED_MACHINE = re.compile(r"machine ID (\w+) already exists")


class FlyHost:
    """The machines of one Fly app that carry this deployment's mark.

    `token` needs no more than the app's deploy scope. `regions` are tried in order; none means wherever Fly likes.
    `memory_mb` is a multiple of 256. Pacing creates (Fly: one a second, three at once) is the caller's business;
    what Fly answers then is a HostUnavailable with `retry_after`.
    """

    name = "fly"

    def __init__(
        self,
        *,
        api_url: str,
        token: str,
        app: str,
        image: str,
        regions: list[str],
        http: httpx.Client,
        cpus: int = 2,
        memory_mb: int = 2048,
        deployment: str = "default",
    ) -> None:
        self._machines = f"{api_url.rstrip('/')}/v1/apps/{app}/machines"
        self._token, self._app, self._image, self._http = token, app, image, http
        self._regions: list[str | None] = [*regions] or [None]
        self._guest = {"cpu_kind": "shared", "cpus": cpus, "memory_mb": memory_mb}
        self._deployment = deployment

    def __repr__(self) -> str:
        return f"FlyHost(app={self._app!r}, deployment={self._deployment!r})"

    def create(self, spec: MachineSpec) -> Machine:
        """Create the run's machine in the first region that has room, or adopt the one that bears its name.

        Raises NoCapacity when every region is full, HostUnavailable, HostRefused.
        """
        for region in self._regions:
            answer = self._ask("POST", "", json=self._body(spec, region), timeout=CREATE_TIMEOUT)
            if answer.is_success:
                return machine(document(answer))
            failure = Failure.read(answer, hide=[self._token, spec.env.get("CALLBACK_TOKEN", "")])
            if failure.name_taken:
                return self._adopt(spec, failure)
            if not failure.no_capacity:
                raise explain(failure, f"create the machine of run {spec.run_id}", self._app)
            _log.info("no room for a machine", extra={"action": "no_capacity", "region": region})
        raise NoCapacity([region for region in self._regions if region])

    def list(self) -> list[Machine]:
        """All of this deployment, stopped ones included; Fly pages by a cursor in a header."""
        query = {"metadata.porter_deployment": self._deployment, "limit": str(PAGE)}
        found: list[Machine] = []
        while True:
            answer = self._ask("GET", "", params=query)
            if not answer.is_success:
                raise explain(self._failure(answer), "list the machines", self._app)
            found += [machine(item) for item in document(answer)]
            cursor = answer.headers.get("fly-next-cursor")
            if not cursor:
                return found
            query = {**query, "cursor": cursor}

    def get(self, machine_id: str) -> Machine | None:
        data = self._read(machine_id)
        seen = None if data is None else machine(data)
        return None if seen is None or seen.state is MachineState.GONE else seen

    def stop(self, machine_id: str) -> None:
        answer = self._ask("POST", f"/{machine_id}/stop", json={"signal": "SIGTERM", "timeout": STOP_GRACE})
        if answer.is_success:
            return
        failure = self._failure(answer)
        # Fly refuses to stop what does not run; whether that is so only a second look can tell.
        if failure.machine_missing or (failure.status in (409, 412) and not self._works(machine_id)):
            return
        raise explain(failure, f"stop machine {machine_id}", self._app)

    def destroy(self, machine_id: str) -> None:
        answer = self._ask("DELETE", f"/{machine_id}", params={"force": "true"})
        if answer.is_success:
            return
        failure = self._failure(answer)
        if failure.machine_missing or (failure.status in (409, 412) and self.get(machine_id) is None):
            return
        raise explain(failure, f"destroy machine {machine_id}", self._app)

    def _adopt(self, spec: MachineSpec, failure: Failure) -> Machine:
        """A reply was lost, or this job runs twice: the machine that Fly names is ours if it carries our run."""
        named = NAMED_MACHINE.search(failure.words)
        data = self._read(named[1]) if named else self._by_run(spec.run_id)
        if data is None or machine(data).state is MachineState.GONE:
            raise HostUnavailable(f"the old machine of run {spec.run_id} is still being removed; try again", 1.0)
        if metadata(data) != self._mark(spec):
            raise HostRefused(
                f"Fly machine {data['id']} in app {self._app} is named {machine_name(spec.run_id)} but is not this "
                f"deployment's: destroy it, or give each deployment that shares an app a name of its own"
            )
        _log.info("adopted a machine", extra={"action": "machine_adopted", "run": spec.run_id, "machine": data["id"]})
        return machine(data)

    def _by_run(self, run_id: str) -> dict[str, Any] | None:
        answer = self._ask("GET", "", params={"metadata.porter_run": run_id})
        if not answer.is_success:
            raise explain(self._failure(answer), f"look for the machine of run {run_id}", self._app)
        return next(iter(document(answer)), None)

    def _read(self, machine_id: str) -> dict[str, Any] | None:
        answer = self._ask("GET", f"/{machine_id}")
        if answer.is_success:
            data: dict[str, Any] = document(answer)
            return data
        failure = self._failure(answer)
        if failure.machine_missing:
            return None
        raise explain(failure, f"read machine {machine_id}", self._app)

    def _works(self, machine_id: str) -> bool:
        seen = self.get(machine_id)
        return seen is not None and seen.state is not MachineState.STOPPED

    def _mark(self, spec: MachineSpec) -> dict[str, str]:
        return {"porter_run": spec.run_id, "porter_task": spec.task_id, "porter_deployment": self._deployment}

    def _body(self, spec: MachineSpec, region: str | None) -> dict[str, Any]:
        config = {
            "image": self._image,
            "env": spec.env,
            "guest": self._guest,
            "init": {},
            # By default Fly restarts a failed job ten times; a machine that removes itself takes its exit code along.
            "restart": {"policy": "no"},
            "auto_destroy": False,
            "metadata": self._mark(spec),
            "stop_config": {"signal": "SIGTERM", "timeout": STOP_GRACE},
        }
        return {"name": machine_name(spec.run_id), "config": config} | ({"region": region} if region else {})

    def _failure(self, answer: httpx.Response) -> Failure:
        return Failure.read(answer, hide=[self._token])

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request. The token is in a header of this request only; raises HostUnavailable without an answer."""
        request.setdefault("timeout", TIMEOUT)
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            return self._http.request(method, self._machines + path, headers=headers, **request)
        except httpx.TransportError as error:
            raise HostUnavailable(f"Fly did not answer ({type(error).__name__}); Porter tries again") from error
