"""The inbox: questions that were not answered well, grouped by what they mean.

Revision ID: staff_0002
Revises: staff_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "staff_0002"
down_revision = "staff_0001"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inbox_groups",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("closed_as", sa.String(12)),
        sa.PrimaryKeyConstraint("id", name="pk_inbox_groups"),
    )
    op.create_table(
        "inbox_questions",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("conversation_id", sa.String(32)),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("group_id", SERIAL),
        sa.Column("answered_by", sa.String(100)),
        sa.Column("meant", sa.String(100)),
        sa.Column("added_to", sa.String(100)),
        sa.Column("settled_at", sa.Double()),
        sa.Column("settled_by", sa.String(60)),
        sa.PrimaryKeyConstraint("id", name="pk_inbox_questions"),
        sa.UniqueConstraint("message_id", name="uq_inbox_questions_message_id"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["inbox_groups.id"], name="fk_inbox_questions_group_id"
        ),
    )
    for column in ("conversation_id", "asked_at", "group_id"):
        op.create_index(f"ix_inbox_questions_{column}", "inbox_questions", [column])
    op.create_index("ix_inbox_questions_state_asked_at", "inbox_questions", ["state", "asked_at"])


def downgrade() -> None:
    op.drop_table("inbox_questions")
    op.drop_table("inbox_groups")
