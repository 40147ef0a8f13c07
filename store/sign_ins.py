"""Sign-ins under way: what must come back from GitHub together with the person, and to which browser."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from store import tables
from store.database import Database
from store.vault import Vault

_OWNER = "sign-in"
_sign_ins = tables.sign_ins


@dataclass(frozen=True)
class SignIn:
    """`verifier` proves to GitHub that who brings the code asked for it; `goes_to` is a path of the dashboard."""

    verifier: str
    goes_to: str

    def __repr__(self) -> str:
        return f"SignIn(…, goes_to={self.goes_to!r})"


def hashed(text: str) -> str:
    """How a random value is kept that its holder must show again."""
    return hashlib.sha256(text.encode()).hexdigest()


def begin(
    db: Database, vault: Vault, one: SignIn, *, state: str, browser: str, expires_at: datetime
) -> None:  # fmt: skip
    """Keep it until the person comes back with `state`, in the browser that holds `browser`."""
    row = {
        "state_hash": hashed(state), "browser_hash": hashed(browser), "goes_to": one.goes_to, "expires_at": expires_at,
        "sealed": vault.seal(one.verifier, owner=_OWNER, name=hashed(state)),
    }  # fmt: skip
    with db.write() as connection:
        connection.execute(_sign_ins.insert().values(row))


def take(db: Database, vault: Vault, *, state: str, browser: str, now: datetime) -> SignIn | None:
    """The sign-in of this state and browser, once: a second time, late or elsewhere there is none."""
    mine = (_sign_ins.c.state_hash == hashed(state)) & (_sign_ins.c.browser_hash == hashed(browser))
    with db.write() as connection:
        row = connection.execute(select(_sign_ins).where(mine, _sign_ins.c.expires_at > now)).mappings().first()
        if row is None or connection.execute(_sign_ins.delete().where(mine)).rowcount != 1:
            return None
    return SignIn(vault.open(row["sealed"], owner=_OWNER, name=hashed(state)), row["goes_to"])


def forget_expired(db: Database, *, now: datetime) -> int:
    """Drop what nobody came back for; answers how many."""
    with db.write() as connection:
        return connection.execute(_sign_ins.delete().where(_sign_ins.c.expires_at <= now)).rowcount
