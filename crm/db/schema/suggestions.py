"""Suggestions as tables: what each is now, and every step that led there. SUG-1."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from crm.db.schema.core import at_column, id_column, metadata, text_column

suggestion = Table(
    "suggestion",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("nature", Text(), nullable=False),
    text_column("proposer"),
    text_column("contact"),
    text_column("summary"),
    Column("state", Text(), nullable=False),
    Column("department", Text()),
    at_column("registered_at", nullable=False),
    Column("registered_by", Text(), nullable=False),
    at_column("decide_by"),
    at_column("remind_at"),
    Column("adopted", Boolean()),
    text_column("reason"),
    text_column("result"),
    Column("due_call", ForeignKey("due_call.id"), index=True),
    Column("version", Integer(), nullable=False),
    Index("ix_suggestion_registered_at_ticket", "registered_at", "ticket"),
    Index("ix_suggestion_state_remind_at", "state", "remind_at"),
)

suggestion_step = Table(
    "suggestion_step",
    metadata,
    id_column(),
    Column("ticket", ForeignKey("suggestion.ticket"), nullable=False),
    Column("version", Integer(), nullable=False),
    at_column("at", nullable=False),
    Column("by", Text(), nullable=False),
    Column("step", Text(), nullable=False),
    text_column("details"),
    UniqueConstraint("ticket", "version"),
)
