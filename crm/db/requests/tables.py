"""Requests that came with an Idempotency-Key, and what was answered, for a day."""

from sqlalchemy import Column, Integer, Table, Text

from crm.db.schema.core import at_column, metadata

kept_request = Table(
    "kept_request",
    metadata,
    Column("user", Text(), primary_key=True),
    Column("key", Text(), primary_key=True),
    Column("fingerprint", Text(), nullable=False),
    at_column("at", nullable=False, index=True),
    Column("status", Integer()),
    Column("answer", Text()),
)
