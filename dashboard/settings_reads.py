"""What the settings page reads about GitHub, people and channels, through the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs import app_settings, roles
from jobs.app_settings import Note
from jobs.bootstrap import Services
from store import browser_sessions, deliveries, feed, installations, notices, redeliveries, settings
from store import channels as store_channels
from store import members as store_members
from store.channels import Channel
from store.installations import Installation
from store.members import Member, Role
from store.notices import Notice
from store.records import Delivery
from store.redeliveries import Asked

_DAY = timedelta(hours=24)
_MOST = 50  # installations, askers and lost deliveries that are listed
_PEOPLE = 200


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
    """`browsers`: in how many each person is signed in, by their number; `newcomers`: what whoever has no role of their
    own is; `askers`: who has asked for work."""

    members: Sequence[Member]
    browsers: Mapping[int, int]
    newcomers: Role
    askers: Sequence[str]


@dataclass(frozen=True)
class ChannelsView:
    """`last`: by channel, what was tried last; `waiting`: how many notices are still to be sent there."""

    channels: Sequence[Channel]
    last: Mapping[str, Notice]
    waiting: Mapping[str, int]
    repositories: Sequence[str]


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
    browsers = browser_sessions.browsers(services.db, now=services.clock())
    found, askers = store_members.known(services.db, limit=_PEOPLE), feed.names(services.db, "requested_by")[:_MOST]
    return MembersView(found, browsers, roles.newcomers(services), askers)


def channels(services: Services) -> ChannelsView:
    """One look at where people are told."""
    db = services.db
    names = installations.repositories(db)
    return ChannelsView(store_channels.known(db), notices.last(db), notices.waiting(db), names)
