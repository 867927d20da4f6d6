"""What became of a question, on the answer to it.

Revision ID: chat_0002
Revises: chat_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "chat_0002"
down_revision = "chat_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added in place, not by copying the table: it may hold millions of rows.
    op.add_column("chat_messages", sa.Column("outcome", sa.String(12)))


def downgrade() -> None:
    op.drop_column("chat_messages", "outcome")
