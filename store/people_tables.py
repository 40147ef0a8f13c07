"""The tables of signed-in people."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table, Text

from store.dialect import Json, Utc
from store.metadata import metadata

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state_hash", String(64), primary_key=True),
    Column("browser_hash", String(64), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("goes_to", String(2000), nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

# One row for each browser somebody signed in with; the browser's cookie is known only by its hash.
browser_sessions = Table(
    "browser_sessions",
    metadata,
    Column("cookie_hash", String(64), primary_key=True),
    Column("person_id", BigInteger, nullable=False, index=True),
    Column("login", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("avatar_url", String(500), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

# What GitHub said a person may read, for a short while.
readable_repositories = Table(
    "readable_repositories",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("names", Json, nullable=False),
    Column("asked_at", Utc, nullable=False),
)
