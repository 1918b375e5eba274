"""Written messages that leave the house, as a table: sent at least once each, by whoever has the lease. BKG-2."""

from sqlalchemy import Column, Index, Integer, Table, Text

from crm.db.schema.core import at_column, id_column, metadata, text_column

outbox = Table(
    "outbox",
    metadata,
    id_column(),
    Column("key", Text(), nullable=False, unique=True),
    Column("route", Text(), nullable=False),
    Column("recipient", Text(), nullable=False),
    text_column("title"),
    Column("text", Text(), nullable=False),
    Column("about", Text(), nullable=False),
    Column("ticket", Text()),
    Column("token", Text()),
    Column("message_id", Text()),
    Column("state", Text(), nullable=False),
    at_column("created_at", nullable=False),
    at_column("next_at", nullable=False),
    Column("attempts", Integer(), nullable=False),
    at_column("lease_until"),
    at_column("sent_at"),
    text_column("error"),
    Index("ix_outbox_state_next_at", "state", "next_at"),
    Index("ix_outbox_about_id", "about", "id"),
    Index("ix_outbox_token", "token", unique=True),
    Index("ix_outbox_message_id", "message_id", unique=True),
)
