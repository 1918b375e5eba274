"""What a booking or an appointment says of its customer: name and number, the given ones or the ticket's (flow)."""

from config.numbering import normalise, number_fault
from crm.errors import BadValue
from crm.tickets.model import TicketDetail
from crm.use_cases.cases import Ports


def whole_number(ports: Ports, given: str | None, ticket: TicketDetail | None) -> str:
    """The number to ring: the given one, else the ticket's; "" for a customer without one. Raises BadValue."""
    area_code = ports.site.area_code
    if given is None:
        number = (ticket.contact_number or ticket.ani) if ticket else ""
        return number if normalise(number, area_code).normalised else ""
    if given and (fault := number_fault(given, area_code)):
        raise BadValue("contact_number", fault)
    return given.strip()


def name_of(given: str | None, ticket: TicketDetail) -> str:
    """The name that is given, else the ticket's."""
    return (ticket.contact_name or ticket.customer_name or "") if given is None else given.strip()
