"""Who is signed in with which browser. The cookie is opaque, known by its hash only; the person's token is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from store import dialect, tables
from store.database import Database
from store.sign_ins import hashed
from store.vault import Vault

_sessions = tables.browser_sessions
_readable = tables.readable_repositories


@dataclass(frozen=True)
class BrowserSession:
    """Somebody who is signed in. `person_id` is GitHub's number for them, which stays when the login changes."""

    person_id: int
    login: str
    name: str
    avatar_url: str
    expires_at: datetime


def begin(db: Database, vault: Vault, cookie: str, one: BrowserSession, *, token: str, now: datetime) -> None:
    """Sign the browser that holds `cookie` in. `token` is what opens GitHub in the person's name, as text."""
    row = {
        "cookie_hash": hashed(cookie), "person_id": one.person_id, "login": one.login, "name": one.name,
        "avatar_url": one.avatar_url, "sealed": _seal(vault, one.person_id, token), "created_at": now,
        "expires_at": one.expires_at,
    }  # fmt: skip
    with db.write() as connection:
        connection.execute(_sessions.insert().values(row))


def find(db: Database, cookie: str, *, now: datetime) -> BrowserSession | None:
    """Who holds this cookie; None for one that is forged, ended or signed out."""
    query = select(_sessions).where(_sessions.c.cookie_hash == hashed(cookie), _sessions.c.expires_at > now)
    with db.read() as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    names = ("person_id", "login", "name", "avatar_url", "expires_at")
    return BrowserSession(**{name: row[name] for name in names})


@dataclass(frozen=True)
class SignedIn:
    """Somebody who is signed in somewhere, and since when last."""

    login: str
    name: str
    since: datetime


def signed_in(db: Database, *, now: datetime, limit: int = 50) -> list[SignedIn]:
    """Who is signed in, each once, the latest first."""
    since = func.max(_sessions.c.created_at)
    query = select(_sessions.c.login, func.max(_sessions.c.name), since).where(_sessions.c.expires_at > now)
    with db.read() as connection:
        rows = connection.execute(query.group_by(_sessions.c.login).order_by(since.desc()).limit(limit))
        return [SignedIn(str(login), str(name), at) for login, name, at in rows]


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
    theirs = _sessions.c.person_id == person_id
    with db.write() as connection:
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
