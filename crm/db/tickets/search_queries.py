"""Search over tickets: newest first, a page at a time, however many hits there are. TKT-7, P13.

A frequent word (投诉 is in every third ticket) and a rare one need different ways. SQLite's FTS5 walks its hits from
the newest back and stops when the page is full. PostgreSQL's GIN cannot: it would fetch and sort 300 000 rows. So the
newest rows are looked through first, which is enough for a frequent word; the index answers when that is not a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from config.numbering import normalise
from crm.cases.organisation import SEES_NOTHING_RESTRICTED, Sight
from crm.db.base.engine import Database
from crm.db.base.paging import page_size
from crm.db.base.sight import visible
from crm.db.schema.core import ticket
from crm.db.tickets.search_index import facet, quoted, step_details, texts_of
from crm.db.tickets.tickets import select_tickets, ticket_row
from crm.errors import BadCursor
from crm.page import Page
from crm.tickets.search import Found, Query, Term, first_key, key_of, number_of, parse, snippet

LOOKED_THROUGH: Final = 20_000
"""So many of the newest rows are looked through before PostgreSQL's index is asked: some 20 ms if all in vain."""
_ROUNDS: Final = 20
"""A page that its reader may not see, or that was changed meanwhile, is followed by the next, so often."""
_ENDLESS: Final = 2**62
_OF_ONE_TELEPHONE: Final = 2000
_TELEPHONE_DIGITS: Final = 5

_SQLITE: Final = text(
    "SELECT rowid AS key FROM ticket_words WHERE ticket_words MATCH :wanted AND rowid >= :low AND rowid < :high "
    "ORDER BY rowid DESC LIMIT :count"
)
_NEWEST: Final = text(
    "SELECT key FROM (SELECT key, words FROM ticket_words WHERE key >= :low AND key < :high "  # noqa: S608 (a figure of ours)
    f"ORDER BY key DESC LIMIT {LOOKED_THROUGH}) AS newest "
    "WHERE words @@ CAST(:wanted AS tsquery) ORDER BY key DESC LIMIT :count"
)
_INDEXED: Final = text(  # "+ 0": neither order nor bounds are a reason to walk the keys instead of asking the index
    "SELECT key FROM ticket_words WHERE words @@ CAST(:wanted AS tsquery) AND key + 0 >= :low AND key + 0 < :high "
    "ORDER BY key + 0 DESC LIMIT :count"
)


@dataclass(frozen=True, kw_only=True)
class Within:
    """What narrows a search. `since` inclusive, `until` exclusive. `restricted`: the reader sees restricted tickets."""

    kind: str | None = None
    state: str | None = None
    line: str | None = None
    agent: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sight: Sight = SEES_NOTHING_RESTRICTED


class TicketSearch:
    """Raises StoreAway."""

    def __init__(self, database: Database, area_code: str, zone: ZoneInfo) -> None:
        self._database = database
        self._area_code = area_code
        self._zone = zone

    async def find(self, typed: str, within: Within, *, limit: int = 50, after: str | None = None) -> Page[Found]:
        """The newest tickets in which all of it is. Raises BadQuery, BadCursor."""
        query = parse(typed)
        low, high = self._keys(within, after)
        size = page_size(limit)
        rows: list[Row[Any]] = []
        async with self._database.read() as connection:
            for _ in range(_ROUNDS):
                missing = size + 1 - len(rows)
                keys = await self._hits(connection, query, within, (low, high, missing))
                rows += await _tickets(connection, keys, within)
                if len(keys) < missing or len(rows) > size:
                    high = 0
                    break
                high = keys[-1]
            found = await connection.run_sync(_shown, rows[:size], query)
        # Where it goes on is said by tickets that are shown: what is hidden leaves no gap.
        after_this = key_of(rows[size - 1].number) if len(rows) > size else high
        return Page(items=found, next=str(after_this) if after_this else None)

    def _keys(self, within: Within, after: str | None) -> tuple[int, int]:
        """From which key until before which one. The days at both ends are looked at closer in `_tickets`."""
        low = first_key(within.since.astimezone(self._zone).date()) if within.since else 0
        high = _ENDLESS
        if within.until and within.until.astimezone(self._zone).date() < date.max:
            high = first_key(within.until.astimezone(self._zone).date() + timedelta(days=1))
        if after is None:
            return low, high
        if not after.isascii() or not after.isdigit() or int(after) > _ENDLESS:
            raise BadCursor(f"not a cursor of this list: {after!r}")
        return low, min(high, int(after))

    async def _hits(
        self, connection: AsyncConnection, query: Query, within: Within, between: tuple[int, int, int]
    ) -> list[int]:
        """The keys of the newest hits, the newest first: so many, of those `between` two keys."""
        low, high, count = between
        given: dict[str, object] = {"low": low, "high": high, "count": count}
        if connection.dialect.name == "sqlite":
            given |= {"wanted": _match(query, within, self._area_code)}
            keys = list((await connection.execute(_SQLITE, given)).scalars())
        else:
            given |= {"wanted": _tsquery(query, within, self._area_code)}
            keys = list((await connection.execute(_NEWEST, given)).scalars())
            if len(keys) < count:
                keys = list((await connection.execute(_INDEXED, given)).scalars())
        if query.number or query.telephone:
            others = [key for key in await self._numbered(connection, query) if low <= key < high]
            keys = sorted({*keys, *others}, reverse=True)[:count]
        return keys

    async def _numbered(self, connection: AsyncConnection, query: Query) -> list[int]:
        """The ticket of that number, the newest tickets of that telephone: also those that have no text."""
        if query.number:
            return [key_of(query.number)]
        wanted = normalise(query.telephone or "", self._area_code).normalised
        numbers = select(ticket.c.number).where(ticket.c.number_key == wanted)
        newest = numbers.order_by(ticket.c.opened_at.desc()).limit(_OF_ONE_TELEPHONE)
        return [key_of(number) for number in (await connection.execute(newest)).scalars()]


