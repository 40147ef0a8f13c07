"""What people change about notifications: channels, checked before they are stored, each change noted in the audit.

The page and the API come through here; who may, they have asked before.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from jobs.bootstrap import Services
from jobs.changing import For
from jobs.notify import target, wire
from jobs.notify.errors import Unreachable
from jobs.setting_kinds import BadSetting
from store import audit, channels, notices, settings, vault
from store.channels import CHOOSABLE, Channel, Occasion, Way
from store.errors import NotFound

FIRST = (Occasion.PULL_REQUEST, Occasion.NEEDS_YOU, Occasion.FAILED)  # chosen unless somebody chooses otherwise
MOST = 50  # channels
SHORTEST_SECRET, LONGEST_SECRET = 16, 200  # characters
_LOOK = 3.0  # seconds a name may take; what takes longer is checked when something is sent
# Not all that RFC 5321 allows: what nobody has, and what could end a line or a header, is refused.
_MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@(?=.{4,253}$)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,63}"
)


@dataclass(frozen=True)
class NewChannel:
    """What somebody typed. `secret` empty: Porter makes one; `repository` empty: of all of them."""

    kind: str
    address: str
    secret: str = ""
    repository: str = ""
    events: Sequence[str] = field(default=FIRST)


@dataclass(frozen=True)
class Added:
    """`secret`: the one that Porter made, to be shown this once; empty when none was made."""

    channel: Channel
    secret: str = ""


def add(services: Services, new: NewChannel, *, by: str) -> Added:
    """Store a channel. Raises BadSetting, BadTarget; neither quotes more of the address than its host."""
    kind, events, scope = _kind(new.kind), _events(new.events), _scope(new.repository)
    address, place = _address(services, kind, new.address)
    if len(channels.known(services.db)) >= MOST:
        raise BadSetting(f"there are {MOST} channels already; remove one that nobody reads")
    made, secret = _secret(kind, new.secret)
    now = services.clock()
    channel = Channel(secrets.token_hex(8), scope, kind, place, events, created_at=now, created_by=by)
    with services.db.write() as connection:
        channels.add_in(connection, channel)
        _keep(services, connection, channel.id, address if kind is not Way.EMAIL else "", secret, by)
        _note(services, connection, channel, "channel_added", ", ".join(events), by)
    return Added(channel, secret if made else "")


def replace(services: Services, channel_id: str, *, address: str = "", secret: str = "", by: str) -> Channel:
    """Another address or secret, or both; what is empty stays. What still waits goes to the new address.

    Raises BadSetting, BadTarget, NotFound.
    """
    channel = channels.get(services.db, channel_id)
    if not address.strip() and not secret.strip():
        raise BadSetting("nothing was changed: a blank changes nothing")
    url, place = _address(services, channel.kind, address) if address.strip() else ("", channel.place)
    if secret.strip():
        _, secret = _secret(channel.kind, secret)
    with services.db.write() as connection:
        channels.change_in(connection, channel_id, place=place, rests_until=None)
        _keep(services, connection, channel_id, "" if channel.kind is Way.EMAIL else url, secret.strip(), by)
        changed = " and ".join(name for name, value in (("address", address), ("secret", secret)) if value.strip())
        detail = f"its {changed}" + (f"; now {place}" if place != channel.place else "")
        _note(services, connection, channel, "channel_changed", detail, by)
    return channels.get(services.db, channel_id)


def renew(services: Services, channel_id: str, *, by: str) -> Added:
    """A new secret of Porter's making for a webhook, shown this once; the old one ends. Raises BadSetting, NotFound."""
    channel = channels.get(services.db, channel_id)
    if channel.kind is not Way.WEBHOOK:
        raise BadSetting("only a webhook has a secret")
    _, secret = _secret(channel.kind, "")
    with services.db.write() as connection:
        _keep(services, connection, channel_id, "", secret, by)
        _note(services, connection, channel, "channel_changed", "its secret", by)
    return Added(channel, secret)


