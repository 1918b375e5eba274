"""The audit trail as a table: who did what to which record, each row sealed with the one before it. CUS-4."""

from sqlalchemy import Column, Index, Integer, Table, Text

from crm.db.schema.core import at_column, id_column, metadata, text_column

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("day", Text(), nullable=False),
    Column("serial", Integer(), nullable=False),
    at_column("at", nullable=False),
    Column("by", Text(), nullable=False),
    Column("action", Text(), nullable=False),
    Column("subject", Text(), nullable=False),
    text_column("details"),
    Column("seal", Text(), nullable=False),
    Index("ix_audit_day_serial", "day", "serial", unique=True),
    Index("ix_audit_subject_at", "subject", "at"),
)
