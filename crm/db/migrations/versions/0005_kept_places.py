"""Callbacks that keep the place in a queue: since when it is theirs, and the language of the caller. FUP-1."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("due_call", sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("due_call", sa.Column("language", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("due_call", "language")
    op.drop_column("due_call", "queued_at")
