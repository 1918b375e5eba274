"""Which tickets somebody may see, as a condition: the one place where restricted ones are left out of lists. LNE-6."""

from sqlalchemy import ColumnElement, or_, true

from crm.cases.organisation import Sight
from crm.db.schema.core import ticket


def visible(sight: Sight) -> ColumnElement[bool]:
    """As `Sight.sees`, for a query over `ticket`."""
    if sight.everything:
        return true()
    return or_(
        ticket.c.restricted.is_(False),
        ticket.c.department.in_(sight.departments),
        ticket.c.level.in_(sight.levels),
    )
