"""Fetches back what GitHub could not deliver: its list of deliveries, compared with those that Porter knows.

https://docs.github.com/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.bootstrap import Services
from jobs.github.answers import Attempt
from jobs.github.errors import GitHubRefused
from store import deliveries, leases, redeliveries, settings
from store.records import Delivery, Verdict
from store.redeliveries import Asked

_log = logging.getLogger(__name__)

LOOK_EVERY = 180.0  # seconds
REMEMBERED = timedelta(days=3)  # GitHub keeps deliveries that long
OVERLAP = timedelta(hours=1)  # longer than the last pause: until then a delivery that failed again is seen again
GRACE = timedelta(seconds=60)  # what was sent just now may still be on its way
PAUSES = (timedelta(0), timedelta(minutes=5), timedelta(minutes=20))  # before each attempt, counted from the last one
AT_ONCE = 50  # asked for in one look, a second apart
MOST_PAGES = 100  # of a hundred deliveries

_LAST, _FIRST = "deliveries_looked_at", "deliveries_first_looked_at"


@dataclass(frozen=True)
class Look:
    """When Porter looked into GitHub's list: for the first time, and last. None: never yet."""

    first: datetime | None
    last: datetime | None

    def since(self, now: datetime) -> datetime:
        """How far back this look goes."""
        oldest = now - REMEMBERED
        return oldest if self.last is None else max(oldest, self.last - OVERLAP)


def fetch(services: Services) -> None:
    """Ask GitHub once more for what failed or never arrived. Raises a GitHubError; the next look begins where this one
    did."""
    holder = secrets.token_hex(8)
    if not leases.hold(services.db, "missed", holder=holder, now=services.clock(), seconds=120):
        return
    try:
        _fetch(services)
    finally:
        leases.let_go(services.db, "missed", holder=holder)


def missing(attempts: Iterable[Attempt], heard: set[str], *, first: datetime | None, now: datetime) -> list[Attempt]:
    """The newest attempt at each delivery that did not arrive, oldest first. Pure.

    One that GitHub takes for delivered and that Porter does not know was lost on this side; but not if it is older
    than Porter's first look, or a new database would do all work again.
    """
    newest: dict[str, Attempt] = {}
    for one in sorted(attempts, key=lambda one: (one.at, one.id)):
        newest[one.guid] = one
    lost = [one for one in newest.values() if one.guid not in heard and one.at <= now - GRACE]
    return [one for one in lost if not one.ok or (first is not None and one.at > first)]


def is_due(asked: Asked | None, now: datetime) -> bool:
    """Whether a delivery may be asked for once more now. Pure."""
    if asked is None:
        return True
    return asked.attempts < len(PAUSES) and now >= asked.at + PAUSES[asked.attempts]


def _fetch(services: Services) -> None:
    db, now, looked = services.db, services.clock(), _looked(services)
    attempts = list(_since(services, looked.since(now)))
    heard = redeliveries.heard(db, {one.guid for one in attempts})
    lost = missing(attempts, heard, first=looked.first, now=now)
    asked = redeliveries.asked(db, {one.guid for one in lost})
    _give_up(services, lost, asked)
    due = [one for one in lost if is_due(asked.get(one.guid), now)]
    for one in due[:AT_ONCE]:
        _ask_again(services, one, 1 + (asked[one.guid].attempts if one.guid in asked else 0))
    if len(due) <= AT_ONCE:
        settings.put(db, settings.PORTER, _LAST, now.isoformat(), by="porter", now=now)
    if looked.first is None:
        settings.put(db, settings.PORTER, _FIRST, now.isoformat(), by="porter", now=now)
    redeliveries.forget_older(db, than=now - 2 * REMEMBERED)


def _looked(services: Services) -> Look:
    noted: Mapping[str, str] = settings.of_scope(services.db, settings.PORTER)
    first, last = (datetime.fromisoformat(noted[name]) if name in noted else None for name in (_FIRST, _LAST))
    return Look(first, last)


def _since(services: Services, oldest: datetime) -> Iterator[Attempt]:
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page, cursor = services.github.app.deliveries(cursor)
        yield from (one for one in page if one.at >= oldest)
        if cursor is None or any(one.at < oldest for one in page):
            return
    _log.warning("github's list of deliveries is longer than Porter reads", extra={"action": "missed_cut"})


def _ask_again(services: Services, one: Attempt, attempt: int) -> None:
    redeliveries.note(services.db, one.guid, attempt, now=services.clock())
    words = f"it did not arrive ({_fate(one)}); GitHub was asked to send it again, attempt {attempt} of {len(PAUSES)}"
    try:
        services.github.app.redeliver(one.id)
    except GitHubRefused as refusal:
        words = f"it did not arrive ({_fate(one)}), and {refusal}"
    _tell(services, one, f"{attempt}", Verdict.IGNORED, words)


def _give_up(services: Services, lost: Iterable[Attempt], asked: Mapping[str, Asked]) -> None:
    for one in lost:
        before = asked.get(one.guid)
        if before is not None and before.attempts >= len(PAUSES) and services.clock() >= before.at + PAUSES[1]:
            words = f"it did not arrive ({_fate(one)}), asked for {before.attempts} times; comment again if it matters"
            _tell(services, one, "given-up", Verdict.REFUSED, words)


def _tell(services: Services, one: Attempt, what: str, verdict: Verdict, words: str) -> None:
    """A line under a name of its own: under the delivery's, the delivery itself would count as received before."""
    line = Delivery(
        f"missed:{one.guid}"[:50] + f":{what}", one.event, services.clock(), verdict, words, action=one.action
    )
    deliveries.accept(services.db, line, now=services.clock())
    extra = {"action": "delivery_missed", "delivery": one.guid, "why": words[:300]}
    _log.warning("a delivery did not arrive", extra=extra)


def _fate(one: Attempt) -> str:
    return "lost after it was received" if one.ok else one.status
