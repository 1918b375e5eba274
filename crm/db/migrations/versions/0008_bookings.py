"""Bookings of visits and guides, appointments at customers' places, their steps; messages that leave the house. BKG."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> "sa.Column[int]":
    return sa.Column("id", RowId, autoincrement=True, nullable=False)


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _required(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=False)


def _maybe(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=True)


def _at(name: str, *, nullable: bool = True) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _hangs_on_ticket(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=f"fk_{table}_ticket"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=f"fk_{table}_customer_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("key", name=f"uq_{table}_key"),
    )


def upgrade() -> None:
    _bookings()
    _appointments()
    op.create_table(
        "booking_step",
        _id(),
        _required("subject"),
        _required("ticket"),
        _at("at", nullable=False),
        _required("by"),
        _required("step"),
        _text("details"),
        _maybe("event_id"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_booking_step_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_booking_step"),
        sa.UniqueConstraint("event_id", name="uq_booking_step_event_id"),
    )
    op.create_index("ix_booking_step_ticket", "booking_step", ["ticket"])
    op.create_index("ix_booking_step_subject_id", "booking_step", ["subject", "id"])
    op.create_table(
        "outbox",
        _id(),
        *(_required(name) for name in ("key", "route", "recipient")),
        _text("title"),
        *(_required(name) for name in ("text", "about")),
        _maybe("ticket"),
        _required("state"),
        _at("created_at", nullable=False),
        _at("next_at", nullable=False),
        _whole("attempts"),
        _at("lease_until"),
        _at("sent_at"),
        _text("error"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_state_next_at", "outbox", ["state", "next_at"])
    op.create_index("ix_outbox_about_id", "outbox", ["about", "id"])


def _bookings() -> None:
    op.create_table(
        "booking",
        _id(),
        _required("key"),
        _required("ticket"),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        _required("state"),
        _at("starts_at", nullable=False),
        _at("ends_at", nullable=False),
        _whole("party"),
        _maybe("language"),
        _maybe("guide"),
        *(_text(name) for name in ("contact_name", "contact_number", "number_key", "note")),
        _at("made_at", nullable=False),
        _required("made_by"),
        _at("told_at"),
        _whole("rating", nullable=True),
        _whole("version"),
        *_hangs_on_ticket("booking"),
    )
    op.create_index("ix_booking_ticket", "booking", ["ticket"])
    op.create_index("ix_booking_customer_id", "booking", ["customer_id"])
    op.create_index("ix_booking_starts_at_id", "booking", ["starts_at", "id"])
    op.create_index("ix_booking_number_key_starts_at", "booking", ["number_key", "starts_at"])


def _appointments() -> None:
    op.create_table(
        "appointment",
        _id(),
        _required("key"),
        _required("ticket"),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        _required("kind"),
        _required("state"),
        _at("at", nullable=False),
        _required("person"),
        *(_text(name) for name in ("place", "contact_name", "contact_number", "note", "because")),
        _at("proposed_at", nullable=False),
        _required("proposed_by"),
        _at("agreed_at"),
        _maybe("agreed_by"),
        *(_at(name) for name in ("arrived_at", "reminded_at", "warned_at")),
        _whole("version"),
        *_hangs_on_ticket("appointment"),
    )
    op.create_index("ix_appointment_ticket", "appointment", ["ticket"])
    op.create_index("ix_appointment_customer_id", "appointment", ["customer_id"])
    op.create_index("ix_appointment_at_id", "appointment", ["at", "id"])
    op.create_index("ix_appointment_state_at", "appointment", ["state", "at"])
    op.create_index("ix_appointment_person_at", "appointment", ["person", "at"])


def downgrade() -> None:
    for table in ("outbox", "booking_step", "appointment", "booking"):
        op.drop_table(table)
