"""API keys as a table: a key's hash and what it may do. A row stays after the end, for the trail that names it."""

from sqlalchemy import Column, Table, Text

from crm.db.schema.core import at_column, metadata

api_key = Table(
    "api_key",
    metadata,
    Column("name", Text(), primary_key=True),
    Column("key_hash", Text(), nullable=False, unique=True),
    Column("role", Text(), nullable=False),
    Column("scope", Text(), nullable=False),
    at_column("created_at", nullable=False),
    Column("created_by", Text(), nullable=False),
    at_column("expires_at", nullable=False),
    at_column("used_at"),
    at_column("refused_at"),
    at_column("revoked_at"),
    Column("revoked_by", Text()),
)
