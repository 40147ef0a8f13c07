"""One emulated machine: its states, its events, and how Fly describes it. Pure: no process, no clock."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

SETTLED = ("created", "started", "stopped", "suspended", "failed", "destroyed")
WAITABLE = ("started", "stopped", "suspended", "destroyed", "failed", "settled")
REMOVABLE = ("created", "stopped", "suspended", "failed")
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class Lease:
    """Who may change a machine until `expires_at` (Unix time in seconds)."""

    nonce: str
    expires_at: float
    description: str


@dataclass
class FlyMachine:
    """Times are Unix time in seconds. `requested_stop` is set while someone asked it to end."""

    id: str
    name: str
    app: str
    region: str
    config: dict[str, Any]
    created_at: float
    version: str
    state: str = "created"
    updated_at: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)
    lease: Lease | None = None
    requested_stop: bool = False
    oom: bool = False
    restarts: int = 0

    @property
    def metadata(self) -> dict[str, str]:
        marks: dict[str, str] = self.config["metadata"]
        return marks

    def move(self, state: str, event: str, now: float, *, source: str = "flyd", request: Any = None) -> None:
        """Change the state and write the event of it; events are newest first."""
        self.state, self.updated_at = state, now
        entry = {"id": ulid(now), "type": event, "status": state, "source": source, "timestamp": int(now * 1000)}
        self.events.insert(0, entry | ({"request": request} if request else {}))

    def describe(self, *, summary: bool = False) -> dict[str, Any]:
        """The JSON of the API; a summary leaves out the long parts."""
        short = {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "region": self.region,
            "instance_id": self.version,
            "version": self.version,
            "private_ip": "fdaa:0:1::2",
            "image_ref": _image(self.config["image"]),
            "created_at": _rfc3339(self.created_at),
            "updated_at": _rfc3339(self.updated_at or self.created_at),
        }
        return short if summary else {**short, "config": self.config, "events": self.events[:20], "host_status": "ok"}

    def exit_request(self, code: int, now: float, *, restarting: bool, shape: str) -> dict[str, Any]:
        """What an exit event carries. `code` is -N after death by signal N; "no signal" is -1 on Fly."""
        killer = -code if code < 0 else -1
        exit_event = {
            "exit_code": 128 - code if code < 0 else code,
            "guest_exit_code": max(code, 0),
            "guest_signal": killer,
            "signal": -1,
            "oom_killed": self.oom,
            "requested_stop": self.requested_stop,
            "restarting": restarting,
            "exited_at": _rfc3339(now),
        }
        flat = {"exit_event": exit_event, "restart_count": self.restarts}
        nested = {"MonitorEvent": {"exit_event": exit_event}, "restart_count": self.restarts}
        return {"monitor": nested, "flat": flat, "both": nested | flat}[shape]

    def should_restart(self, code: int) -> bool:
        """https://fly.io/docs/machines/guides-examples/machine-restart-policy/"""
        restart = self.config["restart"]
        if self.requested_stop or restart["policy"] == "no":
            return False
        if restart["policy"] == "always":
            return True
        return code != 0 and self.restarts < int(restart["max_retries"])


def new_id() -> str:
    return secrets.token_hex(7)


def ulid(now: float) -> str:
    """26 characters that sort by time."""
    value = (int(now * 1000) << 80) | secrets.randbits(80)
    return "".join(_BASE32[(value >> shift) & 31] for shift in range(125, -1, -5))


def _image(image: str) -> dict[str, str]:
    """A tag has the same made-up digest each time; what names a digest has that one and no tag."""
    name, _, digest = image.partition("@")
    registry, _, path = name.partition("/")
    repository, _, tag = path.partition(":")
    found = {"registry": registry, "repository": repository} | ({"tag": tag} if tag else {})
    return found | {"digest": digest or f"sha256:{sha256(image.encode()).hexdigest()}"}


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
