"""Reports that were made: once per kind and period, and whether they have been sent. RPT-3."""

from sqlalchemy import Column, Index, Integer, Table, Text

from crm.db.schema.core import at_column, metadata, text_column

report_run = Table(
    "report_run",
    metadata,
    Column("kind", Text(), primary_key=True),
    Column("period", Text(), primary_key=True),
    at_column("made_at", nullable=False),
    text_column("summary"),
    at_column("sent_at"),
    Column("attempts", Integer(), nullable=False, server_default="0"),
    at_column("try_at"),
    text_column("reached"),
    text_column("failure"),
    Index("ix_report_run_made_at", "made_at"),
    Index("ix_report_run_try_at", "try_at"),
)
