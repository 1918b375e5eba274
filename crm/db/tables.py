"""All tables of the store: importing this makes `metadata` complete, as the migrations make the database."""

from crm.db.audit import tables as audit
from crm.db.bookings import tables as bookings
from crm.db.calendar import tables as calendar
from crm.db.cases import tables as cases
from crm.db.customers import tables as customers
from crm.db.hooks import tables as hooks
from crm.db.intake import tables as intake
from crm.db.knowledge import tables as knowledge
from crm.db.outbox import tables as outbox
from crm.db.quality import tables as quality
from crm.db.reports import tables as reports
from crm.db.requests import tables as requests
from crm.db.schema import metadata
from crm.db.suggestions import tables as suggestions

__all__ = [
    "audit",
    "bookings",
    "calendar",
    "cases",
    "customers",
    "hooks",
    "intake",
    "knowledge",
    "metadata",
    "outbox",
    "quality",
    "reports",
    "requests",
    "suggestions",
]
