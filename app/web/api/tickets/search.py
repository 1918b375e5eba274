"""Search over tickets: what is asked, and what a reader may see of what was found (adapter). TKT-7, CUS-4."""

from typing import Annotated, Final

from msgspec import Meta

from app.web.api.common.records import TicketOut
from app.web.api.common.shown import Viewer
from app.web.api.tickets.tickets import sight_of, viewer_of
from app.web.http.contract import Key, Listed, Moment, Nothing, Out, Paging
from app.web.http.operations import AnyOperation, Ask, operation
from config.schema import LineKind
from crm.cases.organisation import Sight
from crm.db.tickets.search_queries import Found, Within
from crm.tickets.model import TicketKind, TicketState


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
    """Newest first. What is restricted only those find who may see it (LNE-6)."""
    query, sight = ask.query, sight_of(ask)
    within = Within(
        kind=query.kind,
        state=query.state,
        line=query.line,
        agent=query.agent,
        since=query.since,
        until=query.until,
        restricted=sight != Sight(),
    )
    page = await ask.services.store.search.find(query.q, within, limit=query.limit, after=query.after)
    viewer = viewer_of(ask)
    seen = [
        each
        for each in page.items
        if sight.sees(restricted=each.ticket.restricted, department=each.ticket.department, level=each.ticket.level)
    ]
    return Listed(items=[_found(each, viewer) for each in seen], next=page.next)


def _found(found: Found, viewer: Viewer) -> FoundOut:
    pieces = viewer.pieces([piece.text for piece in found.snippet], found.ticket)
    marked = zip(pieces, found.snippet, strict=True)
    snippet = [PieceOut(text=text, hit=piece.hit) for text, piece in marked]
    return FoundOut(ticket=viewer.ticket(found.ticket), snippet=snippet)


# fmt: off
SEARCH: Final[tuple[AnyOperation, ...]] = (
    operation("search_tickets", "GET /api/search", search_tickets,
              "Tickets in which all these words are, newest first", SearchQuery, Nothing, Listed[FoundOut]),
)
# fmt: on
