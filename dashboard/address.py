"""What a reader wants to see, as text in the address of a page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypedDict

_LONGEST = 200  # characters of a value; more is nobody's repository or search


@dataclass(frozen=True)
class InAddress:
    """What the fields of a page's wishes have in common; each is a text, and an empty one wishes nothing."""

    @classmethod
    def told(cls, params: Mapping[str, object]) -> dict[str, str]:
        """Its fields, from query parameters or from what a component sent; whatever else was sent is dropped."""
        return {one.name: str(params.get(one.name) or "").strip()[:_LONGEST] for one in fields(cls)}

    def params(self) -> dict[str, str]:
        """As query parameters: only what is set."""
        return {name: value for name, value in asdict(self).items() if value}


class Within(TypedDict):
    """From a moment on, and before another one; None leaves that side open."""

    since: datetime | None
    until: datetime | None


def within(since: str, until: str, zone: tzinfo) -> Within:
    """From the first moment of the day `since` to the last one of `until`, both in `zone`."""
    first, last = day_of(since), day_of(until)
    return Within(
        since=datetime.combine(first, time(), zone) if first else None,
        until=datetime.combine(last + timedelta(days=1), time(), zone) if last else None,
    )


def only_days(told: dict[str, str]) -> None:
    """Forget a `since` and an `until` that are no days."""
    for name in ("since", "until"):
        told[name] = told[name] if day_of(told[name]) else ""


def day_of(text: str) -> date | None:
    """A day as the address has it; None for what is none, or too far off to be anybody's."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 9000 else None
