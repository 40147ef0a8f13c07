"""The tables of the counts by day (store/counts.py, docs/decisions/0015-counts-by-day.md)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Float, Index, Integer, String, Table

from store.dialect import Json, RowId
from store.metadata import metadata

# What the ended tasks that were asked for on one day (UTC) came to, or in one month, which begins on `day`. An empty
# repository or agent: all of them.
day_counts = Table(
    "day_counts",
    metadata,
    Column("repository", String(200), primary_key=True),
    Column("agent", String(64), primary_key=True),
    Column("unit", String(8), primary_key=True),
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
    # with all that is read of it, so that the busiest of many repositories are found in the index alone
    Index("ix_day_counts_busiest", "agent", "unit", "day", "repository", "tasks"),
)

# What changed since the days were counted: a row takes one task out of a count (all its numbers negative) or adds one.
# Rows are only ever added, and deleted by whoever has added them to the counts: nobody waits for anybody.
count_changes = Table(
    "count_changes",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository", String(200), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("day", Date, nullable=False),
    Column("result", String(16), nullable=False),
    Column("tasks", Integer, nullable=False),
    Column("pulls", Integer, nullable=False),
    Column("merged", Integer, nullable=False),
    Column("known_costs", Integer, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("machine_seconds", Float, nullable=False),
    Column("durations", Json, nullable=False),
    Column("to_pull", Json, nullable=False),
    Index("ix_count_changes_day", "day"),
)

# Days whose counts are not to be trusted until they are counted anew.
stale_days = Table(
    "stale_days",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("day", Date, nullable=False),
    Index("ix_stale_days_day", "day"),
)
