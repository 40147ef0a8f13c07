"""What Fly accepts in the request that creates a machine. Pure.

Unknown fields are ignored, as Fly does; known ones must have their type (400) and a value that makes sense (422).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from emulators.fly.errors import ApiError

SIGNALS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM")
POLICIES = ("no", "on-failure", "always")
MAX_STOP_SECONDS = 300.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "region": str,
    "skip_launch": bool,
    "lease_ttl": int,
    "config": dict,
    "config.image": str,
    "config.env": dict,
    "config.metadata": dict,
    "config.guest": dict,
    "config.guest.cpu_kind": str,
    "config.guest.cpus": int,
    "config.guest.memory_mb": int,
    "config.init": dict,
    "config.init.exec": list,
    "config.init.cmd": list,
    "config.init.entrypoint": list,
    "config.restart": dict,
    "config.restart.policy": str,
    "config.restart.max_retries": int,
    "config.auto_destroy": bool,
    "config.stop_config": dict,
    "config.stop_config.signal": str,
    "config.files": list,
}
_KNOWN = {path.split(".")[1] for path in _TYPES if path.startswith("config.")}
# memory in MB for each CPU, least and most: https://fly.io/docs/about/pricing/#started-fly-machines
_SIZES = {"shared": ((1, 2, 4, 6, 8), 256, 2048), "performance": ((1, 2, 4, 6, 8, 10, 12, 14, 16), 2048, 8192)}


@dataclass(frozen=True)
class CreateRequest:
    """A create that passed. `config` is complete: what the caller left out has Fly's default."""

    name: str | None
    region: str | None
    config: dict[str, Any]
    skip_launch: bool


def parse_create(body: Any) -> CreateRequest:
    """Raises ApiError as Fly would answer it."""
    if not isinstance(body, dict):
        raise ApiError(400, "invalid_argument: the request body must be a JSON object")
    _check_types(body)
    config = {name: value for name, value in (body.get("config") or {}).items() if name in _KNOWN}
    if not config.get("image"):
        raise ApiError(422, "invalid config.image: an image is required")
    if body.get("name") and not _NAME.fullmatch(body["name"]):
        raise ApiError(422, "invalid name: use up to 63 letters, digits, - and _")
    guest = _guest(config.get("guest") or {})
    restart = _restart(config.get("restart") or {})
    _stop_config(config.get("stop_config") or {})
    complete = {"env": {}, "metadata": {}, "init": {}, **config, "guest": guest, "restart": restart}
    return CreateRequest(body.get("name"), body.get("region"), complete, bool(body.get("skip_launch")))


def seconds(duration: Any) -> float:
    """A Go duration such as "1m30s", or a plain number of seconds. Raises ApiError for anything else."""
    if isinstance(duration, int | float) and not isinstance(duration, bool):
        return float(duration)
    parts = _DURATION.findall(duration) if isinstance(duration, str) else []
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ApiError(400, f"invalid_argument: {duration!r} is not a duration such as 30s")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def check_signal(name: Any) -> str:
    """Raises ApiError for a signal that Fly does not send."""
    if name not in SIGNALS:
        raise ApiError(400, f"invalid_argument: unknown signal {name!r}; use one of {', '.join(SIGNALS)}")
    return str(name)


def _check_types(body: dict[str, Any]) -> None:
    for path, kind in _TYPES.items():
        value = _at(body, path)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise ApiError(400, f"invalid_argument: cannot unmarshal {type(value).__name__} into field {path}")
    for path in ("config.env", "config.metadata"):
        for key, value in (_at(body, path) or {}).items():
            if not isinstance(value, str):
                raise ApiError(400, f"invalid_argument: cannot unmarshal {type(value).__name__} into {path}.{key}")


def _at(body: Any, path: str) -> Any:
    for step in path.split("."):
        body = body.get(step) if isinstance(body, dict) else None
    return body


def _guest(guest: dict[str, Any]) -> dict[str, Any]:
    kind, cpus = guest.get("cpu_kind", "shared"), guest.get("cpus", 1)
    if kind not in _SIZES:
        raise ApiError(422, f"invalid config.guest.cpu_kind: {kind!r}; use shared or performance")
    counts, least, most = _SIZES[kind]
    memory = guest.get("memory_mb", least * cpus)
    if cpus not in counts:
        raise ApiError(422, f"invalid config.guest.cpus: {cpus}; {kind} machines have one of {counts}")
    if memory % 256:
        raise ApiError(422, f"invalid config.guest.memory_mb: {memory}, must be in a 256 MiB increment")
    if not least * cpus <= memory <= most * cpus:
        raise ApiError(422, f"invalid config.guest.memory_mb: {memory}, must be {least * cpus} to {most * cpus}")
    return {**guest, "cpu_kind": kind, "cpus": cpus, "memory_mb": memory}


def _restart(restart: dict[str, Any]) -> dict[str, Any]:
    """Fly restarts a failed machine ten times unless told otherwise: https://fly.io/docs/machines/guides-examples/"""
    policy = restart.get("policy", "on-failure")
    if policy not in POLICIES:
        raise ApiError(422, f"invalid config.restart.policy: {policy!r}; use one of {', '.join(POLICIES)}")
    return {**restart, "policy": policy} | ({"max_retries": restart.get("max_retries", 10)} if policy != "no" else {})


def _stop_config(stop: dict[str, Any]) -> None:
    if "signal" in stop:
        check_signal(stop["signal"])
    if "timeout" in stop and seconds(stop["timeout"]) > MAX_STOP_SECONDS:
        raise ApiError(422, "invalid config.stop_config.timeout: the most is 5m")
