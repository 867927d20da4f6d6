"""Consultation requests with their history, and messages left for the clinic.

Revision ID: booking_0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "booking_0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATUSES = ("new", "confirmed", "rescheduled", "cancelled", "declined", "no_show")


def upgrade() -> None:
    _create_requests()
    _create_events()
    _create_messages()


def downgrade() -> None:
    op.drop_table("clinic_messages")
    op.drop_table("request_events")
    op.drop_table("consultation_requests")


def _create_requests() -> None:
    table = "consultation_requests"
    allowed = ", ".join(f"'{status}'" for status in STATUSES)
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("phone", sa.String(16)),
        sa.Column("concern", sa.String(300), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("preference_text", sa.Text, nullable=False),
        sa.Column("notes", sa.Text),
        sa.Column("consent_version", sa.String(40), nullable=False),
        sa.Column("consent_at", MOMENT, nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(128), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("reference", name=f"uq_{table}_reference"),
        sa.UniqueConstraint("idempotency_key", name=f"uq_{table}_idempotency_key"),
        sa.CheckConstraint(f"status IN ({allowed})", name=op.f(f"ck_{table}_status")),
    )
    for column in ("email", "starts_at", "conversation_id", "created_at"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _create_events() -> None:
    table = "request_events"
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("request_id", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("what", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["consultation_requests.id"],
            name=f"fk_{table}_request_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(f"ix_{table}_request_id", table, ["request_id"])


def _create_messages() -> None:
    table = "clinic_messages"
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("contact_email", sa.String(254)),
        sa.Column("contact_phone", sa.String(16)),
        sa.Column("name", sa.String(120)),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(128), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("reference", name=f"uq_{table}_reference"),
        sa.UniqueConstraint("idempotency_key", name=f"uq_{table}_idempotency_key"),
    )
    for column in ("contact_email", "conversation_id", "created_at"):
        op.create_index(f"ix_{table}_{column}", table, [column])
