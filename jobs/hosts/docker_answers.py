"""What a Docker engine's answers mean: machines, exits, refusals. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from jobs.hosts.errors import HostError, HostRefused, HostUnavailable
from jobs.hosts.port import Machine, MachineState

RUN, TASK, DEPLOYMENT = "porter.run", "porter.task", "porter.deployment"
KILLED = 137
MAX_WORDS = 300  # characters of the engine's own words in an error

# https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerList, filter `status`.
# What is `dead` could not be removed; it counts as stopped, so that its removal is tried again.
_STATES = {
    **dict.fromkeys(("created", "restarting"), MachineState.STARTING),
    **dict.fromkeys(("running", "paused"), MachineState.RUNNING),
    **dict.fromkeys(("exited", "dead"), MachineState.STOPPED),
    "removing": MachineState.GONE,
}
_EXITED = re.compile(r"Exited \((\d+)\)")
_FRACTION = re.compile(r"\.\d+")
_BUSY = (408, 425, 429)


def machine(data: Mapping[str, Any]) -> Machine:
    """A machine out of what the engine tells about one container."""
    state = data["State"]
    ended = _state(state["Status"]) is MachineState.STOPPED
    return Machine(
        id=data["Id"],
        run_id=marks(data["Config"]).get(RUN, ""),
        state=_state(state["Status"]),
        exit_code=state["ExitCode"] if ended else None,
        oom_killed=ended and bool(state.get("OOMKilled")),
        created_at=_time(data["Created"]),
        image=data["Config"].get("Image"),
    )


def listed(data: Mapping[str, Any]) -> Machine:
    """A machine out of one row of the engine's list, which tells the exit code only in words: "Exited (7) 2 hours ago".

    It does not tell whether memory ran out.
    """
    exited = _EXITED.match(data["Status"])
    return Machine(
        id=data["Id"],
        run_id=marks(data).get(RUN, ""),
        state=_state(data["State"]),
        exit_code=int(exited[1]) if exited else None,
        created_at=datetime.fromtimestamp(data["Created"], UTC),
    )


def marks(data: Mapping[str, Any]) -> dict[str, str]:
    """Porter's own labels; an image brings others."""
    return {key: value for key, value in (data.get("Labels") or {}).items() if key.startswith("porter.")}


def pinned(image: str, data: Mapping[str, Any]) -> str:
    """The one image that a tag stands for now: by its registry's digest, or by its id if it was built here."""
    repository = image.rpartition(":")[0] if ":" in image.rpartition("/")[2] else image
    digests = [digest for digest in data.get("RepoDigests") or [] if digest.partition("@")[0] == repository]
    return str(digests[0] if digests else data["Id"])


def explain(status: int | None, words: str, wish: str, *, hide: Iterable[str] = ()) -> HostError:
    """The error to raise for a wish that the engine did not grant."""
    for secret in hide:
        words = words.replace(secret, "[hidden]") if secret else words
    words = " ".join(words.split())[:MAX_WORDS] or "no reason given"
    said = f'the Docker engine answered {status} to "{wish}": {words}'
    if status is None or status >= 500 or status in _BUSY:
        return HostUnavailable(said)
    return HostRefused(f"{said}. Check the image, the size and the network in the configuration.", status=status)


def _state(word: str) -> MachineState:
    """A state nobody knows counts as running: deadlines still end it."""
    return _STATES.get(word, MachineState.RUNNING)


def _time(text: str) -> datetime:
    """The engine writes nanoseconds, which are more than a datetime holds."""
    return datetime.fromisoformat(_FRACTION.sub("", text).replace("Z", "+00:00"))
