"""What the settings page reads about GitHub and people, through the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs import app_settings
from jobs.app_settings import Note
from jobs.bootstrap import Services
from store import browser_sessions, deliveries, feed, installations, redeliveries, settings
from store.browser_sessions import SignedIn
from store.installations import Installation
from store.records import Delivery
from store.redeliveries import Asked

_DAY = timedelta(hours=24)
_MOST = 50  # installations, people and lost deliveries that are listed


@dataclass(frozen=True)
class GitHubView:
    """`sizes`: repositories by installation; `verdicts`: deliveries of the last day by theirs; `looked_at`: when
    GitHub's own list was compared; `failing`: deliveries that were asked for again and never came; `app`: the App, when
    it was made on the set-up page."""

    installations: Sequence[Installation]
    sizes: Mapping[int, int]
    last: Delivery | None
    verdicts: Mapping[str, int]
    looked_at: datetime | None
    failing: Sequence[tuple[str, Asked]]
    app: Note | None = None


@dataclass(frozen=True)
class MembersView:
    """Who is signed in now, and who has asked for work."""

    signed_in: Sequence[SignedIn]
    askers: Sequence[str]


def github(services: Services) -> GitHubView:
    """One look at it, without asking GitHub."""
    db = services.db
    last = deliveries.latest(db, limit=1)
    looked = settings.get(db, settings.PORTER, "deliveries_looked_at")
    return GitHubView(
        installations=installations.known(db)[:_MOST],
        sizes=installations.sizes(db),
        last=last[0] if last else None,
        verdicts=deliveries.verdicts(db, since=services.clock() - _DAY),
        looked_at=datetime.fromisoformat(looked) if isinstance(looked, str) else None,
        failing=redeliveries.failing(db, limit=_MOST),
        app=app_settings.note(db) if services.app_is_stored else None,
    )


def members(services: Services) -> MembersView:
    """One look at the people."""
    people = browser_sessions.signed_in(services.db, now=services.clock(), limit=_MOST)
    return MembersView(people, feed.names(services.db, "requested_by")[:_MOST])
