"""Knowledge cards as rows: versions are only added, approved once; each opening is a row of its own. CPL-10."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.service.knowledge import ShippedCard
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.followups.owed_calls import SYSTEM
from crm.db.knowledge.tables import knowledge_card, knowledge_opening, knowledge_version
from crm.errors import IllegalTransition, UnknownRecord, VersionConflict
from crm.knowledge.model import Card, CardText, CardVersion


class KnowledgeTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, clock: Callable[[], datetime], audit: AuditTrail) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def ship(self, cards: Iterable[ShippedCard]) -> None:
        """Enters the cards that a site brings along and that were never entered; approved, as the site is."""
        now = self._clock()
        async with self._database.write() as connection:
            for card in cards:
                key = f"site:{card.id}"
                known = select(knowledge_card.c.id).where(knowledge_card.c.key == key)
                if (await connection.execute(known)).first() is not None:
                    continue
                await self._database.insert_new(connection, knowledge_card, [{"key": key}], ["key"])
                card_id = (await connection.execute(known)).scalar_one()
                text = msgspec.convert(card.model_dump(exclude={"id"}), CardText)
                row = _version_row(card_id, 1, text, SYSTEM, now) | {"approved_by": SYSTEM, "approved_at": now}
                await self._database.insert_new(connection, knowledge_version, [row], ["card_id", "version"])

    async def create(self, text: CardText, *, by: str, key: str) -> Card:
        """A new card, as a draft; once per `key`: the same key again returns what is there."""
        now, mine = self._clock(), knowledge_card.c.key == key
        async with self._database.write() as connection:
            known = select(knowledge_card.c.id).where(mine)
            if (found := (await connection.execute(known)).scalar_one_or_none()) is not None:
                return await _card(connection, found)
            made = insert(knowledge_card).values(key=key).returning(knowledge_card.c.id)
            card_id = (await connection.execute(made)).scalar_one()
            await connection.execute(insert(knowledge_version).values(_version_row(card_id, 1, text, by, now)))
            card = await _card(connection, card_id)
            await self._tell(connection, now, by, "write_card", card_id, 1)
        return card

    async def revise(self, card_id: int, text: CardText, *, by: str, version: int) -> Card:
        """The next version, as a draft; until it is approved, the last approved one holds.

        Raises UnknownRecord, VersionConflict.
        """
        now = self._clock()
        async with self._database.write() as connection:
            newest = (await self._locked(connection, card_id)).versions[-1].version
            if newest != version:
                raise VersionConflict(f"knowledge card {card_id}", version, newest)
            await connection.execute(
                insert(knowledge_version).values(_version_row(card_id, version + 1, text, by, now))
            )
            card = await _card(connection, card_id)
            await self._tell(connection, now, by, "write_card", card_id, version + 1)
        return card

    async def approve(self, card_id: int, version: int, *, by: str) -> Card:
        """From now on this version holds. Raises UnknownRecord; IllegalTransition unless it is the newest draft."""
        now = self._clock()
        async with self._database.write() as connection:
            newest = (await self._locked(connection, card_id)).versions[-1]
            if version != newest.version or newest.approved_by is not None:
                raise IllegalTransition(f"version {newest.version}", f"approving version {version}")
            mine = (knowledge_version.c.card_id == card_id) & (knowledge_version.c.version == version)
            await connection.execute(update(knowledge_version).where(mine).values(approved_by=by, approved_at=now))
            card = await _card(connection, card_id)
            await self._tell(connection, now, by, "approve_card", card_id, version)
        return card

    async def opened(self, card_id: int, *, by: str, ticket: str | None) -> Card:
        """Somebody reads the card: counted. Raises UnknownRecord."""
        async with self._database.write() as connection:
            await _card(connection, card_id)
            row = {"card_id": card_id, "at": self._clock(), "by": by, "ticket": ticket}
            await connection.execute(insert(knowledge_opening).values(row))
            return await _card(connection, card_id)

    async def get(self, card_id: int) -> Card:
        """Raises UnknownRecord."""
        async with self._database.read() as connection:
            return await _card(connection, card_id)

    async def all(self) -> list[Card]:
        """Every card with its versions: a site has hundreds, not thousands."""
        async with self._database.read() as connection:
            return await _cards(connection)

    async def _locked(self, connection: AsyncConnection, card_id: int) -> Card:
        """The card, which nobody else changes until the transaction ends."""
        await connection.execute(select(knowledge_card).where(knowledge_card.c.id == card_id).with_for_update())
        return await _card(connection, card_id)

    async def _tell(
        self, connection: AsyncConnection, at: datetime, by: str, action: str, card_id: int, version: int
    ) -> None:
        subject = f"knowledge card {card_id}"
        await self._audit.add(connection, at=at, by=by, action=action, subject=subject, details={"version": version})


async def _card(connection: AsyncConnection, card_id: int) -> Card:
    cards = await _cards(connection, knowledge_version.c.card_id == card_id)
    if not cards:
        raise UnknownRecord("knowledge card", card_id)
    return cards[0]


async def _cards(connection: AsyncConnection, which: ColumnElement[bool] | None = None) -> list[Card]:
    query = select(knowledge_version).order_by(knowledge_version.c.card_id, knowledge_version.c.version)
    counts = select(knowledge_opening.c.card_id, func.count()).group_by(knowledge_opening.c.card_id)
    opened = {row.card_id: int(row[1]) for row in await connection.execute(counts)}
    versions: dict[int, list[CardVersion]] = {}
    for row in await connection.execute(query if which is None else query.where(which)):
        versions.setdefault(row.card_id, []).append(_version(row))
    return [
        Card(id=card_id, opened=opened.get(card_id, 0), versions=tuple(found)) for card_id, found in versions.items()
    ]


def _version_row(card_id: int, version: int, text: CardText, by: str, at: datetime) -> dict[str, Any]:
    return {
        "card_id": card_id,
        "version": version,
        "at": at,
        "by": by,
        "title": text.title,
        "text": text.text,
        "keywords": _text(text.keywords),
        "kinds": _text(text.kinds),
        "categories": _text(text.categories),
        "valid_from": text.valid_from and text.valid_from.isoformat(),
        "valid_until": text.valid_until and text.valid_until.isoformat(),
    }


def _version(row: Row[Any]) -> CardVersion:
    return CardVersion(
        version=row.version,
        at=row.at,
        by=row.by,
        title=row.title,
        text=row.text,
        keywords=_list(row.keywords),
        kinds=_list(row.kinds),
        categories=_list(row.categories),
        valid_from=_day(row.valid_from),
        valid_until=_day(row.valid_until),
        approved_by=row.approved_by,
        approved_at=row.approved_at,
    )


def _text(words: tuple[str, ...]) -> str:
    return msgspec.json.encode(words).decode()


def _list(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
