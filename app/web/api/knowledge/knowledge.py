"""Knowledge cards over the API (adapter): found by ticket or by words, opened, written, approved. CPL-10."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.web.api.common.shown import shaped
from app.web.http.contract import In, Key, Listed, Named, Nothing, Out, ShortText
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.problems import Problem
from crm.errors import UnknownRecord
from crm.knowledge.model import Card, CardText, CardVersion, found, is_valid
from crm.tickets.model import TicketKind
from crm.use_cases import knowledge as use_cases

Standing = Literal["current", "draft", "not_yet", "over"]


class CardVersionOut(Out, frozen=True, kw_only=True):
    version: int
    at: datetime
    by: str
    title: str
    text: str
    keywords: list[str]
    kinds: list[str]
    categories: list[str]
    valid_from: date | None
    valid_until: date | None
    approved_by: str | None
    approved_at: datetime | None


class CardOut(CardVersionOut, frozen=True, kw_only=True):
    """The version that holds (in lists of all cards: the newest). `opened`: how often the card was opened.

    `standing`: `draft`: to be approved; `not_yet`, `over`: approved, but not for today. `newest`: the last version.
    """

    id: str
    opened: int
    standing: Standing
    newest: int


class CardFull(CardOut, frozen=True, kw_only=True):
    """With every version, newest first."""

    versions: list[CardVersionOut]


class CardQuery(In, frozen=True, kw_only=True):
    """`q`: words, all of which are in title, text or keywords. `kind`, `category`: a ticket's. `all`: drafts too."""

    q: ShortText = ""
    kind: TicketKind | None = None
    category: Key = ""
    all: bool = False


class CardIn(In, frozen=True, kw_only=True):
    title: ShortText
    text: Annotated[str, Meta(max_length=8000)]
    keywords: Annotated[tuple[ShortText, ...], Meta(max_length=20)] = ()
    kinds: Annotated[tuple[TicketKind, ...], Meta(max_length=20)] = ()
    categories: Annotated[tuple[Key, ...], Meta(max_length=50)] = ()
    valid_from: date | None = None
    valid_until: date | None = None


class CardNew(CardIn, frozen=True, kw_only=True):
    """`key`: the same one twice makes one card."""

    key: Key | None = None


class CardRevision(CardIn, frozen=True, kw_only=True):
    """`version`: the newest that was read."""

    version: int


class OpenedIn(In, frozen=True, kw_only=True):
    """`ticket`: on which it is needed."""

    ticket: Key | None = None


async def list_cards(ask: Ask[CardQuery, Nothing]) -> Listed[CardOut]:
    """What holds today, best first; with `all` every card by its newest version, drafts first."""
    query, today = ask.query, _today(ask)
    cards = await ask.seen.house.knowledge()
    if query.all:
        newest = [(card, card.versions[-1]) for card in cards]
        ordered = sorted(newest, key=lambda hit: (hit[1].approved_by is not None, -hit[0].opened, hit[0].id))
        return Listed(items=[_card(card, version, today) for card, version in ordered])
    hits = found(cards, today, words=query.q, kind=query.kind or "", category=query.category)
    return Listed(items=[_card(card, version, today) for card, version in hits])


async def card_choices(ask: Ask[Nothing, Nothing]) -> Listed[Named]:
    categories = ask.services.site.matters.categories
    return Listed(items=[Named(id=one.id, title=one.title, title_en=one.title_en) for one in categories])


async def get_card(ask: Ask[Nothing, Nothing]) -> CardFull:
    return _full(await ask.seen.house.knowledge_card(_id(ask)), _today(ask))


async def open_card(ask: Ask[Nothing, OpenedIn]) -> CardFull:
    """Somebody reads it: counted, with who, and on which ticket."""
    card = await ask.do(use_cases.open_card, _id(ask), ticket=ask.body.ticket)
    return _full(card, _today(ask))


async def create_card(ask: Ask[Nothing, CardNew]) -> CardFull:
    """A draft, until a supervisor approves it."""
    card = await ask.do(use_cases.create_card, _text(ask.body), key=ask.body.key)
    return _full(card, _today(ask))


async def revise_card(ask: Ask[Nothing, CardRevision]) -> CardFull:
    """The next version, as a draft; the last approved one holds until it is approved."""
    text, version = _text(ask.body), ask.body.version
    return _full(await ask.do(use_cases.revise_card, _id(ask), text, version=version), _today(ask))


async def approve_card(ask: Ask[Nothing, Nothing]) -> CardFull:
    version = ask.path("version")
    if not version.isdecimal():
        raise Problem("not_found", f"No version {version}.")
    card = await ask.do(use_cases.approve_card, _id(ask), version=int(version))
    return _full(card, _today(ask))


def _today(ask: Ask[msgspec.Struct, msgspec.Struct]) -> date:
    return ask.services.clock().astimezone(ask.services.site.zone).date()


def _id(ask: Ask[Nothing, msgspec.Struct]) -> int:
    card_id = ask.path("id")
    if not card_id.isdecimal():
        raise UnknownRecord("knowledge card", card_id)
    return int(card_id)


def _text(given: CardIn) -> CardText:
    return shaped(CardText, given, kinds=tuple(kind.value for kind in given.kinds))


def _card(card: Card, version: CardVersion, today: date) -> CardOut:
    return shaped(CardOut, _version(version), **_standing(card, version, today))


def _full(card: Card, today: date) -> CardFull:
    shown = card.current(today) or card.versions[-1]
    versions = [_version(each) for each in reversed(card.versions)]
    return shaped(CardFull, _version(shown), **_standing(card, shown, today), versions=versions)


def _version(row: CardVersion) -> CardVersionOut:
    lists = {name: list(getattr(row, name)) for name in ("keywords", "kinds", "categories")}
    return shaped(CardVersionOut, row, **lists)


def _standing(card: Card, version: CardVersion, today: date) -> dict[str, object]:
    standing: Standing = "current"
    if version.approved_by is None:
        standing = "draft"
    elif not is_valid(version, today):
        standing = "not_yet" if version.valid_from and version.valid_from > today else "over"
    return {"id": str(card.id), "opened": card.opened, "standing": standing, "newest": card.versions[-1].version}


# fmt: off
KNOWLEDGE_OPERATIONS: tuple[AnyOperation, ...] = (
    operation("list_cards", "GET /api/knowledge", list_cards,
              "Knowledge cards: of a ticket's kind and category, by words, or all",
              CardQuery, Nothing, Listed[CardOut]),
    operation("create_card", "POST /api/knowledge", create_card,
              "A new card, to be approved", Nothing, CardNew, CardFull, 201),
    operation("card_choices", "GET /api/knowledge/choices", card_choices,
              "Categories that a card can belong to", Nothing, Nothing, Listed[Named]),
    operation("get_card", "GET /api/knowledge/{id}", get_card,
              "A card with its versions", Nothing, Nothing, CardFull),
    operation("open_card", "POST /api/knowledge/{id}/open", open_card,
              "Read a card: counted", Nothing, OpenedIn, CardFull),
    operation("revise_card", "POST /api/knowledge/{id}/versions", revise_card,
              "The next version of a card, to be approved", Nothing, CardRevision, CardFull, 201),
    operation("approve_card", "POST /api/knowledge/{id}/versions/{version}/approve", approve_card,
              "From now on this version holds", Nothing, Nothing, CardFull),
)
# fmt: on
