"""What the sweep did lately, kept for people: its last pass, and the last ones that had something to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jobs.bootstrap import Services
from store import leases, settings
from store.database import Database

_NAME = "sweep"
_KEPT = 20  # passes that did something
LATE = timedelta(seconds=60)  # a pass every fifteen seconds: after this somebody should look


@dataclass(frozen=True)
class Pass:
    """What was done since the one before: how many of what."""

    at: datetime
    did: Mapping[str, int]


@dataclass(frozen=True)
class Record:
    """`seconds`: how long the last pass took; `fault`: what was in its way. `lately`: the newest first."""

    at: datetime
    leader: str
    seconds: float
    fault: str
    lately: list[Pass]

    def is_late(self, now: datetime) -> bool:
        """Whether a pass should have been made since."""
        return now - self.at > LATE


def note(services: Services, did: Counter[str], *, holder: str, seconds: float, fault: str) -> None:
    """Keep this pass as the last one."""
    now = services.clock()
    kept = settings.get(services.db, settings.PORTER, _NAME) or {}
    lately: list[Any] = list(kept.get("lately", []))
    if did:
        lately = [{"at": now.isoformat(), "did": dict(did)}, *lately][:_KEPT]
    words = services.secrecy.text(fault)[:300]
    row = {"at": now.isoformat(), "leader": holder, "seconds": round(seconds, 3), "fault": words, "lately": lately}
    settings.put(services.db, settings.PORTER, _NAME, row, by="porter", now=now)


def last(db: Database) -> Record | None:
    """The last pass; None before the first."""
    kept = settings.get(db, settings.PORTER, _NAME)
    if kept is None:
        return None
    lately = [Pass(datetime.fromisoformat(one["at"]), one["did"]) for one in kept["lately"]]
    return Record(datetime.fromisoformat(kept["at"]), kept["leader"], kept["seconds"], kept["fault"], lately)


def leader(db: Database, *, now: datetime) -> str | None:
    """Who has the lead now; None when nobody sweeps."""
    held = leases.held_by(db, _NAME)
    return held[0] if held is not None and held[1] > now else None
