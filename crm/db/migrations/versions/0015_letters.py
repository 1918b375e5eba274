"""Mails that could not be read; tokens and Message-IDs of messages that we send, by which answers find their ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
At = sa.DateTime(timezone=True)


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "mail_aside",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", At, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _text("why"),
        sa.Column("size", sa.Integer(), nullable=False),
        _text("file"),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        _text("note"),
        sa.Column("done_at", At, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mail_aside"),
        sa.UniqueConstraint("place", name="uq_mail_aside_place"),
    )
    op.create_index("ix_mail_aside_state_id", "mail_aside", ["state", "id"])
    op.add_column("outbox", sa.Column("token", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("message_id", sa.Text(), nullable=True))
    op.create_index("ix_outbox_token", "outbox", ["token"], unique=True)
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_outbox_message_id", "outbox")
    op.drop_index("ix_outbox_token", "outbox")
    op.drop_column("outbox", "message_id")
    op.drop_column("outbox", "token")
    op.drop_table("mail_aside")
