"""Machines from Fly, by its Machines API: one screen of calls, no more of the API than Porter needs.

https://fly.io/docs/machines/api/machines-resource/
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, Protocol

import httpx

from jobs.hosts.errors import HostError, HostRefused, HostUnavailable, NoCapacity
from jobs.hosts.fly_answers import Failure, document, explain, machine, metadata
from jobs.hosts.fly_place import FlyPlace
from jobs.hosts.fly_wire import FlyWire
from jobs.hosts.port import Machine, MachineSpec, MachineState, machine_name

_log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
CREATE_TIMEOUT = httpx.Timeout(45.0, connect=5.0)  # pulling an image to a new host is slow, and a lost reply costs more
PAGE = 1000
STOP_GRACE = "30s"
NAMED_MACHINE = re.compile(r"machine ID (\w+) already exists")


class Pace(Protocol):
    """How often machines may be created in an app, for all processes together."""

    def wait(self, app: str) -> None:
        """Until the next create is allowed. Raises HostUnavailable when that would be too long."""
        ...

    def hold_back(self, app: str, seconds: float) -> None:
        """Fly asked for a pause."""
        ...


class FlyHost:
    """The machines of one Fly app that carry this deployment's mark.

    `place` is asked before each call, so that a token that was replaced counts at once; it may raise a HostError. Its
    token needs no more than the app's deploy scope. The caller waits for its turn to create; `pace` is for a second
    region.
    """

    name = "fly"

    def __init__(
        self,
        *,
        api_url: str,
        place: Callable[[], FlyPlace],
        pace: Pace,
        http: httpx.Client,
        deployment: str = "default",
    ) -> None:
        self._wire = FlyWire(api_url, http, TIMEOUT)
        self._place, self._pace, self._deployment = place, pace, deployment

    def __repr__(self) -> str:
        return f"FlyHost(deployment={self._deployment!r})"

    def create(self, spec: MachineSpec) -> Machine:
        """Create the run's machine in the first region that has room, or adopt the one that bears its name.

        Raises NoCapacity when every region is full, HostUnavailable, HostRefused.
        """
        place = self._place()
        regions = place.in_order(spec.avoid)
        for number, region in enumerate(regions):
            if number:
                self._pace.wait(place.app)
            made = self._create_in(region, place, spec)
            if made is not None:
                return made
        # An earlier create whose reply was lost may have taken the last place.
        return self._made_after_all(place, spec, NoCapacity([region for region in regions if region]))

    def list(self) -> list[Machine]:
        """All of this deployment, stopped ones included; Fly pages by a cursor in a header."""
        place = self._place()
        query = {"metadata.porter_deployment": self._deployment, "limit": str(PAGE)}
        found: list[Machine] = []
        while True:
            answer = self._ask(place, "GET", "", params=query)
            if not answer.is_success:
                raise explain(_failure(place, answer), "list the machines", place.app)
            found += [machine(item) for item in document(answer)]
            cursor = answer.headers.get("fly-next-cursor")
            if not cursor:
                return found
            query = {**query, "cursor": cursor}

    def get(self, machine_id: str) -> Machine | None:
        data = self._read(self._place(), machine_id)
        seen = None if data is None else machine(data)
        return None if seen is None or seen.state is MachineState.GONE else seen

    def stop(self, machine_id: str) -> None:
        place = self._place()
        answer = self._ask(place, "POST", f"/{machine_id}/stop", json={"signal": "SIGTERM", "timeout": STOP_GRACE})
        if answer.is_success:
            return
        failure = _failure(place, answer)
        # Fly refuses to stop what does not run; whether that is so only a second look can tell.
        if failure.machine_missing or (failure.status in (409, 412) and not self._works(machine_id)):
            return
        raise explain(failure, f"stop machine {machine_id}", place.app)

    def destroy(self, machine_id: str) -> None:
        place = self._place()
        answer = self._ask(place, "DELETE", f"/{machine_id}", params={"force": "true"})
        if answer.is_success:
            return
        failure = _failure(place, answer)
        if failure.machine_missing or (failure.status in (409, 412) and self.get(machine_id) is None):
            return
        raise explain(failure, f"destroy machine {machine_id}", place.app)

    def _create_in(self, region: str | None, place: FlyPlace, spec: MachineSpec) -> Machine | None:
        """The machine, new or adopted; None when this region is full."""
        try:
            answer = self._ask(place, "POST", "", json=self._body(spec, region, place), timeout=CREATE_TIMEOUT)
        except HostUnavailable as lost:
            return self._made_after_all(place, spec, lost)
        if answer.is_success:
            return machine(document(answer))
        failure = Failure.read(answer, hide=[place.token, spec.env.get("CALLBACK_TOKEN", "")])
        if failure.name_taken:
            return self._adopt(place, spec, failure)
        if failure.no_capacity:
            extra = {"action": "no_capacity", "region": region, "run": spec.run_id, "request": failure.request_id}
            _log.info("no room for a machine", extra=extra)
            return None
        if failure.status == 429:
            self._pace.hold_back(place.app, failure.retry_after or 1.0)
        refusal = explain(failure, f"create the machine of run {spec.run_id}", place.app)
        if failure.status < 500:
            raise refusal
        return self._made_after_all(place, spec, refusal)

    def _made_after_all(self, place: FlyPlace, spec: MachineSpec, error: HostError) -> Machine:
        """Before a create is repeated: was it done, and only its answer lost? Raises `error` if not."""
        try:
            data = self._by_run(place, spec.run_id)
        except HostError:
            raise error from None
        if data is None or metadata(data) != self._mark(spec):
            raise error
        return _adopted(data, spec)

    def _adopt(self, place: FlyPlace, spec: MachineSpec, failure: Failure) -> Machine:
        """A reply was lost, or this job runs twice: the machine that Fly names is ours if it carries our run."""
        named = NAMED_MACHINE.search(failure.words)
        data = self._read(place, named[1]) if named else self._by_run(place, spec.run_id)
        if data is None or machine(data).state is MachineState.GONE:
            raise HostUnavailable(f"the old machine of run {spec.run_id} is still being removed; try again", 1.0)
        if metadata(data) != self._mark(spec):
            raise HostRefused(
                f"Fly machine {data['id']} in app {place.app} is named {machine_name(spec.run_id)} but is not this "
                f"deployment's: destroy it, or give each deployment that shares an app a name of its own"
            )
        return _adopted(data, spec)

    def _by_run(self, place: FlyPlace, run_id: str) -> dict[str, Any] | None:
        answer = self._ask(place, "GET", "", params={"metadata.porter_run": run_id})
        if not answer.is_success:
            raise explain(_failure(place, answer), f"look for the machine of run {run_id}", place.app)
        return next((data for data in document(answer) if machine(data).state is not MachineState.GONE), None)

    def _read(self, place: FlyPlace, machine_id: str) -> dict[str, Any] | None:
        answer = self._ask(place, "GET", f"/{machine_id}")
        if answer.is_success:
            data: dict[str, Any] = document(answer)
            return data
        failure = _failure(place, answer)
        if failure.machine_missing:
            return None
        raise explain(failure, f"read machine {machine_id}", place.app)

    def _works(self, machine_id: str) -> bool:
        seen = self.get(machine_id)
        return seen is not None and seen.state is not MachineState.STOPPED

    def _mark(self, spec: MachineSpec) -> dict[str, str]:
        return {"porter_run": spec.run_id, "porter_task": spec.task_id, "porter_deployment": self._deployment}

    def _body(self, spec: MachineSpec, region: str | None, place: FlyPlace) -> dict[str, Any]:
        config = {
            "image": place.image,
            "env": spec.env,
            "guest": place.guest,
            "init": {},
            # By default Fly restarts a failed job ten times; a machine that removes itself takes its exit code along.
            "restart": {"policy": "no"},
            "auto_destroy": False,
            "metadata": self._mark(spec),
            "stop_config": {"signal": "SIGTERM", "timeout": STOP_GRACE},
        }
        return {"name": machine_name(spec.run_id), "config": config} | ({"region": region} if region else {})

    def _ask(self, place: FlyPlace, method: str, path: str, **request: Any) -> httpx.Response:
        return self._wire.ask(place.token, method, f"/apps/{place.app}/machines{path}", **request)


def _failure(place: FlyPlace, answer: httpx.Response) -> Failure:
    return Failure.read(answer, hide=[place.token])


def _adopted(data: dict[str, Any], spec: MachineSpec) -> Machine:
    _log.info("adopted a machine", extra={"action": "machine_adopted", "run": spec.run_id, "machine": data["id"]})
    return machine(data)
