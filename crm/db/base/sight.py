"""Which tickets somebody may see, as a condition: the one place where restricted ones are left out of lists. LNE-6."""

from sqlalchemy import ColumnElement, and_, exists, or_, true

from crm.cases.organisation import Sight
from crm.db.schema.cases import ticket_person
from crm.db.schema.core import customer, ticket


def visible(sight: Sight) -> ColumnElement[bool]:
    """As `Sight.sees`, for a query over `ticket`."""
    if sight.everything and sight.person is None:
        return true()
    let_in: ColumnElement[bool] = true()
    if not sight.everything:
        let_in = or_(ticket.c.department.in_(sight.departments), ticket.c.level.in_(sight.levels))
    if sight.person is not None:
        let_in = and_(let_in, ~about(sight.person))
    return or_(ticket.c.restricted.is_(False), let_in)


def hangs_on_visible(number: ColumnElement[str] | ColumnElement[str | None], sight: Sight) -> ColumnElement[bool]:
    """Whether what hangs on a ticket may be seen, by the column with its number; what hangs on none may."""
    if sight.everything and sight.person is None:
        return true()
    return or_(number.is_(None), exists().where(ticket.c.number == number, visible(sight)))


def about(person: str) -> ColumnElement[bool]:
    """Whether a ticket is a complaint of this colleague, for a query over `ticket`."""
    mine = (ticket_person.c.ticket == ticket.c.number) & (ticket_person.c.person == person)
    return exists().where(mine).correlate(ticket)


def card_visible(sight: Sight) -> ColumnElement[bool]:
    """Whether a card may be seen, for a query over `customer`: not of somebody whom only hidden tickets speak of."""
    if sight.everything and sight.person is None:
        return true()
    theirs = ticket.c.customer_id == customer.c.id
    hidden = exists().where(theirs, ticket.c.restricted.is_(True), ~visible(sight)).correlate(customer)
    return or_(~hidden, exists().where(theirs, visible(sight)).correlate(customer))


def card_about(person: str) -> ColumnElement[bool]:
    """Whether this customer has complained of this colleague, for a query over `customer`."""
    return exists().where(ticket.c.customer_id == customer.c.id, about(person)).correlate(customer)
