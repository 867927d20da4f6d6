"""Trainings that staff ask for, and the versions that went live.

Revision ID: staff_0003
Revises: staff_0002
"""

import sqlalchemy as sa
from alembic import op

revision = "staff_0003"
down_revision = "staff_0002"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "teaching_jobs",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("publish", sa.Boolean(), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double()),
        sa.Column("ended_at", sa.Double()),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("model", sa.String(200)),
        sa.Column("verdict", sa.Text()),
        sa.Column("version", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_teaching_jobs"),
    )
    op.create_index("ix_teaching_jobs_state", "teaching_jobs", ["state"])
    op.create_index("ix_teaching_jobs_model", "teaching_jobs", ["model"])
    op.create_table(
        "model_contents",
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("contents", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model", name="pk_model_contents"),
    )
    op.create_table(
        "content_texts",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_content_texts"),
    )
    op.create_table(
        "model_versions",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("published_at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("contents", sa.Text()),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text()),
        sa.Column("override_reason", sa.Text()),
        sa.Column("rolled_back_from", sa.Integer()),
        sa.Column("rolled_back_to", sa.Integer()),
        sa.PrimaryKeyConstraint("number", name="pk_model_versions"),
    )


def downgrade() -> None:
    op.drop_table("model_versions")
    op.drop_table("content_texts")
    op.drop_table("model_contents")
    op.drop_table("teaching_jobs")
