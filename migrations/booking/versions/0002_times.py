"""Times that are kept: who sees the visitor and until when, holds, busy times, and the outbox.

Revision ID: booking_0002
Revises: booking_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "booking_0002"
down_revision = "booking_0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
REQUESTS = "consultation_requests"
ADDED = ("practitioner", "ends_at", "sequence", "visitor_zone", "consent_text")
# Requests from before were wishes for a time that nobody kept free.
NOBODY = "unassigned"


def upgrade() -> None:
    _extend_requests()
    _create_holds()
    _create_steps()
    _create_busy_times()
    _create_outbox()


def downgrade() -> None:
    for table in ("outbox", "busy_times", "occupied_steps", "holds"):
        op.drop_table(table)
    with op.batch_alter_table(REQUESTS) as table:
        for column in ADDED:
            table.drop_column(column)


def _extend_requests() -> None:
    with op.batch_alter_table(REQUESTS) as table:
        table.add_column(
            sa.Column("practitioner", sa.String(40), nullable=False, server_default=NOBODY)
        )
        table.add_column(sa.Column("ends_at", MOMENT))
        table.add_column(sa.Column("sequence", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("visitor_zone", sa.String(64)))
        table.add_column(sa.Column("consent_text", sa.Text, nullable=False, server_default=""))
    op.execute(sa.text(f"UPDATE {REQUESTS} SET ends_at = starts_at"))
    with op.batch_alter_table(REQUESTS) as table:
        table.alter_column("ends_at", existing_type=MOMENT, nullable=False)
        table.alter_column("practitioner", existing_type=sa.String(40), server_default=None)
        table.alter_column("sequence", existing_type=sa.Integer, server_default=None)
        table.alter_column("consent_text", existing_type=sa.Text, server_default=None)


def _create_holds() -> None:
    table = "holds"
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("practitioner", sa.String(40), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("owner", name=f"uq_{table}_owner"),
    )
    op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])


def _create_steps() -> None:
    table = "occupied_steps"
    op.create_table(
        table,
        sa.Column("practitioner", sa.String(40), nullable=False),
        sa.Column("step", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("request_id", sa.Integer),
        sa.Column("hold_id", sa.Integer),
        sa.PrimaryKeyConstraint("practitioner", "step", name=f"pk_{table}"),
        sa.CheckConstraint(
            "(request_id IS NULL) <> (hold_id IS NULL)", name=op.f(f"ck_{table}_one_owner")
        ),
        _belongs_to(REQUESTS, table, "request_id"),
        _belongs_to("holds", table, "hold_id"),
    )
    for column in ("request_id", "hold_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _create_busy_times() -> None:
    table = "busy_times"
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("practitioner", sa.String(40)),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_ends_at", table, ["ends_at"])


def _create_outbox() -> None:
    table = "outbox"
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("request_id", sa.Integer),
        sa.Column("message_id", sa.Integer),
        sa.Column("status", sa.String(20)),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("practitioner", sa.String(40)),
        sa.Column("starts_at", MOMENT),
        sa.Column("ends_at", MOMENT),
        sa.Column("before", MOMENT),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("leased_until", MOMENT),
        sa.Column("delivered_at", MOMENT),
        sa.Column("error", sa.String(300)),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("key", name=f"uq_{table}_key"),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'dead')", name=op.f(f"ck_{table}_state")
        ),
        _belongs_to(REQUESTS, table, "request_id"),
        _belongs_to("clinic_messages", table, "message_id"),
    )
    op.create_index(f"ix_{table}_state_due_at", table, ["state", "due_at"])
    op.create_index(f"ix_{table}_request_id_channel", table, ["request_id", "channel"])
    op.create_index(f"ix_{table}_message_id", table, ["message_id"])


def _belongs_to(owner: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{owner}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )
