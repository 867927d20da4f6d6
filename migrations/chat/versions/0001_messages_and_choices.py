"""Messages, and the choices under them.

Revision ID: chat_0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "chat_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_messages",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("role", sa.String(9), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.String(36)),
        sa.Column("client_id", sa.String(100)),
        sa.Column("faq", sa.String(100)),
        sa.Column("source_title", sa.Text()),
        sa.Column("source_url", sa.Text()),
        sa.Column("feedback", sa.String(4)),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_chat_messages"),
        sa.UniqueConstraint("id", name="uq_chat_messages_id"),
        sa.UniqueConstraint(
            "conversation_id", "client_id", name="uq_chat_messages_conversation_id_client_id"
        ),
    )
    op.create_index("ix_chat_messages_conversation_id", "chat_messages", ["conversation_id"])
    op.create_index("ix_chat_messages_created_at", "chat_messages", ["created_at"])
    op.create_table(
        "chat_choices",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chat_choices"),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["chat_messages.id"],
            name="fk_chat_choices_message_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_chat_choices_message_id", "chat_choices", ["message_id"])


def downgrade() -> None:
    op.drop_table("chat_choices")
    op.drop_table("chat_messages")
