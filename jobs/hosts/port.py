"""What Porter asks of any place that machines come from. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class MachineState(StrEnum):
    """How a machine looks to Porter, whatever its host calls it. `GONE`: on its way out, nothing to wait for."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"
    GONE = "gone"


@dataclass(frozen=True)
class MachineSpec:
    """The machine that one run needs.

    `env` is exactly PORTER_URL, TASK_ID, RUN_ID and CALLBACK_TOKEN (docs/architecture.md); it holds a secret, so it is
    kept out of the repr. `limit_seconds` is the life after which a host that can do so kills the machine by itself:
    longer than the run's own limit, because the runner needs time to report. `avoid` is the region where an earlier
    machine of the run did not come up.
    """

    run_id: str
    task_id: str
    env: dict[str, str] = field(repr=False)
    limit_seconds: float
    avoid: str | None = None


@dataclass(frozen=True)
class Machine:
    """A machine as its host describes it. `exit_code` is 128 + N after death by signal N, None while unknown. `image`
    is the one it really has, by digest, where the host tells."""

    id: str
    run_id: str
    state: MachineState
    exit_code: int | None = None
    oom_killed: bool = False
    region: str | None = None
    created_at: datetime | None = None
    image: str | None = None


class Host(Protocol):
    """A place that machines come from. Every method may raise a `HostError`."""

    @property
    def name(self) -> str:
        """The word for this host in the configuration: `fly`, `local`."""
        ...

    def create(self, spec: MachineSpec) -> Machine:
        """Start the machine of this run, or give back the one that is there: asking twice makes one machine."""
        ...

    def list(self) -> list[Machine]:
        """All machines of this deployment that still exist, stopped ones included, by one (paged) call."""
        ...

    def get(self, machine_id: str) -> Machine | None:
        """One machine, or None when it no longer exists."""
        ...

    def stop(self, machine_id: str) -> None:
        """Ask the machine to end, then make it. Returns at once; one that has ended already is fine."""
        ...

    def destroy(self, machine_id: str) -> None:
        """Remove the machine, running or not. One that is gone already is fine."""
        ...


def machine_name(run_id: str) -> str:
    """The name that makes a create safe to repeat: hosts refuse a second machine of the same name."""
    return f"porter-{run_id}"
