"""A person asks GitHub to send one delivery once more: to be judged anew, since something was mended meanwhile."""

from __future__ import annotations

from datetime import timedelta

from jobs.bootstrap import Services
from jobs.errors import ConfigurationError
from jobs.github.answers import Attempt
from jobs.github.errors import GitHubError, GitHubRefused
from jobs.missed import MOST_PAGES, REMEMBERED
from store import audit, deliveries, delivery_list, leases, redeliveries
from store.records import Verdict

ONE_IN = 30.0  # seconds: two people, or two presses, ask once
_OLDER = timedelta(minutes=10)  # how much older than Porter's own note an attempt may be


def why_not(delivery_id: str, verdict: Verdict, *, is_old: bool) -> str:
    """Why this delivery cannot be asked for; empty when it can. Pure."""
    if verdict is Verdict.ACCEPTED:
        return "it was accepted: a second time it would make nothing"
    if verdict is Verdict.DUPLICATE or delivery_id.startswith("again-"):
        return "this is not the delivery itself"
    return "GitHub keeps deliveries for three days" if is_old else ""


def redeliver(services: Services, delivery_id: str, *, by: str) -> str:
    """Ask GitHub once; the answer is a sentence. What was ignored or refused is judged anew when it comes."""
    db, now = services.db, services.clock()
    found = deliveries.get(db, delivery_id)
    if found is None:
        return "There is no such delivery any more."
    guid = delivery_list.guid(delivery_id)
    first = deliveries.get(db, guid) or found
    if reason := why_not(first.id, first.verdict, is_old=now - found.received_at > REMEMBERED):
        return f"It is not asked for: {reason}."
    if not leases.take(db, f"redeliver:{guid}"[:200], now=now, interval=ONE_IN):
        return "GitHub was asked for it a moment ago; it takes some seconds to arrive."
    try:
        attempt = _find(services, guid)
        if attempt is None:
            return "GitHub does not list this delivery any more, so it cannot send it again."
        _ask(services, attempt)
    except (GitHubError, ConfigurationError) as error:
        return f"GitHub was not moved to send it: {error}"
    audit.note(db, who=by, action="delivery_redelivered", what=guid, now=now, detail=found.reason)
    return "GitHub was asked once to send it again. It shows up here as a new line within seconds."


def _find(services: Services, guid: str) -> Attempt | None:
    cursor: str | None = None
    oldest = services.clock() - REMEMBERED - _OLDER
    for _ in range(MOST_PAGES):
        page, cursor = services.github.app.deliveries(cursor)
        if (one := next((one for one in page if one.guid == guid), None)) is not None:
            return one
        if cursor is None or any(one.at < oldest for one in page):
            return None
    return None


def _ask(services: Services, attempt: Attempt) -> None:
    """The line of the first time steps aside before, so that the delivery is not taken for a repeated one. If this
    process dies in between, the look for missed deliveries finds that it is not known and asks for it itself."""
    kept = delivery_list.set_aside(services.db, attempt.guid, now=services.clock())
    asked = redeliveries.asked(services.db, {attempt.guid}).get(attempt.guid)
    redeliveries.note(services.db, attempt.guid, 1 + (asked.attempts if asked else 0), now=services.clock())
    try:
        services.github.app.redeliver(attempt.id)
    except GitHubRefused:
        if kept is not None:
            delivery_list.put_back(services.db, kept, attempt.guid)
        raise
