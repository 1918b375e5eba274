"""All tables of the store: importing this makes `metadata` complete, as the migrations make the database."""

from crm.db.audit import tables as audit
from crm.db.bookings import tables as bookings
from crm.db.cases import tables as cases
from crm.db.outbox import tables as outbox
from crm.db.schema import metadata

__all__ = ["audit", "bookings", "cases", "metadata", "outbox"]