def choose(services: Services, channel_id: str, events: Sequence[str], *, by: str) -> Channel:
    """Of what a channel is told from now on. Raises BadSetting, NotFound."""
    channel, wanted = channels.get(services.db, channel_id), _events(events)
    if wanted == channel.events:
        return channel
    with services.db.write() as connection:
        channels.change_in(connection, channel_id, events=wanted)
        detail = f"{', '.join(channel.events)} → {', '.join(wanted)}"
        _note(services, connection, channel, "channel_changed", detail, by)
    return channels.get(services.db, channel_id)


def remove(services: Services, channel_id: str, *, by: str) -> bool:
    """Forget a channel, its address and what still waits to be sent there; False when there was none."""
    try:
        channel = channels.get(services.db, channel_id)
    except NotFound:
        return False
    with services.db.write() as connection:
        there = channels.remove_in(connection, channel_id)
        for name in (channels.address_name(channel_id), channels.secret_name(channel_id)):
            vault.remove_in(connection, settings.PORTER, name)
        if there:
            _note(services, connection, channel, "channel_removed", "", by)
    return there


def try_out(services: Services, channel_id: str, *, by: str) -> str:
    """Have a test sent, by the way that all else goes; its notice's id. Raises NotFound."""
    channel = channels.get(services.db, channel_id)
    with services.db.write() as connection:
        key = notices.trial_in(connection, channel_id, by=by, now=services.clock())
        _note(services, connection, channel, "channel_tested", "", by)
    services.queues.notify(channel_id)
    return key


def _kind(word: str) -> Way:
    try:
        return Way(word)
    except ValueError:
        raise BadSetting(f"{word[:40]!r} is no kind of channel; it is {', '.join(Way)}") from None


def _events(words: Sequence[str]) -> list[str]:
    """In the order in which they are shown."""
    unknown = [word for word in words if word not in CHOOSABLE]
    if unknown:
        raise BadSetting(f"{str(unknown[0])[:40]!r} is nothing that is told of; there are {', '.join(CHOOSABLE)}")
    if not words:
        raise BadSetting("a channel is told of at least one thing; to end it, remove it")
    return [one.value for one in CHOOSABLE if one in words]


def _scope(repository: str) -> str:
    if not repository.strip():
        return settings.GLOBAL
    try:
        return For.read(f"repo:{repository.strip()}").scope
    except BadSetting:
        raise BadSetting("that is no repository, such as acme/widgets") from None


def _address(services: Services, kind: Way, typed: str) -> tuple[str, str]:
    """The address as it is kept, and what of it may be seen."""
    typed = typed.strip()
    if kind is Way.EMAIL:
        if not services.config.sends_mail:
            raise BadSetting("there is no mail server yet: an operator sets PORTER_SMTP_HOST and PORTER_SMTP_FROM")
        if len(typed) > 254 or not _MAIL.fullmatch(typed):
            raise BadSetting("that is no e-mail address, such as team@example.com")
        return typed, typed
    config = services.config
    place = target.read(typed, listed=config.notify_networks, plain=not config.is_production)
    with suppress(Unreachable):  # it may come to be; the test tells
        wire.resolve(place, listed=config.notify_networks, seconds=_LOOK)
    return typed, place.authority


def _secret(kind: Way, given: str) -> tuple[bool, str]:
    """Whether it was made here, and the secret; only a webhook has one."""
    given = given.strip()
    if kind is not Way.WEBHOOK:
        if given:
            raise BadSetting("only a webhook is signed with a secret")
        return False, ""
    if not given:
        return True, secrets.token_urlsafe(32)
    if not SHORTEST_SECRET <= len(given) <= LONGEST_SECRET or not given.isprintable():
        raise BadSetting(f"a secret has {SHORTEST_SECRET} to {LONGEST_SECRET} characters; left empty, Porter makes one")
    return False, given


def _keep(services: Services, connection: Connection, channel_id: str, url: str, secret: str, by: str) -> None:
    kept = {channels.address_name(channel_id): url, channels.secret_name(channel_id): secret}
    for name, value in kept.items():
        if value:
            vault.put_in(connection, services.vault, settings.PORTER, name, value, by=by, now=services.clock())


def _note(services: Services, connection: Connection, channel: Channel, action: str, detail: str, by: str) -> None:
    told: dict[str, Any] = {"what": f"{channel.scope}/{channel.kind} {channel.place}", "detail": detail}
    audit.note(connection, who=by, action=action, now=services.clock(), **told)
