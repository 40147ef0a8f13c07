"""The tables. Every name here is a word of the glossary; migrations follow (`store/migrations`)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.day_tables import count_changes, day_counts, stale_days
from store.dialect import Json, RowId, Utc
from store.github_tables import closings, deliveries, installations, permissions, redeliveries, repositories, responses
from store.metadata import metadata, partial
from store.notice_tables import channels, notices
from store.people_tables import audit, browser_sessions, members, readable_repositories, sign_ins

__all__ = [
    "audit", "browser_sessions", "channels", "closings", "count_changes", "credentials", "day_counts", "deliveries",
    "events", "follow_ups", "held_changes", "installations", "leases", "log_lines", "members", "metadata", "notices",
    "paces", "permissions", "readable_repositories", "redeliveries", "repositories", "requests", "responses",
    "run_tokens", "runs", "secrets", "sessions", "settings", "sign_ins", "stale_days", "tasks",
]  # fmt: skip

# Ended work as History tells it apart, word for word as in the queries: so an index of only these can be used.
NO_CHANGES = "status = 'succeeded' and outcome = 'no_changes'"
OPEN = (
    "status = 'succeeded' and coalesce(outcome, '') <> 'no_changes'"
    " and coalesce(pr_state, '') not in ('merged', 'closed')"
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("started_at", Utc),
    Column("finished_at", Utc),
    Column("status", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("reason", String(32)),
    Column("message", Text, nullable=False, default=""),
    Column("version", Integer, nullable=False, default=1),
    Column("run_id", String(40), nullable=False),
    # what was asked
    Column("source", String(16), nullable=False),
    Column("repository", String(200), nullable=False),
    Column("installation_id", BigInteger),
    Column("issue_number", Integer),
    Column("issue_title", Text, nullable=False, default=""),
    Column("comment_id", BigInteger),
    Column("comment_line", Integer),
    Column("asked_at", Utc),
    Column("requested_by", String(100), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("model", String(200)),
    Column("priority", String(8), nullable=False, default="normal"),
    Column("base_branch", String(250)),
    Column("instructions", Text, nullable=False, default=""),
    Column("flags", Json, nullable=False, default=dict),
    # a caller's own key for it, and what was asked under that (store/once.py)
    Column("asked_key", String(64), unique=True),
    Column("asked_digest", String(64)),
    # what came of it
    Column("branch", String(250)),
    Column("base_sha", String(64)),
    Column("head_sha", String(64)),
    Column("pr_number", Integer),
    Column("pr_url", Text),
    Column("pr_state", String(16)),
    Column("pr_state_at", Utc),
    Column("pr_opened_at", Utc),
    Column("files_changed", Integer, nullable=False, default=0),
    Column("additions", Integer, nullable=False, default=0),
    Column("deletions", Integer, nullable=False, default=0),
    Column("summary", Text, nullable=False, default=""),
    Column("step", Text, nullable=False, default=""),
    Column("percent", Integer, nullable=False, default=0),
    Column("input_tokens", BigInteger, nullable=False, default=0),
    Column("output_tokens", BigInteger, nullable=False, default=0),
    Column("cache_read_tokens", BigInteger, nullable=False, default=0),
    Column("cache_write_tokens", BigInteger, nullable=False, default=0),
    Column("cost_usd", Float),
    Column("machine_seconds", Float, nullable=False, default=0.0),
    # the one status comment: which version of the task it shows
    Column("status_comment_id", BigInteger),
    Column("comment_version", Integer, nullable=False, default=0),
    Column("comment_edited_at", Utc),
    Column("label_shown", String(32)),
    UniqueConstraint("repository", "comment_id", "comment_line"),
    Index("ix_tasks_feed", "created_at", "id"),
    Index("ix_tasks_status", "status", "created_at", "id"),
    Index("ix_tasks_repository_status", "repository", "status", "pr_state"),  # all that is counted of one
    partial("ix_tasks_no_changes", "created_at", "id", where=NO_CHANGES),
    partial("ix_tasks_open", "created_at", "id", where=OPEN),
    Index("ix_tasks_repository", "repository", "created_at", "id"),
    Index("ix_tasks_requested_by", "requested_by", "created_at", "id"),
    Index("ix_tasks_agent", "agent", "created_at", "id"),
    Index("ix_tasks_issue", "issue_number", "repository"),
    Index("ix_tasks_pull", "repository", "pr_number"),
    Index("ix_tasks_review", "pr_state", "created_at", "id"),
    Index("ix_tasks_branch", "branch", "created_at", "id"),
    partial("ix_tasks_comment_behind", "updated_at", where="comment_version < version"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("task_id", String(32), ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("created_at", Utc, nullable=False),
    # who works on it: a lease that ends by itself, and a fence that refuses whoever lost it
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_until", Utc),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Utc),
    Column("enqueued_at", Utc),
    # in line for a place since a limit or its issue is in the way (docs/decisions/0006-limits.md)
    Column("waits_for", String(16)),
    # its machine
    Column("prompt", Text),
    Column("host", String(16)),
    Column("machine_id", String(100)),
    Column("region", String(16)),
    Column("image", String(300)),
    Column("launched_at", Utc),
    Column("started_at", Utc),
    Column("heartbeat_at", Utc),
    Column("deadline", Utc),
    Column("destroyed_at", Utc),
    # what it was started with: each value and where it came from; and what it goes on from
    Column("inputs", Json, nullable=False, default=dict),
    Column("follow_up_id", String(32)),
    # what it said
    Column("phase", String(16)),
    Column("report_seq", Integer, nullable=False, default=0),
    Column("cancel_requested_at", Utc),
    Column("cancelled_by", String(100)),
    # stopped, and what it has done so far is not to be saved
    Column("discarded", Boolean, nullable=False, default=False),
    Column("result", Json),
    Column("usage", Json, nullable=False, default=dict),
    Column("finished_at", Utc),
    UniqueConstraint("task_id", "number"),
    partial("ix_runs_unfinished", "id", where="finished_at is null"),
    partial("ix_runs_waiting", "created_at", where="waits_for is not null and finished_at is null"),
    partial("ix_runs_machine_left", "finished_at", where="destroyed_at is null and machine_id is not null"),
)

run_tokens = Table(
    "run_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("run_id", String(40), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    Column("owner", String(250), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("expires_at", Utc, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("owner", String(250), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("key_version", String(16), nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("updated_by", String(100), nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("task_id", String(32), ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    Column("run_id", String(40)),
    Column("at", Utc, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("actor", String(100), nullable=False, default="porter"),
    Column("once", String(100)),
    # A step that is repeated after a crash writes its event once.
    UniqueConstraint("task_id", "once"),
    Index("ix_events_task", "task_id", "id"),
)

log_lines = Table(
    "log_lines",
    metadata,
    Column("run_id", String(40), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("level", String(8), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("text", Text, nullable=False),
)

# What a comment asked of Porter itself (stop, retry, status, help, or a command it could not read): one reply each.
requests = Table(
    "requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("delivery_id", String(64)),
    Column("repository", String(200), nullable=False),
    Column("installation_id", BigInteger),
    Column("issue_number", Integer, nullable=False),
    Column("comment_id", BigInteger),
    Column("comment_line", Integer),
    # when it stands in a comment on a line of a pull request, which has a number of its own
    Column("remark_id", BigInteger),
    Column("sender", String(100), nullable=False),
    Column("verb", String(16), nullable=False),
    Column("argument", Text, nullable=False, default=""),
    Column("flags", Json, nullable=False, default=dict),
    Column("created_at", Utc, nullable=False),
    Column("lease_until", Utc),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Utc),
    Column("done_at", Utc),
    Column("answer", String(64)),
    UniqueConstraint("repository", "comment_id", "comment_line"),
    Index("ix_requests_open", "done_at", "due_at"),
    Index("ix_requests_issue", "repository", "issue_number"),
    Index("ix_requests_sender", "sender", "created_at"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("holder", String(100), nullable=False),
    Column("until", Utc, nullable=False),
)

paces = Table(
    "paces",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("next_at", Utc, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    # `global`, `repo:<owner/name>`, `user:<login>`, or `porter` for what Porter notes for itself
    Column("scope", String(250), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("value", Json, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("updated_by", String(100), nullable=False),
)

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("task_id", String(32), ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    # One comment, one review: `comment:<id>:<line>`, `review:<id>`, `review_comment:<id>`
    Column("source_key", String(100), nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("requested_by", String(100), nullable=False),
    Column("instructions", Text, nullable=False, default=""),
    Column("flags", Json, nullable=False, default=dict),
    # the flags of each of its places: 0 for the words of the review or comment itself, else the remark's id
    Column("said", Json, nullable=False, default=dict),
    Column("run_id", String(40)),
    Column("started_at", Utc),
    Column("answered_at", Utc),
    Column("refused", Text),
    UniqueConstraint("task_id", "source_key"),
    Index("ix_follow_ups_requested_by", "requested_by", "asked_at"),
    partial("ix_follow_ups_waiting", "asked_at", where="started_at is null"),
    partial("ix_follow_ups_unanswered", "asked_at", where="answered_at is null"),
)

held_changes = Table(
    "held_changes",
    metadata,
    Column("run_id", String(40), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("task_id", String(32), ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    Column("held_at", Utc, nullable=False),
    Column("findings", Json, nullable=False),
    Column("base_sha", String(64), nullable=False),
    Column("head_sha", String(64), nullable=False),
    Column("bundle", LargeBinary, nullable=False),
    Column("diff", Text, nullable=False),
    Column("decision", String(16)),
    Column("decided_by", String(100)),
    Column("decided_at", Utc),
    Column("pushed_at", Utc),
    partial("ix_held_changes_waiting", "held_at", where="decision is null"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("task_id", String(32), ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("agent", String(64), primary_key=True),
    Column("session_id", String(200), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("run_id", String(40), nullable=False),
    Column("kept_at", Utc, nullable=False),
)
