"""The index of tickets' words, made and kept: one row a ticket that has a text, its key in the order of all tickets.

SQLite keeps it in an FTS5 table whose rowid is the key, PostgreSQL in a `tsvector` with a GIN index; their own
tokenizers are not used (crm/tickets/search.py). Both hold facets beside the words (kind=complaint), so that a frequent
word with a rare kind is found as fast as a rare word. The index is no record: it can be made again. TKT-7, design D5.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.schema.cases import ticket_step
from crm.db.schema.core import ticket
from crm.tickets.search import BETWEEN, indexed, key_of

CREATE: Final[Mapping[str, str]] = {
    "sqlite": "CREATE VIRTUAL TABLE ticket_words USING fts5(words, columnsize = 0, prefix = '1', "
    "tokenize = \"ascii tokenchars '=_-'\")",
    "postgresql": "CREATE TABLE ticket_words (key BIGINT CONSTRAINT pk_ticket_words PRIMARY KEY, "
    "words TSVECTOR NOT NULL)",
}
INDEX: Final[Mapping[str, Sequence[str]]] = {
    "sqlite": (),
    "postgresql": (
        # Without a list of what is pending: each search would have to read it through.
        "CREATE INDEX ix_ticket_words_words ON ticket_words USING gin (words) WITH (fastupdate = off)",
        "ALTER TABLE ticket_words ALTER COLUMN words SET STATISTICS 1000",
    ),
}
"""What is made once the rows are there: that is much faster."""
DROP: Final = "DROP TABLE ticket_words"

_FACETS: Final = ("kind", "state", "line", "agent", "number_key")
_TEXTS: Final = ("matter", "wish", "note", "contact_name", "disposition")
_COLUMNS: Final = tuple(ticket.c[name] for name in ("number", "restricted", *_FACETS, *_TEXTS))
_REMOVE: Final = {
    "sqlite": text("DELETE FROM ticket_words WHERE rowid = :key"),
    "postgresql": text("DELETE FROM ticket_words WHERE key = :key"),
}
INSERT: Final = {
    "sqlite": "INSERT INTO ticket_words (rowid, words) VALUES (:key, :words)",
    "postgresql": "INSERT INTO ticket_words (key, words) VALUES (:key, CAST(:words AS tsvector)) "
    "ON CONFLICT (key) DO UPDATE SET words = excluded.words",
}
_BATCH: Final = 500


async def index_ticket(connection: AsyncConnection, number: str) -> None:
    """Brings the index up to a ticket's texts and facets. To be called in each transaction that changes one of them."""
    await connection.run_sync(reindex, [number])


def reindex(connection: Connection, numbers: Sequence[str]) -> None:
    """As `index_ticket`, for several; a ticket that has no text (any more), or is gone, has no row."""
    dialect = connection.dialect.name
    rows = connection.execute(select(*_COLUMNS).where(ticket.c.number.in_(numbers))).all()
    steps = step_details(connection, numbers)
    entries = [entry for row in rows if (entry := _entry(row, steps.get(row.number, ()), dialect)) is not None]
    kept = {entry["key"] for entry in entries} if dialect == "postgresql" else set()
    gone = [{"key": key} for key in map(key_of, numbers) if key not in kept]
    if gone:
        connection.execute(_REMOVE[dialect], gone)
    if entries:
        connection.execute(text(INSERT[dialect]), entries)


def reindex_known(connection: Connection, numbers: Iterable[str]) -> None:
    """For writers of bulk, whose tickets have no text as a rule: only those that are in the index already."""
    keys = {key_of(number): number for number in numbers}
    if not keys:
        return
    listed = ", ".join(str(key) for key in keys)
    name = "rowid" if connection.dialect.name == "sqlite" else "key"
    query = f"SELECT {name} FROM ticket_words WHERE {name} IN ({listed})"  # noqa: S608 (whole numbers, of our own making)
    found = connection.execute(text(query)).scalars()
    if known := [keys[key] for key in found]:
        reindex(connection, known)


def reindex_all(connection: Connection) -> None:
    """Every ticket there is, the oldest first."""
    last = ""
    while numbers := list(
        connection.execute(
            select(ticket.c.number).where(ticket.c.number > last).order_by(ticket.c.number).limit(_BATCH)
        )
        .scalars()
        .all()
    ):
        reindex(connection, numbers)
        last = numbers[-1]


def facet(name: str, value: str) -> str:
    """A word of the index that no text contains."""
    return f"{name}={re.sub('[^0-9a-z_-]', '_', value.casefold())}"


def entry_words(found: Sequence[str], facets: Sequence[str], dialect: str) -> str:
    """As the store's index takes them: words with their places, facets behind them."""
    if dialect == "sqlite":
        return " ".join((*found, BETWEEN, *facets))
    placed: dict[str, list[str]] = {}
    for place, word in enumerate(found, start=1):
        placed.setdefault(word, []).append(str(place))
    return " ".join((*(f"{quoted(word)}:{','.join(places)}" for word, places in placed.items()), *map(quoted, facets)))


def quoted(word: str) -> str:
    """A lexeme of PostgreSQL."""
    doubled = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def texts_of(row: Row[Any], details: Iterable[str]) -> list[str]:
    """What of a ticket can be looked for: its own texts, then those of its steps, the newest first."""
    own = [getattr(row, name) or "" for name in _TEXTS]
    return [*own, *(each for detail in details for each in _strings(detail))]


def step_details(connection: Connection, numbers: Sequence[str]) -> dict[str, list[str]]:
    """The details of the tickets' steps, the newest first."""
    query = select(ticket_step.c.ticket, ticket_step.c.details).where(ticket_step.c.ticket.in_(numbers))
    found: dict[str, list[str]] = {}
    for number, details in connection.execute(query.order_by(ticket_step.c.id.desc())):
        if details:
            found.setdefault(number, []).append(details)
    return found


def _entry(row: Row[Any], details: Iterable[str], dialect: str) -> dict[str, object] | None:
    texts = texts_of(row, details)
    if not any(texts):
        return None
    facets = [facet(name, value) for name in _FACETS if (value := getattr(row, name))]
    if row.restricted:
        facets.append(facet("restricted", "yes"))
    found = indexed([row.number, *texts])
    return {"key": key_of(row.number), "words": entry_words(found, facets, dialect)}


def _strings(details: str) -> Iterator[str]:
    """The texts in a step's details: a JSON document, or words as they are."""
    try:
        document = msgspec.json.decode(details)
    except msgspec.DecodeError:
        document = details
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += reversed(list(value.values()))
        elif isinstance(value, list):
            waiting += reversed(value)
