"""What other channels bring, as tables: facts of arrival, letters on a ticket, attached files. TKT-1, TKT-3."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from crm.db.schema.core import at_column, id_column, metadata, text_column

intake = Table(
    "intake",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    at_column("received_at", nullable=False),
    Column("recorded_by", Text()),
    text_column("email"),
    text_column("address"),
    text_column("reference"),
    Column("key", Text(), unique=True),
)

letter = Table(
    "letter",
    metadata,
    Column("event_id", Text(), primary_key=True),
    Column("ticket", ForeignKey("ticket.number"), nullable=False, index=True),
    at_column("at", nullable=False),
    at_column("received_at", nullable=False),
    Column("email", Text(), nullable=False),
    text_column("subject"),
    text_column("text"),
    Column("key", Text(), nullable=False, unique=True),
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", Text(), primary_key=True),
    Column("ticket", ForeignKey("ticket.number"), nullable=False),
    Column("name", Text(), nullable=False),
    Column("media", Text(), nullable=False),
    Column("size", Integer(), nullable=False),
    Column("sha256", Text(), nullable=False),
    at_column("at", nullable=False),
    Column("by", Text()),
    at_column("deleted_at"),
    Index("ix_attachment_ticket_at", "ticket", "at"),
    Index("ix_attachment_deleted_at_at", "deleted_at", "at"),
)

mailbox_position = Table(
    "mailbox_position",
    metadata,
    Column("mailbox", Text(), primary_key=True),
    Column("uid_validity", BigInteger(), nullable=False),
    Column("uid", BigInteger(), nullable=False),
)

mail_aside = Table(
    "mail_aside",
    metadata,
    id_column(),
    Column("place", Text(), nullable=False, unique=True),
    Column("tries", Integer(), nullable=False),
    at_column("at", nullable=False),
    Column("state", Text(), nullable=False),
    text_column("why"),
    Column("size", Integer(), nullable=False),
    text_column("file"),
    Column("ticket", Text()),
    Column("by", Text()),
    text_column("note"),
    at_column("done_at"),
    Index("ix_mail_aside_state_id", "state", "id"),
)
