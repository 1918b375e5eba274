"""Days of the calendar that people have entered: a year's official notice, and days of the site's own. CPL-3."""

from sqlalchemy import Column, Date, Integer, Table, Text

from crm.db.schema.core import at_column, metadata

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("day", Date(), primary_key=True),
    Column("source", Text(), primary_key=True),
    Column("kind", Text(), nullable=False),
    Column("by", Text(), nullable=False),
    at_column("at", nullable=False),
    Column("festival", Text(), nullable=False, server_default=""),
    Column("notice", Integer()),
)
