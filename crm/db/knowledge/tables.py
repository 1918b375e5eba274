"""Knowledge cards as tables: every version is kept, every opening counted. CPL-10."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from crm.db.schema.core import at_column, id_column, metadata

knowledge_card = Table(
    "knowledge_card",
    metadata,
    id_column(),
    Column("key", Text(), nullable=False, unique=True),
)

knowledge_version = Table(
    "knowledge_version",
    metadata,
    Column("card_id", ForeignKey("knowledge_card.id"), primary_key=True),
    Column("version", Integer(), primary_key=True, autoincrement=False),
    at_column("at", nullable=False),
    Column("by", Text(), nullable=False),
    Column("title", Text(), nullable=False),
    Column("text", Text(), nullable=False),
    Column("keywords", Text(), nullable=False),
    Column("kinds", Text(), nullable=False),
    Column("categories", Text(), nullable=False),
    Column("valid_from", Text()),
    Column("valid_until", Text()),
    Column("approved_by", Text()),
    at_column("approved_at"),
)

knowledge_opening = Table(
    "knowledge_opening",
    metadata,
    id_column(),
    Column("card_id", ForeignKey("knowledge_card.id"), nullable=False),
    at_column("at", nullable=False),
    Column("by", Text(), nullable=False),
    Column("ticket", Text()),
    Index("ix_knowledge_opening_card_id_at", "card_id", "at"),
)
