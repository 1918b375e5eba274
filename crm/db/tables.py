"""All tables of the store: importing this makes `metadata` complete, as the migrations make the database."""

from crm.db.audit import tables as audit
from crm.db.bookings import tables as bookings
from crm.db.calendar import tables as calendar
from crm.db.cases import tables as cases
from crm.db.customers import tables as customers
from crm.db.knowledge import tables as knowledge
from crm.db.outbox import tables as outbox
from crm.db.quality import tables as quality
from crm.db.reports import tables as reports
from crm.db.schema import metadata
from crm.db.suggestions import tables as suggestions

__all__ = [
    "audit",
    "bookings",
    "calendar",
    "cases",
    "customers",
    "knowledge",
    "metadata",
    "outbox",
    "quality",
    "reports",
    "suggestions",
]
