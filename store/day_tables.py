"""The tables of the counts by day (store/counts.py)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Float, Index, Integer, String, Table

from store.dialect import Json, RowId
from store.metadata import metadata

# What the ended tasks that were asked for on one day (UTC) came to. An empty repository or agent: all of them.
day_counts = Table(
    "day_counts",
    metadata,
    Column("repository", String(200), primary_key=True),
    Column("agent", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("result", String(16), primary_key=True),
    Column("tasks", Integer, nullable=False),
    Column("pulls", Integer, nullable=False),
    Column("merged", Integer, nullable=False),
    Column("known_costs", Integer, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("machine_seconds", Float, nullable=False),
    # how many took how many seconds: medians cannot be added up, these can
    Column("durations", Json, nullable=False),
    Column("to_pull", Json, nullable=False),
    Index("ix_day_counts_agent", "agent", "day"),
)

# Days whose counts are behind. Rows are only ever added, and deleted by whoever counted anew: nobody waits for anybody.
stale_days = Table(
    "stale_days",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("day", Date, nullable=False),
    Index("ix_stale_days_day", "day"),
)
