"""Who is signed in with which browser. The cookie is opaque, known by its hash only; the person's token is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from store import dialect, members, tables
from store.database import Database
from store.members import Role
from store.sign_ins import hashed
from store.vault import Vault

_sessions = tables.browser_sessions
_readable, _members = tables.readable_repositories, tables.members


@dataclass(frozen=True)
class BrowserSession:
    """Somebody who is signed in. `person_id` is GitHub's number for them, which stays when the login changes; `role` is
    what they were given (None: that of newcomers), `seen_at` when they looked last."""

    person_id: int
    login: str
    name: str
    avatar_url: str
    expires_at: datetime
    role: Role | None = None
    seen_at: datetime | None = None


def begin(db: Database, vault: Vault, cookie: str, one: BrowserSession, *, token: str, now: datetime) -> None:
    """Sign the browser that holds `cookie` in. `token` is what opens GitHub in the person's name, as text."""
    row = {
        "cookie_hash": hashed(cookie), "person_id": one.person_id, "login": one.login, "name": one.name,
        "avatar_url": one.avatar_url, "sealed": _seal(vault, one.person_id, token), "created_at": now,
        "expires_at": one.expires_at,
    }  # fmt: skip
    with db.write() as connection:
        connection.execute(_sessions.insert().values(row))
        members.arrived(connection, one.person_id, one.login, one.name, now=now)


def find(db: Database, cookie: str, *, now: datetime) -> BrowserSession | None:
    """Who holds this cookie, and what role they have now; None for one that is forged, ended or signed out."""
    here = (_sessions.c.cookie_hash == hashed(cookie)) & (_sessions.c.expires_at > now)
    both = _sessions.outerjoin(_members, _members.c.person_id == _sessions.c.person_id)
    query = select(_sessions, _members.c.role, _members.c.seen_at).select_from(both).where(here)
    with db.read() as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    names = ("person_id", "login", "name", "avatar_url", "expires_at", "seen_at")
    return BrowserSession(**{name: row[name] for name in names}, role=Role(row["role"]) if row["role"] else None)


def browsers(db: Database, *, now: datetime) -> dict[int, int]:
    """In how many browsers each person is signed in."""
    query = select(_sessions.c.person_id, func.count()).where(_sessions.c.expires_at > now)
    with db.read() as connection:
        rows = connection.execute(query.group_by(_sessions.c.person_id))
        return {int(person_id): int(count) for person_id, count in rows}


def token(db: Database, vault: Vault, cookie: str) -> str | None:
    """The token of the person who holds this cookie. Raises VaultError when it does not open."""
    query = select(_sessions.c.sealed, _sessions.c.person_id).where(_sessions.c.cookie_hash == hashed(cookie))
    with db.read() as connection:
        row = connection.execute(query).first()
    return None if row is None else vault.open(row.sealed, owner=_owner(row.person_id), name="token")


def renew(db: Database, vault: Vault, cookie: str, person_id: int, *, token: str) -> None:
    """Put a fresh token in place of the one that ends."""
    mine = _sessions.c.cookie_hash == hashed(cookie)
    with db.write() as connection:
        connection.execute(_sessions.update().where(mine).values(sealed=_seal(vault, person_id, token)))


def end_all(db: Database, person_id: int) -> list[str]:
    """Sign the person out everywhere. Answers their tokens, still sealed (`opened`), to be ended at GitHub."""
    with db.write() as connection:
        return end_all_in(connection, person_id)


def end_all_in(connection: Connection, person_id: int) -> list[str]:
    """`end_all` as part of a larger change."""
    theirs = _sessions.c.person_id == person_id
    sealed = list(connection.execute(select(_sessions.c.sealed).where(theirs)).scalars())
    connection.execute(_sessions.delete().where(theirs))
    connection.execute(_readable.delete().where(_readable.c.person_id == person_id))
    return sealed


def opened(vault: Vault, person_id: int, sealed: str) -> str:
    """A token that `end_all` answered. Raises VaultError when it does not open."""
    return vault.open(sealed, owner=_owner(person_id), name="token")


def forget_expired(db: Database, *, now: datetime) -> int:
    """Drop the sessions that have ended; answers how many."""
    with db.write() as connection:
        return connection.execute(_sessions.delete().where(_sessions.c.expires_at <= now)).rowcount


def remember_readable(db: Database, person_id: int, names: frozenset[str], *, now: datetime) -> None:
    """Keep what GitHub said the person may read, in place of an older answer."""
    row = {"person_id": person_id, "names": sorted(names), "asked_at": now}
    with db.write() as connection:
        dialect.upsert(connection, _readable, row, keys=["person_id"])


def readable(db: Database, person_id: int, *, asked_after: datetime) -> frozenset[str] | None:
    """GitHub's answer, unless it is older than that."""
    query = select(_readable.c.names).where(_readable.c.person_id == person_id, _readable.c.asked_at > asked_after)
    with db.read() as connection:
        names = connection.execute(query).scalar()
    return None if names is None else frozenset(names)


def _seal(vault: Vault, person_id: int, token: str) -> str:
    return vault.seal(token, owner=_owner(person_id), name="token")


def _owner(person_id: int) -> str:
    return f"person:{person_id}"
