"""The tables of notifications: where people are told, and what they are told there."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from store.dialect import Json, Utc
from store.metadata import metadata, partial

# `place` is what of an address may be seen: a URL's host, an e-mail address. The rest is in the vault.
channels = Table(
    "channels",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("scope", String(250), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("place", String(320), nullable=False),
    Column("events", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", String(100), nullable=False),
    # after a delivery that failed: nothing is sent there before
    Column("rests_until", Utc),
)

# One row for each thing that one channel is told, written together with what it tells of.
notices = Table(
    "notices",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel_id", String(32), ForeignKey("channels.id", ondelete="CASCADE"), nullable=False),
    Column("task_id", String(32)),
    Column("run_id", String(40)),
    Column("event", String(16), nullable=False),
    Column("at", Utc, nullable=False),
    Column("facts", Json, nullable=False),
    Column("state", String(8), nullable=False, default="pending"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Utc, nullable=False),
    Column("lease_until", Utc),
    Column("tried_at", Utc),
    Column("done_at", Utc),
    Column("answer", Text, nullable=False, default=""),
    Index("ix_notices_channel", "channel_id", "tried_at"),
    Index("ix_notices_done", "done_at"),
    partial("ix_notices_pending", "due_at", where="done_at is null"),
)
