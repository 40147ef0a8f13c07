"""The tables of people: who is signed in, who may do what, and who changed or used what."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table, Text

from store.dialect import Json, RowId, Utc
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

# Who signed in some day, and whom an admin named before that.
members = Table(
    "members",
    metadata,
    Column("id", RowId, primary_key=True),
    # GitHub's number for them, known once they signed in
    Column("person_id", BigInteger, unique=True),
    Column("login", String(100), nullable=False),
    # the login in lower case; none when somebody else has it now
    Column("login_key", String(100), unique=True),
    Column("name", String(200), nullable=False, default=""),
    # none: what newcomers are (setting default_role)
    Column("role", String(16), index=True),
    Column("role_by", String(100), nullable=False, default=""),
    Column("since", Utc, nullable=False),
    Column("seen_at", Utc),
)

# What GitHub said a person may read, for a short while.
readable_repositories = Table(
    "readable_repositories",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("names", Json, nullable=False),
    Column("asked_at", Utc, nullable=False),
)

# Who changed which setting or secret, and which run used which secret. Never a secret's value.
audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", Utc, nullable=False, index=True),
    Column("who", String(100), nullable=False),
    Column("action", String(64), nullable=False),
    Column("what", String(300), nullable=False),
    Column("detail", Text, nullable=False, default=""),
    # A note of the same key is written once, however often the same thing is done.
    Column("once", String(400), unique=True),
)
