"""Secrets at rest: sealed with AES-256-GCM under a versioned key, bound to their owner and name.

Values are written and used, never shown. Rotation: put the new key first, keep the old ones, run `porter rotate`.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select

from store import dialect, tables
from store.database import Database
from store.errors import VaultError

_NONCE_BYTES = 12
_KEY_BYTES = 32


class Vault:
    """Seals with the first key, opens with any.

    `keys`: version -> 32 bytes, newest first. Raises VaultError when there is none or one has another length.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise VaultError("there is no vault key: set PORTER_VAULT_KEYS")
        for version, key in keys.items():
            if len(key) != _KEY_BYTES:
                raise VaultError(f"vault key {version} has {len(key)} bytes; it needs {_KEY_BYTES}")
        self._keys = dict(keys)
        self.current = next(iter(self._keys))

    @classmethod
    def parse(cls, text: str) -> Vault:
        """From `v2:<base64>,v1:<base64>`. Raises VaultError without ever quoting the text."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            version, colon, encoded = part.partition(":")
            if not colon or not version or version in keys:
                raise VaultError("PORTER_VAULT_KEYS: expected version:base64, comma separated, each version once")
            try:
                keys[version] = base64.b64decode(encoded, validate=True)
            except ValueError:  # its context would quote a character of the key
                raise VaultError(f"PORTER_VAULT_KEYS: the key of version {version[:16]} is not base64") from None
        return cls(keys)

    def has(self, version: str) -> bool:
        """Whether what is sealed with this key opens here."""
        return version in self._keys

    def seal(self, value: str, *, owner: str, name: str) -> str:
        """`version:nonce+ciphertext` (base64); opens only for the same owner and name."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._keys[self.current]).encrypt(nonce, value.encode(), _bound(owner, name))
        return f"{self.current}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, owner: str, name: str) -> str:
        """Raises VaultError for another owner or name, a changed value, or a key that is no longer here."""
        version, _, encoded = sealed.partition(":")
        key = self._keys.get(version)
        if key is None:
            raise VaultError(f"{owner}/{name} is sealed with key {version}, which is not in PORTER_VAULT_KEYS")
        try:
            raw = base64.b64decode(encoded, validate=True)
            return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(owner, name)).decode()
        except (InvalidTag, ValueError):
            raise VaultError(f"{owner}/{name} does not open: it was changed or moved") from None


@dataclass(frozen=True)
class SecretInfo:
    """What may be known of a secret: never the value."""

    owner: str
    name: str
    key_version: str
    updated_at: datetime
    updated_by: str


def put(db: Database, vault: Vault, owner: str, name: str, value: str, *, by: str, now: datetime) -> None:
    """Add or replace a secret of `owner` (`global`, `user:<login>`, `repo:<owner/name>`)."""
    with db.write() as connection:
        put_in(connection, vault, owner, name, value, by=by, now=now)


def put_in(connection: Connection, vault: Vault, owner: str, name: str, value: str, *, by: str, now: datetime) -> None:
    """`put` as part of a larger change."""
    row = {
        "owner": owner, "name": name, "sealed": vault.seal(value, owner=owner, name=name),
        "key_version": vault.current, "updated_at": now, "updated_by": by,
    }  # fmt: skip
    dialect.upsert(connection, tables.secrets, row, keys=["owner", "name"])


def use(db: Database, vault: Vault, owner: str, name: str) -> str | None:
    """The secret's value, or None when there is none. Raises VaultError when it does not open."""
    query = select(tables.secrets.c.sealed).where(tables.secrets.c.owner == owner, tables.secrets.c.name == name)
    with db.read() as connection:
        sealed = connection.execute(query).scalar()
    return None if sealed is None else vault.open(sealed, owner=owner, name=name)


def remove(db: Database, owner: str, name: str) -> bool:
    """Forget a secret; False when there was none."""
    with db.write() as connection:
        return remove_in(connection, owner, name)


def remove_in(connection: Connection, owner: str, name: str) -> bool:
    """`remove` as part of a larger change."""
    mine = (tables.secrets.c.owner == owner) & (tables.secrets.c.name == name)
    return connection.execute(tables.secrets.delete().where(mine)).rowcount == 1


def known(db: Database) -> list[SecretInfo]:
    """Which secrets there are."""
    columns = [c for c in tables.secrets.c if c.name != "sealed"]
    with db.read() as connection:
        rows = connection.execute(select(*columns).order_by(tables.secrets.c.owner, tables.secrets.c.name))
        return [SecretInfo(**row) for row in rows.mappings()]


def rotate(db: Database, vault: Vault) -> int:
    """Seal again, with the current key, what is sealed with an older one; answers how many."""
    stale = select(tables.secrets).where(tables.secrets.c.key_version != vault.current).with_for_update()
    with db.write() as connection:
        rows = connection.execute(stale).mappings().all()
        for row in rows:
            value = vault.open(row["sealed"], owner=row["owner"], name=row["name"])
            sealed = vault.seal(value, owner=row["owner"], name=row["name"])
            mine = (tables.secrets.c.owner == row["owner"]) & (tables.secrets.c.name == row["name"])
            again = tables.secrets.update().where(mine).values(sealed=sealed, key_version=vault.current)
            connection.execute(again)
    return len(rows)


def _bound(owner: str, name: str) -> bytes:
    # The length keeps ("ab", "c") and ("a", "bc") apart.
    return f"{len(owner)}:{owner}{name}".encode()
