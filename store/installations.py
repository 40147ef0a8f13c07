"""Where Porter is installed: GitHub's installations and the repositories that each may reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from store import dialect, tables
from store.database import Database

_installations, _repositories = tables.installations, tables.repositories


@dataclass(frozen=True)
class InstallationSeen:
    """What a delivery told of an installation at `at`, GitHub's time. Once removed it never comes back: installing
    again makes a new one."""

    id: int
    account: str
    suspended_at: datetime | None
    is_removed: bool
    at: datetime


@dataclass(frozen=True)
class RepositoriesSeen:
    """Repositories that an installation got (`added`: name, GitHub's id, private) or lost (`removed`: names)."""

    installation_id: int
    added: Sequence[tuple[str, int, bool]] = ()
    removed: Sequence[str] = ()


@dataclass(frozen=True)
class Installation:
    """An installation as it is known."""

    id: int
    account: str
    suspended_at: datetime | None
    removed_at: datetime | None
    seen_at: datetime


def seen(connection: Connection, news: InstallationSeen, *, now: datetime) -> None:
    """Take in what is newer than what is known."""
    row = {"id": news.id, "account": news.account, "suspended_at": None, "removed_at": None, "seen_at": news.at}
    dialect.insert_new(connection, _installations, [row])
    mine = _installations.c.id == news.id
    if news.is_removed:
        connection.execute(update(_installations).where(mine).values(removed_at=now, seen_at=news.at))
        of_it = (_repositories.c.installation_id == news.id) & _repositories.c.removed_at.is_(None)
        connection.execute(update(_repositories).where(of_it).values(removed_at=now))
        return
    # GitHub's times are whole seconds: within one, suspended wins.
    newer = _installations.c.seen_at < news.at
    if news.suspended_at is not None:
        newer = _installations.c.seen_at <= news.at
    values = {"account": news.account, "suspended_at": news.suspended_at, "seen_at": news.at}
    connection.execute(update(_installations).where(mine, newer).values(values))


def repositories_seen(connection: Connection, news: RepositoriesSeen, *, now: datetime) -> None:
    """GitHub gives this news no time of its own, so the last to arrive counts; any delivery of a repository that is
    there puts it back."""
    gone = (_installations.c.id == news.installation_id) & _installations.c.removed_at.is_not(None)
    is_gone = connection.execute(select(_installations.c.id).where(gone)).first() is not None
    for name, github_id, private in news.added:
        row: dict[str, Any] = {"full_name": name, "github_id": github_id, "private": private, "seen_at": now}
        row |= {"installation_id": news.installation_id, "removed_at": now if is_gone else None}
        dialect.upsert(connection, _repositories, row, keys=["full_name"])
    for name in news.removed:
        mine = (_repositories.c.full_name == name) & (_repositories.c.installation_id == news.installation_id)
        connection.execute(update(_repositories).where(mine).values(removed_at=now))


@dataclass(frozen=True)
class Reach:
    """What is known of a repository. `full_name` as GitHub writes it, None when it was never heard of; `is_over`: it
    was removed, or its installation is suspended or gone; `elsewhere`: whose repositories are known, when this owner's
    are not."""

    full_name: str | None = None
    installation_id: int | None = None
    is_over: bool = False
    elsewhere: Sequence[str] = ()


def reach(db: Database, full_name: str) -> Reach:
    """Whether Porter can work on this repository, as far as deliveries have told. Names differ by more than case."""
    named = func.lower(_repositories.c.full_name) == full_name.lower()
    query = select(_repositories, _installations.c.suspended_at, _installations.c.removed_at.label("uninstalled_at"))
    joined = query.outerjoin(_installations, _installations.c.id == _repositories.c.installation_id)
    with db.read() as connection:
        row = connection.execute(joined.where(named)).mappings().first()
        if row is None:
            owners = connection.execute(select(_installations.c.account).where(_installations.c.removed_at.is_(None)))
            return Reach(elsewhere=_elsewhere([str(one) for one in owners.scalars()], full_name))
    over = any(row[name] is not None for name in ("removed_at", "suspended_at", "uninstalled_at"))
    return Reach(row["full_name"], row["installation_id"], over)


def _elsewhere(accounts: Sequence[str], full_name: str) -> Sequence[str]:
    """An account that is not known says nothing; of the owner's own others GitHub may not have told."""
    owner = full_name.partition("/")[0].lower()
    named = sorted({account for account in accounts if account})
    return [] if owner in (account.lower() for account in named) else named


def known(db: Database) -> list[Installation]:
    """Every installation ever heard of, newest first."""
    query = select(_installations).order_by(_installations.c.id.desc())
    with db.read() as connection:
        return [Installation(**dict(row)) for row in connection.execute(query).mappings()]


def sizes(db: Database) -> dict[int, int]:
    """How many repositories each installation reaches."""
    owner = _repositories.c.installation_id
    query = select(owner, func.count()).where(_repositories.c.removed_at.is_(None), owner.is_not(None)).group_by(owner)
    with db.read() as connection:
        return {int(key): int(count) for key, count in connection.execute(query)}


def repositories(db: Database, *, limit: int = 1000) -> list[str]:
    """Names of the repositories that Porter can reach now."""
    out = select(_installations.c.id).where(
        _installations.c.removed_at.is_not(None) | _installations.c.suspended_at.is_not(None)
    )
    here = _repositories.c.removed_at.is_(None) & (
        _repositories.c.installation_id.is_(None) | _repositories.c.installation_id.not_in(out)
    )
    query = select(_repositories.c.full_name).where(here).order_by(_repositories.c.full_name).limit(limit)
    with db.read() as connection:
        return [str(name) for name in connection.execute(query).scalars()]
