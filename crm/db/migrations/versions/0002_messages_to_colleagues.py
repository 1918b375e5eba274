"""Messages to colleagues, with their read receipts (TEL-7). Only Alembic runs it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "colleague_message",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("caller", sa.Text(), server_default="", nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_colleague_message"),
        sa.UniqueConstraint("key", name="uq_colleague_message_key"),
    )
    op.create_index("ix_colleague_message_ticket", "colleague_message", ["ticket"])
    op.create_index("ix_colleague_message_recipient_at", "colleague_message", ["recipient", "at"])
    op.create_index("ix_colleague_message_sender_at", "colleague_message", ["sender", "at"])


def downgrade() -> None:
    op.drop_table("colleague_message")
