"""The tables of calls and tickets (SQLAlchemy Core), and the column types that make both stores agree.

Each later slice has its tables beside its queries (crm/db/<slice>/tables.py); all of them are in crm/db/tables.py. A
change needs a migration.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out, on every driver. A naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value}: an instant has a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rowids only in a column declared INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")


def id_column() -> "Column[int]":
    """The primary key of a table whose rows the store counts."""
    return Column("id", RowId, primary_key=True, autoincrement=True)


def at_column(name: str, **options: Any) -> "Column[datetime]":
    """An instant."""
    return Column(name, UtcDateTime(), **options)


def text_column(name: str) -> "Column[str]":
    """A text that is empty rather than missing."""
    return Column(name, Text(), nullable=False, server_default="")


journal_position = Table(
    "journal_position",
    metadata,
    Column("journal", Text(), primary_key=True),
    Column("segment", Text(), nullable=False),
    Column("offset", BigInteger(), nullable=False),
)

event = Table(
    "event",
    metadata,
    id_column(),
    Column("event_id", Text(), nullable=False, unique=True),
    Column("name", Text(), nullable=False),
    at_column("at", nullable=False),
    Column("call_id", Text()),
    Column("payload", Text(), nullable=False),
    Index("ix_event_call_id_at", "call_id", "at"),
)

rejected_event = Table(
    "rejected_event",
    metadata,
    Column("event_id", Text(), primary_key=True),
    Column("payload", Text(), nullable=False),
    Column("error", Text(), nullable=False),
)

customer = Table(
    "customer",
    metadata,
    id_column(),
    Column("version", Integer(), nullable=False),
    Column("kind", Text(), nullable=False, server_default="person"),
    Column("name", Text(), nullable=False),
    text_column("form_of_address"),
    text_column("employer"),
    text_column("post"),
    text_column("shop_name"),
    text_column("unit"),
    text_column("floor"),
    text_column("contact_person"),
    text_column("address"),
    text_column("notes"),
    Column("key_customer", Boolean(), nullable=False),
    Column("looked_after_by", Text()),
    Column("do_not_call", Boolean(), nullable=False),
    at_column("updated_at", nullable=False),
    # A card that was merged only leads to the one that stayed; it goes with it.
    Column("merged_into", ForeignKey("customer.id", ondelete="CASCADE"), index=True),
    Index("ix_customer_updated_at_id", "updated_at", "id"),
)

customer_number = Table(
    "customer_number",
    metadata,
    Column("normalised", Text(), primary_key=True),
    Column("customer_id", ForeignKey("customer.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("raw", Text(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("place", Text()),
    Column("rank", Integer(), nullable=False),
    text_column("use"),
    text_column("extension"),
)

customer_change = Table(
    "customer_change",
    metadata,
    id_column(),
    Column("customer_id", ForeignKey("customer.id", ondelete="CASCADE"), nullable=False, index=True),
    at_column("at", nullable=False),
    Column("by", Text()),
    Column("field", Text(), nullable=False),
    Column("old", Text()),
    Column("new", Text()),
)

ticket = Table(
    "ticket",
    metadata,
    Column("number", Text(), primary_key=True),
    at_column("opened_at", nullable=False),
    Column("state", Text(), nullable=False),
    Column("kind", Text()),
    Column("severity", Text(), nullable=False),
    Column("channel", Text(), nullable=False),
    Column("line", Text()),
    text_column("dnis"),
    text_column("ani"),
    text_column("number_key"),
    Column("call_id", Text()),
    Column("agent", Text()),
    Column("customer_id", ForeignKey("customer.id", ondelete="SET NULL")),
    Column("disposition", Text()),
    text_column("matter"),
    text_column("wish"),
    text_column("contact_name"),
    text_column("form_of_address"),
    text_column("contact_number"),
    text_column("note"),
    Column("stage", Text()),
    Column("level", Text()),
    Column("holder", Text()),
    Column("category", Text()),
    Column("department", Text()),
    Column("restricted", Boolean(), nullable=False, server_default=false()),
    Column("case_of", ForeignKey("ticket.number", ondelete="SET NULL"), index=True),
    Column("version", Integer(), nullable=False),
    Index("ix_ticket_stage_number", "stage", "number"),
    Index("ix_ticket_holder_opened_at", "holder", "opened_at"),
    Index("ix_ticket_department_opened_at", "department", "opened_at"),
    Index("ix_ticket_opened_at_number", "opened_at", "number"),
    Index("ix_ticket_number_key_opened_at", "number_key", "opened_at"),
    Index("ix_ticket_customer_id_opened_at", "customer_id", "opened_at"),
    Index("ix_ticket_agent_opened_at", "agent", "opened_at"),
)

ticket_change = Table(
    "ticket_change",
    metadata,
    id_column(),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    at_column("at", nullable=False),
    Column("by", Text()),
    Column("field", Text(), nullable=False),
    Column("old", Text()),
    Column("new", Text()),
)

call = Table(
    "call",
    metadata,
    Column("call_id", Text(), primary_key=True),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    Column("direction", Text(), nullable=False),
    Column("line", Text()),
    Column("dnis", Text(), nullable=False),
    Column("ani", Text(), nullable=False),
    Column("number_key", Text(), nullable=False),
    Column("caller_name", Text(), nullable=False),
    Column("customer_id", ForeignKey("customer.id", ondelete="SET NULL")),
    Column("due_call", Text()),
    Column("queue", Text()),
    Column("agent", Text()),
    at_column("invited_at", nullable=False),
    at_column("ringing_at"),
    at_column("answered_at"),
    Column("rings", Integer()),
    at_column("menu_at"),
    at_column("chosen_at"),
    Column("keys", Text()),
    Column("choice", Text()),
    at_column("queued_at"),
    at_column("offered_at"),
    at_column("agent_answered_at"),
    at_column("talk_at"),
    at_column("ended_at"),
    Column("ended_by", Text()),
    Column("outcome", Text()),
    Column("wait_s", Float()),
    Column("speech_s", Float()),
    Column("talk_s", Float()),
    Column("satisfaction", Integer()),
    Index("ix_call_invited_at_call_id", "invited_at", "call_id"),
    Index("ix_call_number_key_invited_at", "number_key", "invited_at"),
    Index("ix_call_agent_invited_at", "agent", "invited_at"),
    Index("ix_call_customer_id_invited_at", "customer_id", "invited_at"),
)

agent_state = Table(
    "agent_state",
    metadata,
    id_column(),
    Column("event_id", Text(), nullable=False, unique=True),
    Column("agent", Text(), nullable=False),
    at_column("at", nullable=False, index=True),
    Column("state", Text(), nullable=False),
    Column("reason", Text()),
    Column("call_id", Text()),
    Index("ix_agent_state_agent_at", "agent", "at"),
)

recording = Table(
    "recording",
    metadata,
    id_column(),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    Column("call_id", Text(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("file", Text(), nullable=False),
    at_column("recorded_at", nullable=False, index=True),
    Column("duration_s", Float()),
    at_column("deleted_at"),
    UniqueConstraint("kind", "file"),
)

recording_playback = Table(
    "recording_playback",
    metadata,
    id_column(),
    Column("recording_id", ForeignKey("recording.id"), nullable=False, index=True),
    Column("by", Text(), nullable=False),
    at_column("at", nullable=False),
)

due_call = Table(
    "due_call",
    metadata,
    id_column(),
    Column("key", Text(), nullable=False, unique=True),
    Column("kind", Text(), nullable=False),
    Column("state", Text(), nullable=False),
    Column("number", Text(), nullable=False),
    Column("number_key", Text(), nullable=False),
    at_column("due_at", nullable=False),
    Column("ticket", Text(), index=True),
    Column("queue", Text(), nullable=False),
    text_column("note"),
    Column("customer_id", ForeignKey("customer.id", ondelete="SET NULL"), index=True),
    Column("attempts", Integer(), nullable=False),
    Column("fence", Integer(), nullable=False),
    Column("owner", Text()),
    at_column("lease_until"),
    Column("channel_id", Text()),
    Column("accepted_by", Text()),
    at_column("accepted_at"),
    Column("outcome", Text()),
    at_column("created_at", nullable=False),
    Column("created_by", Text()),
    at_column("closed_at"),
    Column("closed_by", Text()),
    at_column("queued_at"),
    Column("language", Text()),
    text_column("fault"),
    Index("ix_due_call_state_due_at", "state", "due_at"),
    # One call to one number at a time (FUP-6), whatever a worker believes.
    Index(
        "uq_due_call_number_owned",
        "number_key",
        unique=True,
        sqlite_where=text("state IN ('claimed', 'dialling', 'talking')"),
        postgresql_where=text("state IN ('claimed', 'dialling', 'talking')"),
    ),
)

due_call_attempt = Table(
    "due_call_attempt",
    metadata,
    Column("due_call", ForeignKey("due_call.id"), primary_key=True),
    Column("attempt", Integer(), primary_key=True, autoincrement=False),
    at_column("at", nullable=False),
    Column("channel_id", Text(), nullable=False),
    at_column("ended_at"),
    Column("outcome", Text()),
    Column("agent", Text()),
    Column("call_id", Text()),
)

colleague_message = Table(
    "colleague_message",
    metadata,
    id_column(),
    Column("key", Text(), nullable=False, unique=True),
    at_column("at", nullable=False),
    Column("sender", Text(), nullable=False),
    Column("recipient", Text(), nullable=False),
    Column("text", Text(), nullable=False),
    Column("ticket", Text(), index=True),
    text_column("caller"),
    at_column("read_at"),
    Index("ix_colleague_message_recipient_at", "recipient", "at"),
    Index("ix_colleague_message_sender_at", "sender", "at"),
)
