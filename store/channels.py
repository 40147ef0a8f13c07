"""Channels: where people are told what became of tasks, and of what. What of an address is secret is in the vault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, update

from store import settings, tables
from store.database import Database
from store.errors import NotFound

_channels = tables.channels


class Way(StrEnum):
    """How a channel is told."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    EMAIL = "email"


class Occasion(StrEnum):
    """What a channel may be told of; `test` is asked for by hand."""

    PULL_REQUEST = "pull_request"
    NO_CHANGES = "no_changes"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NEEDS_YOU = "needs_you"
    TEST = "test"


CHOOSABLE = tuple(one for one in Occasion if one is not Occasion.TEST)


def address_name(channel_id: str) -> str:
    """Under what the vault keeps a webhook's URL."""
    return f"CHANNEL_{channel_id}_URL"


def secret_name(channel_id: str) -> str:
    """Under what the vault keeps the secret that a webhook is signed with."""
    return f"CHANNEL_{channel_id}_SECRET"


def is_address(name: str) -> bool:
    """Whether the vault keeps a URL under this name."""
    return name.startswith("CHANNEL_") and name.endswith("_URL")


@dataclass(frozen=True)
class Channel:
    """`scope`: `global`, or `repo:<owner/name>` for the tasks of one repository; `place`: what of its address may be
    seen; `events`: the occasions it is told of."""

    id: str
    scope: str
    kind: Way
    place: str
    events: list[str]
    created_at: datetime
    created_by: str
    rests_until: datetime | None = None


def add_in(connection: Connection, channel: Channel) -> None:
    """Store a new channel."""
    connection.execute(_channels.insert(), asdict(channel))


def known(db: Database) -> list[Channel]:
    """All channels, the oldest first."""
    with db.read() as connection:
        rows = connection.execute(select(_channels).order_by(_channels.c.created_at, _channels.c.id))
        return [_record(row) for row in rows.mappings()]


def get(db: Database, channel_id: str) -> Channel:
    """Raises NotFound."""
    with db.read() as connection:
        row = connection.execute(select(_channels).where(_channels.c.id == channel_id)).mappings().first()
    if row is None:
        raise NotFound("channel", channel_id)
    return _record(row)


def change_in(connection: Connection, channel_id: str, **values: Any) -> None:
    """Write what changed. Raises NotFound when somebody removed it."""
    mine = _channels.c.id == channel_id
    if connection.execute(update(_channels).where(mine).values(values)).rowcount == 0:
        raise NotFound("channel", channel_id)


def remove_in(connection: Connection, channel_id: str) -> bool:
    """Forget a channel and all that it was told; False when there was none."""
    return connection.execute(_channels.delete().where(_channels.c.id == channel_id)).rowcount > 0


def told_of(connection: Connection, event: Occasion, repository: str) -> list[str]:
    """The channels that are told of this in this repository. They are a few: all of them are looked at."""
    scopes = (settings.GLOBAL, settings.of_repository(repository))
    # Locked against being removed: a notice without its channel would undo what it is to tell of.
    query = select(_channels.c.id, _channels.c.events).where(_channels.c.scope.in_(scopes))
    query = query.with_for_update(read=True, key_share=True)
    return [str(row.id) for row in connection.execute(query) if event in row.events]


def _record(row: Mapping[Any, Any]) -> Channel:
    return Channel(**(dict(row) | {"kind": Way(row["kind"])}))
