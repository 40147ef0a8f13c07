"""The JSON objects of the REST API and the webhooks, whole, as GitHub sends them. Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Urls:
    """Where the emulator is reached: the pages and git at `web`, the REST API at `api`. Without a final slash."""

    web: str

    @property
    def api(self) -> str:
        return f"{self.web}/api"


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def node_id(kind: str, number: int | str) -> str:
    """Opaque to clients, as GitHub's are."""
    return f"{kind}_" + base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")
