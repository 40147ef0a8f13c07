"""Short-lived tokens between the process that gets them and the one that needs them: sealed, and gone when they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from store import dialect, tables
from store.database import Database
from store.vault import Vault

_credentials = tables.credentials


@dataclass(frozen=True)
class Credential:
    """A token and the moment it ends."""

    value: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Credential(…, expires_at={self.expires_at.isoformat()})"


def keep(db: Database, vault: Vault, owner: str, name: str, credential: Credential) -> None:
    """Keep the token for `owner` (`run:<id>`, `installation:<id>`) under `name`, in place of an older one."""
    sealed = vault.seal(credential.value, owner=owner, name=name)
    row = {"owner": owner, "name": name, "sealed": sealed, "expires_at": credential.expires_at}
    with db.write() as connection:
        dialect.upsert(connection, _credentials, row, keys=["owner", "name"])


def find(db: Database, vault: Vault, owner: str, name: str, *, valid_at: datetime) -> Credential | None:
    """The token if it is still good at `valid_at`. Raises VaultError when it does not open."""
    query = select(_credentials).where(
        _credentials.c.owner == owner, _credentials.c.name == name, _credentials.c.expires_at > valid_at
    )
    with db.read() as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return Credential(vault.open(row["sealed"], owner=owner, name=name), row["expires_at"])


def forget(db: Database, owner: str, name: str | None = None) -> None:
    """Drop one token of the owner, or all."""
    mine = _credentials.c.owner == owner
    if name is not None:
        mine = mine & (_credentials.c.name == name)
    with db.write() as connection:
        connection.execute(_credentials.delete().where(mine))


def forget_expired(db: Database, *, now: datetime) -> int:
    """Drop what has ended; answers how many."""
    with db.write() as connection:
        return connection.execute(_credentials.delete().where(_credentials.c.expires_at <= now)).rowcount
