"""All tables of the store: importing this makes `metadata` complete, as the migrations make the database."""

from crm.db.audit import tables as audit
from crm.db.calendar import tables as calendar
from crm.db.cases import tables as cases
from crm.db.hooks import tables as hooks
from crm.db.intake import tables as intake
from crm.db.requests import tables as requests
from crm.db.schema import metadata

__all__ = ["audit", "cases", "hooks", "intake", "metadata", "requests"]
from crm.db.reports import tables as reports

__all__ = ["audit", "cases", "metadata", "reports"]
__all__ = ["audit", "calendar", "cases", "metadata"]
from crm.db.bookings import tables as bookings
from crm.db.outbox import tables as outbox

__all__ = ["audit", "bookings", "cases", "metadata", "outbox"]
