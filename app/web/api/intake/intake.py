"""Registering what came by letter, suggestion box, on site, from the media or 12315 (adapter). TKT-1, TKT-3."""

from typing import Final, TypeVar

import msgspec

from app.web.api.common.shown import shaped
from app.web.api.intake.intake_shapes import (
    ArrivalOut,
    IntakeCategoryOut,
    IntakeNew,
    IntakeOptions,
    TicketRegistered,
)
from app.web.api.tickets.tickets import ticket_of
from app.web.http.contract import Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.http.services import Tools
from app.web.wire.problems import Problem
from config.ids import TicketNumber
from config.schema import Site
from crm.intake.model import BY_HAND, CHANNELS
from crm.tickets.model import TicketKind

T = TypeVar("T")


async def register(ask: Ask[Nothing, IntakeNew]) -> TicketRegistered:
    """A ticket at once, with its number; the store may be away."""
    fields = msgspec.structs.asdict(ask.body)
    number = ask.services.intake.register_by_hand(fields.pop("channel"), fields, who=ask.who)
    return await registered(ask.services, number)


async def registered(services: Tools, number: TicketNumber) -> TicketRegistered:
    """Tells of a new ticket. Raises Problem when the disk does not have it."""
    if not await services.intake.is_kept():
        raise Problem(
            "store_away", f"Ticket {number} is in memory alone: the disk refuses. Write it down.", ticket=number
        )
    now = services.clock()
    return TicketRegistered(ticket=number, registered_at=now, respond_by=services.intake.respond_by(now))


async def options(ask: Ask[Nothing, Nothing]) -> IntakeOptions:
    return IntakeOptions(
        channels=[channel for channel in CHANNELS if channel in BY_HAND],
        kinds=list(TicketKind),
        categories=categories_of(ask.services.site),
    )


async def get_arrival(ask: Ask[Nothing, Nothing]) -> ArrivalOut:
    """404 for a ticket that came by telephone."""
    ticket = await ticket_of(ask)
    found = await ask.seen.tickets.arrival(ticket.number)
    if found is None:
        raise Problem("not_found", f"Ticket {ticket.number} came by telephone.")
    facts, whole = found
    respond_by = ask.services.intake.respond_by(facts.received_at)
    return shaped(ArrivalOut, facts, respond_by=respond_by, masked=not whole)


def categories_of(site: Site) -> list[IntakeCategoryOut]:
    return [
        IntakeCategoryOut(
            id=each.id, title=each.title, title_en=each.title_en, kinds=[TicketKind(kind) for kind in each.kinds]
        )
        for each in site.matters.categories
    ]


# fmt: off
INTAKE: Final[tuple[AnyOperation, ...]] = (
    operation("register", "POST /api/intake", register,
              "Register a letter, a visit, a referral: a ticket with its number at once",
              Nothing, IntakeNew, TicketRegistered, 201),
    operation("intake_options", "GET /api/intake/options", options,
              "Channels, kinds and categories for registering", Nothing, Nothing, IntakeOptions),
    operation("get_arrival", "GET /api/tickets/{number}/arrival", get_arrival,
              "How a ticket of another channel came", Nothing, Nothing, ArrivalOut),
)
# fmt: on
