"""All tables of the store: importing this makes `metadata` complete, as the migrations make the database."""

from crm.db.calendar import tables as calendar
from crm.db.hooks import tables as hooks
from crm.db.keys import tables as keys
from crm.db.knowledge import tables as knowledge
from crm.db.quality import tables as quality
from crm.db.reports import tables as reports
from crm.db.requests import tables as requests
from crm.db.schema import audit as audit
from crm.db.schema import bookings as bookings
from crm.db.schema import cases as cases
from crm.db.schema import customers as customers
from crm.db.schema import intake as intake
from crm.db.schema import outbox as outbox
from crm.db.schema import suggestions as suggestions
from crm.db.schema import users as users
from crm.db.schema.core import metadata

__all__ = [
    "audit",
    "bookings",
    "calendar",
    "cases",
    "customers",
    "hooks",
    "intake",
    "keys",
    "knowledge",
    "metadata",
    "outbox",
    "quality",
    "reports",
    "requests",
    "suggestions",
    "users",
]
