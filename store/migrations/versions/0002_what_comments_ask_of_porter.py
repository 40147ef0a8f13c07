"""What comments ask of Porter itself"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.dialect import Json, Utc

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("delivery_id", sa.String(length=64), nullable=True),
        sa.Column("repository", sa.String(length=200), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=True),
        sa.Column("issue_number", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=True),
        sa.Column("comment_line", sa.Integer(), nullable=True),
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
        batch_op.create_index("ix_requests_open", ["done_at", "due_at"], unique=False)
        batch_op.create_index("ix_requests_issue", ["repository", "issue_number"], unique=False)


def downgrade() -> None:
    op.drop_table("requests")