def _narrowing(within: Within) -> list[str]:
    names = ("kind", "state", "line", "agent")
    return [facet(name, value) for name in names if (value := getattr(within, name)) is not None]


def _match(query: Query, within: Within, area_code: str) -> str:
    """As FTS5 wants it."""

    def spelt(term: Term) -> str:
        phrase = f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'
        known = _telephone_facet(term, area_code)
        return f'({phrase} OR "{known}")' if known else phrase

    wanted = " AND ".join([*map(spelt, query.wanted), *(f'"{word}"' for word in _narrowing(within))])
    without = [*(spelt(term) for term in query.terms if term.without)]
    if not within.sight.any_restricted:
        without.append(f'"{facet("restricted", "yes")}"')
    return f"({wanted}) NOT ({' OR '.join(without)})" if without else wanted


def _tsquery(query: Query, within: Within, area_code: str) -> str:
    """As PostgreSQL wants it."""

    def spelt(term: Term) -> str:
        phrase = " <-> ".join(map(quoted, term.words)) + (":*" if term.prefix else "")
        known = _telephone_facet(term, area_code)
        return f"({phrase} | {quoted(known)})" if known else f"({phrase})"

    without = [f"!{spelt(term)}" for term in query.terms if term.without]
    if not within.sight.any_restricted:
        without.append(f"!{quoted(facet('restricted', 'yes'))}")
    return " & ".join([*map(spelt, query.wanted), *map(quoted, _narrowing(within)), *without])


def _telephone_facet(term: Term, area_code: str) -> str | None:
    """A word that may be the number of a telephone is one, too, when it is among other words."""
    word = term.words[0]
    if len(term.words) > 1 or not word.isascii() or not word.isdigit() or len(word) < _TELEPHONE_DIGITS:
        return None
    return facet("number_key", normalise(word, area_code).normalised)


async def _tickets(connection: AsyncConnection, keys: Sequence[int], within: Within) -> list[Row[Any]]:
    """The rows, as they are now, which may be later than their words in the index."""
    query = select_tickets().where(ticket.c.number.in_([number_of(key) for key in keys]))
    for name in ("kind", "state", "line", "agent"):
        if (wanted := getattr(within, name)) is not None:
            query = query.where(ticket.c[name] == wanted)
    if within.since is not None:
        query = query.where(ticket.c.opened_at >= within.since)
    if within.until is not None:
        query = query.where(ticket.c.opened_at < within.until)
    return sorted(
        await connection.execute(query.where(visible(within.sight))), key=lambda row: key_of(row.number), reverse=True
    )


def _shown(connection: Connection, rows: Sequence[Row[Any]], query: Query) -> tuple[Found, ...]:
    steps = step_details(connection, [row.number for row in rows])
    return tuple(Found(ticket_row(row), snippet(texts_of(row, steps.get(row.number, ())), query)) for row in rows)
