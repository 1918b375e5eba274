"""The tables (SQLAlchemy Core) and the column types that make both stores agree. A change here needs a migration."""

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


def _id() -> "Column[int]":
    return Column("id", RowId, primary_key=True, autoincrement=True)


def _at(name: str, **options: Any) -> "Column[datetime]":
    return Column(name, UtcDateTime(), **options)


def _text(name: str) -> "Column[str]":
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
    _id(),
    Column("event_id", Text(), nullable=False, unique=True),
    Column("name", Text(), nullable=False),
    _at("at", nullable=False),
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
    _id(),
    Column("version", Integer(), nullable=False),
    Column("name", Text(), nullable=False),
    _text("form_of_address"),
    _text("employer"),
    _text("post"),
    _text("address"),
    _text("notes"),
    Column("key_customer", Boolean(), nullable=False),
    Column("do_not_call", Boolean(), nullable=False),
    _at("updated_at", nullable=False),
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
)

customer_change = Table(
    "customer_change",
    metadata,
    _id(),
    Column("customer_id", ForeignKey("customer.id", ondelete="CASCADE"), nullable=False, index=True),
    _at("at", nullable=False),
    Column("by", Text()),
    Column("field", Text(), nullable=False),
    Column("old", Text()),
    Column("new", Text()),
)

ticket = Table(
    "ticket",
    metadata,
    Column("number", Text(), primary_key=True),
    _at("opened_at", nullable=False),
    Column("state", Text(), nullable=False),
    Column("kind", Text()),
    Column("severity", Text(), nullable=False),
    Column("channel", Text(), nullable=False),
    Column("line", Text()),
    _text("dnis"),
    _text("ani"),
    _text("number_key"),
    Column("call_id", Text()),
    Column("agent", Text()),
    Column("customer_id", ForeignKey("customer.id", ondelete="SET NULL")),
    Column("disposition", Text()),
    _text("matter"),
    _text("wish"),
    _text("contact_name"),
    _text("form_of_address"),
    _text("contact_number"),
    _text("note"),
    Column("version", Integer(), nullable=False),
    Index("ix_ticket_opened_at_number", "opened_at", "number"),
    Index("ix_ticket_number_key_opened_at", "number_key", "opened_at"),
    Index("ix_ticket_customer_id_opened_at", "customer_id", "opened_at"),
    Index("ix_ticket_agent_opened_at", "agent", "opened_at"),
)

ticket_change = Table(
    "ticket_change",
    metadata,
    _id(),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    _at("at", nullable=False),
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
    _at("invited_at", nullable=False),
    _at("ringing_at"),
    _at("answered_at"),
    Column("rings", Integer()),
    _at("menu_at"),
    _at("chosen_at"),
    Column("keys", Text()),
    Column("choice", Text()),
    _at("queued_at"),
    _at("offered_at"),
    _at("agent_answered_at"),
    _at("talk_at"),
    _at("ended_at"),
    Column("ended_by", Text()),
    Column("outcome", Text()),
    Column("wait_s", Float()),
    Column("speech_s", Float()),
    Column("talk_s", Float()),
    Column("satisfaction", Integer()),
    Index("ix_call_invited_at_call_id", "invited_at", "call_id"),
    Index("ix_call_number_key_invited_at", "number_key", "invited_at"),
    Index("ix_call_agent_invited_at", "agent", "invited_at"),
)

agent_state = Table(
    "agent_state",
    metadata,
    _id(),
    Column("event_id", Text(), nullable=False, unique=True),
    Column("agent", Text(), nullable=False),
    _at("at", nullable=False, index=True),
    Column("state", Text(), nullable=False),
    Column("reason", Text()),
    Column("call_id", Text()),
    Index("ix_agent_state_agent_at", "agent", "at"),
)

recording = Table(
    "recording",
    metadata,
    _id(),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    Column("call_id", Text(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("file", Text(), nullable=False),
    _at("recorded_at", nullable=False, index=True),
    Column("duration_s", Float()),
    _at("deleted_at"),
    UniqueConstraint("kind", "file"),
)

recording_playback = Table(
    "recording_playback",
    metadata,
    _id(),
    Column("recording_id", ForeignKey("recording.id"), nullable=False, index=True),
    Column("by", Text(), nullable=False),
    _at("at", nullable=False),
)

due_call = Table(
    "due_call",
    metadata,
    _id(),
    Column("key", Text(), nullable=False, unique=True),
    Column("kind", Text(), nullable=False),
    Column("state", Text(), nullable=False),
    Column("number", Text(), nullable=False),
    Column("number_key", Text(), nullable=False),
    _at("due_at", nullable=False),
    Column("ticket", Text(), index=True),
    Column("queue", Text(), nullable=False),
    _text("note"),
    Column("customer_id", ForeignKey("customer.id", ondelete="SET NULL")),
    Column("attempts", Integer(), nullable=False),
    Column("fence", Integer(), nullable=False),
    Column("owner", Text()),
    _at("lease_until"),
    Column("channel_id", Text()),
    Column("accepted_by", Text()),
    _at("accepted_at"),
    Column("outcome", Text()),
    _at("created_at", nullable=False),
    Column("created_by", Text()),
    _at("closed_at"),
    Column("closed_by", Text()),
    _at("queued_at"),
    Column("language", Text()),
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
    _at("at", nullable=False),
    Column("channel_id", Text(), nullable=False),
    _at("ended_at"),
    Column("outcome", Text()),
    Column("agent", Text()),
    Column("call_id", Text()),
)

colleague_message = Table(
    "colleague_message",
    metadata,
    _id(),
    Column("key", Text(), nullable=False, unique=True),
    _at("at", nullable=False),
    Column("sender", Text(), nullable=False),
    Column("recipient", Text(), nullable=False),
    Column("text", Text(), nullable=False),
    Column("ticket", Text(), index=True),
    _text("caller"),
    _at("read_at"),
    Index("ix_colleague_message_recipient_at", "recipient", "at"),
    Index("ix_colleague_message_sender_at", "sender", "at"),
)

user_account = Table(
    "user_account",
    metadata,
    Column("name", Text(), primary_key=True),
    Column("display_name", Text(), nullable=False),
    _text("display_name_en"),
    Column("role", Text(), nullable=False),
    Column("password_hash", Text()),
    Column("active", Boolean(), nullable=False),
    Column("failures", Integer(), nullable=False, server_default="0"),
    _at("locked_until"),
)

user_session = Table(
    "user_session",
    metadata,
    Column("token_hash", Text(), primary_key=True),
    Column("name", ForeignKey("user_account.name"), nullable=False, index=True),
    _at("created_at", nullable=False),
    _at("seen_at", nullable=False),
)
