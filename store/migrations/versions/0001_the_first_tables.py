"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.dialect import Json, RowId, Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "closings",
        sa.Column("repository", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("repository", "subject", name=op.f("pk_closings")),
    )
    op.create_table(
        "channels",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=250), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=320), nullable=False),
        sa.Column("events", Json, nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("rests_until", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=True),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Utc(), nullable=False),
        sa.Column("lease_until", Utc(), nullable=True),
        sa.Column("tried_at", Utc(), nullable=True),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_notices_channel_id_channels"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_channel", ["channel_id", "tried_at"], unique=False)
        batch_op.create_index("ix_notices_done", ["done_at"], unique=False)
        batch_op.create_index(
            "ix_notices_pending",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("done_at is null"),
            postgresql_where=sa.text("done_at is null"),
        )

    op.create_table(
        "credentials",
        sa.Column("owner", sa.String(length=250), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", name=op.f("pk_credentials")),
    )
    op.create_table(
        "day_counts",
        sa.Column("repository", sa.String(length=200), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("pulls", sa.Integer(), nullable=False),
        sa.Column("merged", sa.Integer(), nullable=False),
        sa.Column("known_costs", sa.Integer(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("machine_seconds", sa.Float(), nullable=False),
        sa.Column("durations", Json, nullable=False),
        sa.Column("to_pull", Json, nullable=False),
        sa.PrimaryKeyConstraint("repository", "agent", "unit", "day", "result", name=op.f("pk_day_counts")),
    )
    with op.batch_alter_table("day_counts", schema=None) as batch_op:
        batch_op.create_index("ix_day_counts_busiest", ["agent", "unit", "day", "repository", "tasks"], unique=False)

    op.create_table(
        "count_changes",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("repository", sa.String(length=200), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("pulls", sa.Integer(), nullable=False),
        sa.Column("merged", sa.Integer(), nullable=False),
        sa.Column("known_costs", sa.Integer(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("machine_seconds", sa.Float(), nullable=False),
        sa.Column("durations", Json, nullable=False),
        sa.Column("to_pull", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_changes")),
    )
    with op.batch_alter_table("count_changes", schema=None) as batch_op:
        batch_op.create_index("ix_count_changes_day", ["day"], unique=False)

    op.create_table(
        "stale_days",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stale_days")),
    )
    with op.batch_alter_table("stale_days", schema=None) as batch_op:
        batch_op.create_index("ix_stale_days_day", ["day"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("content_key", sa.String(length=200), nullable=True),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=True),
        sa.Column("repository", sa.String(length=200), nullable=True),
        sa.Column("sender", sa.String(length=100), nullable=True),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("task_ids", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("content_key", name=op.f("uq_deliveries_content_key")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_received", ["received_at", "id"], unique=False)

    op.create_table(
        "installations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("suspended_at", Utc(), nullable=True),
        sa.Column("removed_at", Utc(), nullable=True),
        sa.Column("seen_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "paces",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("next_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_paces")),
    )
    op.create_table(
        "permissions",
        sa.Column("repository", sa.String(length=200), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("repository", "login", name=op.f("pk_permissions")),
    )
    op.create_table(
        "redeliveries",
        sa.Column("delivery_id", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_redeliveries")),
    )
    op.create_table(
        "repositories",
        sa.Column("full_name", sa.String(length=200), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=True),
        sa.Column("installation_id", sa.BigInteger(), nullable=True),
        sa.Column("default_branch", sa.String(length=250), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("seen_at", Utc(), nullable=False),
        sa.Column("removed_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("full_name", name=op.f("pk_repositories")),
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("delivery_id", sa.String(length=64), nullable=True),
        sa.Column("repository", sa.String(length=200), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=True),
        sa.Column("issue_number", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=True),
        sa.Column("comment_line", sa.Integer(), nullable=True),
        sa.Column("remark_id", sa.BigInteger(), nullable=True),
        sa.Column("sender", sa.String(length=100), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("argument", sa.Text(), nullable=False),
        sa.Column("flags", Json, nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("lease_until", Utc(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("answer", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint(
            "repository", "comment_id", "comment_line", name=op.f("uq_requests_repository_comment_id_comment_line")
        ),
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index("ix_requests_issue", ["repository", "issue_number"], unique=False)
        batch_op.create_index("ix_requests_open", ["done_at", "due_at"], unique=False)
        batch_op.create_index("ix_requests_sender", ["sender", "created_at"], unique=False)

    op.create_table(
        "responses",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kept_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_responses")),
    )
    op.create_table(
        "secrets",
        sa.Column("owner", sa.String(length=250), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("key_version", sa.String(length=16), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.Column("updated_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", name=op.f("pk_secrets")),
    )
    op.create_table(
        "settings",
        sa.Column("scope", sa.String(length=250), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.Column("updated_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name", name=op.f("pk_settings")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.Column("started_at", Utc(), nullable=True),
        sa.Column("finished_at", Utc(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("repository", sa.String(length=200), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=True),
        sa.Column("issue_number", sa.Integer(), nullable=True),
        sa.Column("issue_title", sa.Text(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=True),
        sa.Column("comment_line", sa.Integer(), nullable=True),
        sa.Column("asked_at", Utc(), nullable=True),
        sa.Column("requested_by", sa.String(length=100), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("base_branch", sa.String(length=250), nullable=True),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("flags", Json, nullable=False),
        sa.Column("asked_key", sa.String(length=64), nullable=True),
        sa.Column("asked_digest", sa.String(length=64), nullable=True),
        sa.Column("branch", sa.String(length=250), nullable=True),
        sa.Column("base_sha", sa.String(length=64), nullable=True),
        sa.Column("head_sha", sa.String(length=64), nullable=True),
        sa.Column("pr_number", sa.Integer(), nullable=True),
        sa.Column("pr_url", sa.Text(), nullable=True),
        sa.Column("pr_state", sa.String(length=16), nullable=True),
        sa.Column("pr_state_at", Utc(), nullable=True),
        sa.Column("pr_opened_at", Utc(), nullable=True),
        sa.Column("files_changed", sa.Integer(), nullable=False),
        sa.Column("additions", sa.Integer(), nullable=False),
        sa.Column("deletions", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("machine_seconds", sa.Float(), nullable=False),
        sa.Column("status_comment_id", sa.BigInteger(), nullable=True),
        sa.Column("comment_version", sa.Integer(), nullable=False),
        sa.Column("comment_edited_at", Utc(), nullable=True),
        sa.Column("label_shown", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("asked_key", name=op.f("uq_tasks_asked_key")),
        sa.UniqueConstraint(
            "repository", "comment_id", "comment_line", name=op.f("uq_tasks_repository_comment_id_comment_line")
        ),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_agent", ["agent", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_tasks_comment_behind",
            ["updated_at"],
            unique=False,
            sqlite_where=sa.text("comment_version < version"),
            postgresql_where=sa.text("comment_version < version"),
        )
        batch_op.create_index("ix_tasks_feed", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_tasks_issue", ["issue_number", "repository"], unique=False)
        batch_op.create_index("ix_tasks_pull", ["repository", "pr_number"], unique=False)
        batch_op.create_index("ix_tasks_repository", ["repository", "created_at", "id"], unique=False)
        batch_op.create_index("ix_tasks_requested_by", ["requested_by", "created_at", "id"], unique=False)
        batch_op.create_index("ix_tasks_review", ["pr_state", "created_at", "id"], unique=False)
        batch_op.create_index("ix_tasks_branch", ["branch", "created_at", "id"], unique=False)
        batch_op.create_index("ix_tasks_status", ["status", "created_at", "id"], unique=False)
        batch_op.create_index("ix_tasks_repository_status", ["repository", "status", "pr_state"], unique=False)
        no_changes = sa.text("status = 'succeeded' and outcome = 'no_changes'")
        batch_op.create_index(
            "ix_tasks_no_changes",
            ["created_at", "id"],
            unique=False,
            sqlite_where=no_changes,
            postgresql_where=no_changes,
        )
        is_open = sa.text(
            "status = 'succeeded' and coalesce(outcome, '') <> 'no_changes'"
            " and coalesce(pr_state, '') not in ('merged', 'closed')"
        )
        batch_op.create_index(
            "ix_tasks_open", ["created_at", "id"], unique=False, sqlite_where=is_open, postgresql_where=is_open
        )

    op.create_table(
        "events",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("once", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_events_task_id_tasks"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("task_id", "once", name=op.f("uq_events_task_id_once")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_task", ["task_id", "id"], unique=False)

    op.create_table(
        "follow_ups",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("source_key", sa.String(length=100), nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.Column("requested_by", sa.String(length=100), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("flags", Json, nullable=False),
        sa.Column("said", Json, nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("started_at", Utc(), nullable=True),
        sa.Column("answered_at", Utc(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.id"], name=op.f("fk_follow_ups_task_id_tasks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint("task_id", "source_key", name=op.f("uq_follow_ups_task_id_source_key")),
    )
    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        batch_op.create_index("ix_follow_ups_requested_by", ["requested_by", "asked_at"], unique=False)
        batch_op.create_index(
            "ix_follow_ups_unanswered",
            ["asked_at"],
            unique=False,
            sqlite_where=sa.text("answered_at is null"),
            postgresql_where=sa.text("answered_at is null"),
        )
        batch_op.create_index(
            "ix_follow_ups_waiting",
            ["asked_at"],
            unique=False,
            sqlite_where=sa.text("started_at is null"),
            postgresql_where=sa.text("started_at is null"),
        )

    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", Utc(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("enqueued_at", Utc(), nullable=True),
        sa.Column("waits_for", sa.String(length=16), nullable=True),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("host", sa.String(length=16), nullable=True),
        sa.Column("machine_id", sa.String(length=100), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=True),
        sa.Column("image", sa.String(length=300), nullable=True),
        sa.Column("launched_at", Utc(), nullable=True),
        sa.Column("started_at", Utc(), nullable=True),
        sa.Column("heartbeat_at", Utc(), nullable=True),
        sa.Column("deadline", Utc(), nullable=True),
        sa.Column("destroyed_at", Utc(), nullable=True),
        sa.Column("inputs", Json, nullable=False),
        sa.Column("follow_up_id", sa.String(length=32), nullable=True),
        sa.Column("phase", sa.String(length=16), nullable=True),
        sa.Column("report_seq", sa.Integer(), nullable=False),
        sa.Column("cancel_requested_at", Utc(), nullable=True),
        sa.Column("cancelled_by", sa.String(length=100), nullable=True),
        sa.Column("discarded", sa.Boolean(), nullable=False),
        sa.Column("result", Json, nullable=True),
        sa.Column("usage", Json, nullable=False),
        sa.Column("finished_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_runs_task_id_tasks"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("task_id", "number", name=op.f("uq_runs_task_id_number")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_runs_machine_left",
            ["finished_at"],
            unique=False,
            sqlite_where=sa.text("destroyed_at is null and machine_id is not null"),
            postgresql_where=sa.text("destroyed_at is null and machine_id is not null"),
        )
        batch_op.create_index(
            "ix_runs_unfinished",
            ["id"],
            unique=False,
            sqlite_where=sa.text("finished_at is null"),
            postgresql_where=sa.text("finished_at is null"),
        )
        batch_op.create_index(
            "ix_runs_waiting",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("waits_for is not null and finished_at is null"),
            postgresql_where=sa.text("waits_for is not null and finished_at is null"),
        )

    op.create_table(
        "sessions",
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("kept_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_sessions_task_id_tasks"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "agent", name=op.f("pk_sessions")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("goes_to", sa.String(length=2000), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_expires_at"), "sign_ins", ["expires_at"])
    op.create_table(
        "browser_sessions",
        sa.Column("cookie_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("avatar_url", sa.String(length=500), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("cookie_hash", name=op.f("pk_browser_sessions")),
    )
    op.create_index(op.f("ix_browser_sessions_expires_at"), "browser_sessions", ["expires_at"])
    op.create_index(op.f("ix_browser_sessions_person_id"), "browser_sessions", ["person_id"])
    op.create_table(
        "readable_repositories",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_readable_repositories")),
    )
    op.create_table(
        "audit",
        sa.Column("id", RowId, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("once", sa.String(length=400), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("once", name=op.f("uq_audit_once")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_table(
        "members",
        sa.Column("id", RowId, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("login_key", sa.String(length=100), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=True),
        sa.Column("role_by", sa.String(length=100), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("seen_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("login_key", name=op.f("uq_members_login_key")),
        sa.UniqueConstraint("person_id", name=op.f("uq_members_person_id")),
    )
    op.create_index(op.f("ix_members_role"), "members", ["role"])
    op.create_table(
        "held_changes",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("held_at", Utc(), nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("base_sha", sa.String(length=64), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.Column("diff", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", Utc(), nullable=True),
        sa.Column("pushed_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_held_changes_run_id_runs"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.id"], name=op.f("fk_held_changes_task_id_tasks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_held_changes")),
    )
    with op.batch_alter_table("held_changes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_held_changes_waiting",
            ["held_at"],
            unique=False,
            sqlite_where=sa.text("decision is null"),
            postgresql_where=sa.text("decision is null"),
        )

    op.create_table(
        "log_lines",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_log_lines_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "n", name=op.f("pk_log_lines")),
    )
    op.create_table(
        "run_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_tokens_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_run_tokens")),
    )
    with op.batch_alter_table("run_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_tokens_run_id"), ["run_id"], unique=False)
