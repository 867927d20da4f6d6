"""The form that is open after an answer.

Revision ID: chat_0003
Revises: chat_0002
"""

import sqlalchemy as sa
from alembic import op

revision = "chat_0003"
down_revision = "chat_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added in place, not by copying the table: it may hold millions of rows.
    op.add_column("chat_messages", sa.Column("form", sa.String(100)))


def downgrade() -> None:
    op.drop_column("chat_messages", "form")
