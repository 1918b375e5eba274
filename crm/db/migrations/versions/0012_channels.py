"""Tickets of other channels, their letters and files; kept requests; web hooks; an audit trail that only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
At = sa.DateTime(timezone=True)
REFUSAL = "the audit trail is append-only"


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    _intake()
    _hooks()
    op.create_table(
        "kept_request",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("at", At, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("user", "key", name="pk_kept_request"),
    )
    op.create_index("ix_kept_request_at", "kept_request", ["at"])
    _only_growing()


def _intake() -> None:
    op.create_table(
        "intake",
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("received_at", At, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        _text("email"),
        _text("address"),
        _text("reference"),
        sa.Column("key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_intake_ticket"),
        sa.PrimaryKeyConstraint("ticket", name="pk_intake"),
        sa.UniqueConstraint("key", name="uq_intake_key"),
    )
    op.create_table(
        "letter",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("at", At, nullable=False),
        sa.Column("received_at", At, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        _text("subject"),
        _text("text"),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_letter_ticket"),
        sa.PrimaryKeyConstraint("event_id", name="pk_letter"),
        sa.UniqueConstraint("key", name="uq_letter_key"),
    )
    op.create_index("ix_letter_ticket", "letter", ["ticket"])
    op.create_table(
        "attachment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("at", At, nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("deleted_at", At, nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_attachment_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
    )
    op.create_index("ix_attachment_ticket_at", "attachment", ["ticket", "at"])
    op.create_index("ix_attachment_deleted_at_at", "attachment", ["deleted_at", "at"])
    op.create_table(
        "mailbox_position",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name="pk_mailbox_position"),
    )


def _hooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", At, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("failing_since", At, nullable=True),
        _text("stopped_why"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("webhook", RowId, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("at", At, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", At, nullable=False),
        sa.Column("done_at", At, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        _text("error"),
        sa.ForeignKeyConstraint(["webhook"], ["webhook.id"], name="fk_webhook_delivery_webhook", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
    )
    op.create_index("ix_webhook_delivery_webhook_done_at", "webhook_delivery", ["webhook", "done_at", "id"])
    op.create_index("ix_webhook_delivery_at", "webhook_delivery", ["at"])
    op.create_table(
        "webhook_position",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_webhook_position"),
    )


def _only_growing() -> None:
    """The store itself refuses to change or remove a row of the audit trail (CUS-4)."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_refuses_{act.lower()} BEFORE {act} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER audit_refuses_{act}")
    else:
        op.execute("DROP TRIGGER audit_refuses_change ON audit")
        op.execute("DROP FUNCTION audit_refuses()")
    for table in (
        "kept_request",
        "webhook_position",
        "webhook_delivery",
        "webhook",
        "mailbox_position",
        "attachment",
        "letter",
        "intake",
    ):
        op.drop_table(table)
