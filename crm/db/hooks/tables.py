"""Web hooks as tables: who wants to be told of what, and what is still to be told. Delivered in the order of ids."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from crm.db.schema.core import at_column, id_column, metadata, text_column

webhook = Table(
    "webhook",
    metadata,
    id_column(),
    Column("url", Text(), nullable=False),
    Column("events", Text(), nullable=False),
    Column("secret", Text(), nullable=False),
    Column("active", Boolean(), nullable=False),
    at_column("created_at", nullable=False),
    Column("created_by", Text(), nullable=False),
    at_column("failing_since"),
    text_column("stopped_why"),
    Column("version", Integer(), nullable=False),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    id_column(),
    Column("webhook", ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("event", Text(), nullable=False),
    Column("payload", Text(), nullable=False),
    at_column("at", nullable=False),
    Column("attempts", Integer(), nullable=False),
    at_column("next_at", nullable=False),
    at_column("done_at"),
    Column("status", Integer()),
    text_column("error"),
    Index("ix_webhook_delivery_webhook_done_at", "webhook", "done_at", "id"),
    Index("ix_webhook_delivery_at", "at"),
)

webhook_position = Table(
    "webhook_position",
    metadata,
    Column("source", Text(), primary_key=True),
    Column("last_id", BigInteger(), nullable=False),
)
