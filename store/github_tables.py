"""What Porter remembers of GitHub: repositories, installations, deliveries, permissions, answers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from store.dialect import Json, Utc
from store.metadata import metadata

repositories = Table(
    "repositories",
    metadata,
    Column("full_name", String(200), primary_key=True),
    Column("github_id", BigInteger),
    Column("installation_id", BigInteger),
    Column("default_branch", String(250)),
    Column("private", Boolean, nullable=False, default=False),
    Column("seen_at", Utc, nullable=False),
    Column("removed_at", Utc),
)

installations = Table(
    "installations",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("account", String(100), nullable=False),
    Column("suspended_at", Utc),
    Column("removed_at", Utc),
    Column("seen_at", Utc, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(64), primary_key=True),
    # (repository, comment, action): the delivery id is not covered by GitHub's signature, so it alone stops no replay.
    Column("content_key", String(200), unique=True),
    Column("event", String(64), nullable=False),
    Column("action", String(64)),
    Column("repository", String(200)),
    Column("sender", String(100)),
    Column("received_at", Utc, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("task_ids", Json, nullable=False, default=list),
    Index("ix_deliveries_received", "received_at", "id"),
)

# Deliveries overtake each other: what asks for work may arrive after the news that it is closed or deleted.
closings = Table(
    "closings",
    metadata,
    Column("repository", String(200), primary_key=True),
    # `issue:<number>` or `comment:<id>`
    Column("subject", String(64), primary_key=True),
    Column("at", Utc, nullable=False),
)

redeliveries = Table(
    "redeliveries",
    metadata,
    Column("delivery_id", String(64), primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("asked_at", Utc, nullable=False),
)

permissions = Table(
    "permissions",
    metadata,
    Column("repository", String(200), primary_key=True),
    Column("login", String(100), primary_key=True),
    Column("role", String(32), nullable=False),
    Column("asked_at", Utc, nullable=False),
)

responses = Table(
    "responses",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("etag", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("kept_at", Utc, nullable=False),
)
