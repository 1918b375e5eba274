"""Search over tickets: what is asked, and what a reader may see of what was found (adapter). TKT-7, CUS-4."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.web.api.common.records import TicketOut
from app.web.api.common.shown import ticket_out
from app.web.http.contract import Key, Listed, Moment, Nothing, Out, Paging
from app.web.http.operations import AnyOperation, Ask, operation
from config.schema import LineKind
from crm.tickets.model import TicketKind, TicketState
from crm.tickets.search import Found


class SearchQuery(Paging, frozen=True, kw_only=True):
    """`q`: words that must all be there, "a phrase", -not, the number of a ticket or telephone."""

    q: Annotated[str, Meta(max_length=200)]
    kind: TicketKind | None = None
    state: TicketState | None = None
    line: LineKind | None = None
    agent: Key | None = None
    since: Moment | None = None
    until: Moment | None = None


class PieceOut(Out, frozen=True, kw_only=True):
    """A part of a snippet; `hit`: it is what was looked for."""

    text: str
    hit: bool


class FoundOut(Out, frozen=True, kw_only=True):
    ticket: TicketOut
    snippet: list[PieceOut]


async def search_tickets(ask: Ask[SearchQuery, Nothing]) -> Listed[FoundOut]:
    """Newest first. What is restricted only those find who may see it (LNE-6); of telephone numbers only whole ones
    are found, which is on record."""
    given = msgspec.structs.asdict(ask.query)
    page = await ask.seen.tickets.search(given.pop("q"), **given)
    return Listed(items=[_found(each) for each in page.items], next=page.next)


def _found(found: Found) -> FoundOut:
    snippet = [PieceOut(text=piece.text, hit=piece.hit) for piece in found.snippet]
    return FoundOut(ticket=ticket_out(found.ticket), snippet=snippet)


# fmt: off
SEARCH: Final[tuple[AnyOperation, ...]] = (
    operation("search_tickets", "GET /api/search", search_tickets,
              "Tickets in which all these words are, newest first", SearchQuery, Nothing, Listed[FoundOut]),
)
# fmt: on
