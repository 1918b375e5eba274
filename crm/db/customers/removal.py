"""A person is removed: the card goes, tickets and calls stay without the person, a certificate says so. CUS-4.

PIPL, Article 47. The sound files go before (app/data_protection/privacy.py); the journal forgets by itself after a
week, and what it says until then does not come back (erased.py).
"""

import random
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Row, Table, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.numbering import NumberKind, normalise
from crm.customers.erasure import Person, digest, pseudonym
from crm.customers.model import Removal
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.calls.recordings import recording_row
from crm.db.customers.footprint import Seeds, parts, rewrite, said_of
from crm.db.customers.merging import pointing_at_customers
from crm.db.customers.watch import alone
from crm.db.intake.queries import attachment_row
from crm.db.schema.core import call, customer, customer_number, due_call, event, recording, rejected_event, ticket
from crm.db.schema.customers import customer_access, customer_import_row, customer_removal, erased_number
from crm.db.schema.intake import attachment
from crm.db.tickets.search_index import reindex
from crm.errors import CallGoesOn, CardMerged, UnknownRecord, VersionConflict
from crm.followups.model import OWNED, DueCallState
from crm.intake.model import Attachment
from crm.journal.decoding import decode_event
from crm.journal.events import AnyEvent
from crm.tickets.call_rows import RecordingRow

_LONGEST_CALL: Final = timedelta(days=1)
_NOBODYS: Final = (NumberKind.SHORT, NumberKind.SERVICE, NumberKind.INTERNAL, NumberKind.ANONYMOUS)


class RemovalTable:
    """All raise StoreAway."""

    def __init__(self, database: Database, audit: AuditTrail, area_code: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = audit
        self._area_code = area_code
        self._clock = clock

    async def recordings(self, customer_id: int) -> tuple[RecordingRow, ...]:
        """The person's recordings whose files are still there."""
        async with self._database.read() as connection:
            seeds = await self._seeds(connection, await _cards(connection, customer_id))
            return tuple([recording_row(row) async for row in _recordings(connection, seeds)])

    async def files(self, customer_id: int) -> tuple[Attachment, ...]:
        """The files on the person's tickets that are still there."""
        async with self._database.read() as connection:
            seeds = await self._seeds(connection, await _cards(connection, customer_id))
            found: list[Attachment] = []
            for part in parts(seeds[ticket]):
                kept = attachment.c.ticket.in_(part) & attachment.c.deleted_at.is_(None)
                found += [attachment_row(row) for row in await connection.execute(select(attachment).where(kept))]
        return tuple(found)

    async def remove(self, customer_id: int, *, version: int | None, by: str, asked_by: str, reason: str) -> Removal:
        """Removes the person and returns the certificate. `asked_by`: self, agent, retention.

        Raises UnknownRecord, VersionConflict, CardMerged, CallGoesOn; then nothing is written.
        """
        async with self._database.write() as connection:
            await alone(connection)
            at = self._clock()
            ids = await _cards(connection, customer_id, version)
            seeds = await self._seeds(connection, ids)
            await self._refuse_while_busy(connection, seeds, at)
            person = await self._person(connection, ids, seeds)
            counts = await _call_off(connection, seeds, by, at)
            counts |= await rewrite(connection, seeds, person)
            counts |= await self._rewrite_events(connection, seeds[call], person)
            for part in parts(seeds[ticket]):
                await connection.run_sync(reindex, part)
            await _drop_imports(connection, person)
            await _rewrite_reasons(connection, ids, person)
            await self._note_erased(connection, person, at)
            counts["customer"] = await _drop_cards(connection, ids)
            told = {"at": at, "by": by, "customer_id": customer_id, "asked_by": asked_by}
            return await self._certify(connection, told, person, reason, counts)

    async def _certify(
        self, connection: AsyncConnection, told: dict[str, Any], person: Person, reason: str, counts: dict[str, int]
    ) -> Removal:
        """Writes the certificate and its row of the audit trail. `told`: when, by whom, whose card, on whose wish."""
        row: dict[str, Any] = {
            **told,
            "reason": person.without(reason),
            "pseudonym": person.stand_in,
            "counts": msgspec.json.encode(counts, order="sorted").decode(),
        }
        made = await connection.execute(insert(customer_removal).values(row).returning(customer_removal.c.id))
        removal_id = int(made.scalar_one())
        await self._audit.add(
            connection,
            at=told["at"],
            by=told["by"],
            action="customer_removed",
            subject=f"customer {told['customer_id']}",
            details={"certificate": removal_id, "asked_by": told["asked_by"]},
        )
        return typed(Removal, row, id=removal_id, counts=counts)

    async def list(self, limit: int = 100) -> tuple[Removal, ...]:
        """The certificates, newest first."""
        query = select(customer_removal).order_by(customer_removal.c.id.desc()).limit(limit)
        async with self._database.read() as connection:
            return tuple(_removal(row) for row in await connection.execute(query))

    async def quiet(self, since: datetime, limit: int = 100) -> tuple[int, ...]:
        """Cards with nothing since then: no change, no call, no ticket. Not key customers, not open matters."""
        calls = (call.c.customer_id == customer.c.id) & (call.c.invited_at >= since)
        tickets = (ticket.c.customer_id == customer.c.id) & (
            (ticket.c.opened_at >= since) | (ticket.c.state != "closed")
        )
        due = (due_call.c.customer_id == customer.c.id) & due_call.c.closed_at.is_(None)
        query = (
            select(customer.c.id)
            .where(customer.c.updated_at < since, ~customer.c.key_customer, customer.c.merged_into.is_(None))
            .where(~exists(select(call.c.call_id).where(calls)))
            .where(~exists(select(ticket.c.number).where(tickets)))
            .where(~exists(select(due_call.c.id).where(due)))
            .order_by(customer.c.updated_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def drop_digests(self, before: datetime) -> int:
        """Forgets erased numbers once the journal no longer says them. How many."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(erased_number).where(erased_number.c.erased_at < before))
            return done.rowcount

    async def _seeds(self, connection: AsyncConnection, ids: Collection[int]) -> Seeds:
        """The person's calls, tickets and due calls, also from before there was a card."""
        owned = select(customer_number.c.normalised).where(customer_number.c.customer_id.in_(ids))
        numbers = set((await connection.execute(owned)).scalars())
        calls = await _of_person(connection, call, call.c.call_id, ids, numbers)
        tickets = await _of_person(connection, ticket, ticket.c.number, ids, numbers)
        for part in parts(calls):
            tickets |= set((await connection.execute(select(call.c.ticket).where(call.c.call_id.in_(part)))).scalars())
        due = await _of_person(connection, due_call, due_call.c.id, ids, numbers)
        return {customer: set(ids), call: calls, ticket: tickets, due_call: due}

    async def _refuse_while_busy(self, connection: AsyncConnection, seeds: Seeds, at: datetime) -> None:
        for part in parts(seeds[call]):
            going = call.c.call_id.in_(part) & call.c.ended_at.is_(None) & (call.c.invited_at > at - _LONGEST_CALL)
            if (await connection.execute(select(call.c.call_id).where(going).limit(1))).first():
                raise CallGoesOn("a call with this customer goes on: end it, then remove the customer")
        for part in parts(seeds[due_call]):
            owned = due_call.c.id.in_(part) & due_call.c.state.in_(OWNED)
            if (await connection.execute(select(due_call.c.id).where(owned).limit(1))).first():
                raise CallGoesOn(
                    "this customer is being called: wait until that call is over, then remove the customer"
                )
        async for row in _recordings(connection, seeds):
            raise CallGoesOn(f"recording {row.id} of this customer is new: remove the customer once more")

    async def _person(self, connection: AsyncConnection, ids: Collection[int], seeds: Seeds) -> Person:
        """All names and numbers that were known, without numbers that are somebody else's by now."""
        names, numbers = await said_of(connection, ids, seeds)
        keys: set[str] = set()
        for raw in numbers:
            number = normalise(raw, self._area_code)
            if number.normalised and number.kind not in _NOBODYS:
                keys.add(number.normalised)
        for part in parts(keys.copy()):
            elsewhere = customer_number.c.normalised.in_(part) & customer_number.c.customer_id.not_in(ids)
            keys -= set((await connection.execute(select(customer_number.c.normalised).where(elsewhere))).scalars())
        return Person(names, keys, pseudonym(random.SystemRandom()))

    async def _rewrite_events(
        self, connection: AsyncConnection, calls: Collection[str], person: Person
    ) -> dict[str, int]:
        done = 0
        for part in parts(calls):
            query = select(event.c.id, event.c.payload).where(event.c.call_id.in_(part))
            for row in list(await connection.execute(query)):
                new = _forgotten(decode_event(row.payload), person)
                payload = msgspec.json.encode(new).decode()
                if payload != row.payload:
                    await connection.execute(update(event).where(event.c.id == row.id).values(payload=payload))
                    done += 1
        for row in list(await connection.execute(select(rejected_event))):
            if (payload := person.without(row.payload)) != row.payload:
                here = rejected_event.c.event_id == row.event_id
                await connection.execute(update(rejected_event).where(here).values(payload=payload))
                done += 1
        return {"event": done}

    async def _note_erased(self, connection: AsyncConnection, person: Person, at: datetime) -> None:
        rows = [
            {"digest": digest(number), "erased_at": at, "pseudonym": person.stand_in}
            for number in sorted(person.numbers)
        ]
        await self._database.upsert(connection, erased_number, rows, ["digest"])


async def _cards(connection: AsyncConnection, customer_id: int, version: int | None = None) -> list[int]:
    """The card's id, held, and those of the cards that were merged into it."""
    query = select(customer).where(customer.c.id == customer_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise UnknownRecord("customer", customer_id)
    if row.merged_into is not None:
        raise CardMerged(customer_id, row.merged_into)
    if version is not None and row.version != version:
        raise VersionConflict(f"customer {customer_id}", version, row.version)
    merged = select(customer.c.id).where(customer.c.merged_into == customer_id)
    return [customer_id, *(await connection.execute(merged)).scalars()]


async def _of_person(
    connection: AsyncConnection, table: Table, key: ColumnElement[Any], ids: Collection[int], numbers: Collection[str]
) -> set[Any]:
    """Rows that are the person's by card, or by number while they are nobody else's."""
    free = table.c.customer_id.is_(None) & table.c.number_key.in_(numbers)
    query = select(key).where(or_(table.c.customer_id.in_(ids), free))
    return set((await connection.execute(query)).scalars())


async def _recordings(connection: AsyncConnection, seeds: Seeds) -> Any:
    for part in parts(seeds[ticket]):
        kept = recording.c.ticket.in_(part) & recording.c.deleted_at.is_(None)
        for row in await connection.execute(select(recording).where(kept)):
            yield row


async def _call_off(connection: AsyncConnection, seeds: Seeds, by: str, at: datetime) -> dict[str, int]:
    """Nobody is called any more."""
    done = 0
    for part in parts(seeds[due_call]):
        waiting = due_call.c.id.in_(part) & (due_call.c.state == DueCallState.SCHEDULED.value)
        off = update(due_call).where(waiting).values(state=DueCallState.CANCELLED.value, closed_at=at, closed_by=by)
        done += (await connection.execute(off)).rowcount
    return {"due_calls_called_off": done}


def _forgotten(each: AnyEvent, person: Person) -> AnyEvent:
    """Field by field, so that it is still an event: codes and ids stay as they are."""
    changed: dict[str, object] = {}
    for name in ("ani", "dnis", "number", "note", "text", "to"):
        if isinstance(value := getattr(each, name, None), str):
            changed[name] = person.without(value)
    if getattr(each, "caller_name", ""):
        changed["caller_name"] = ""
    return msgspec.structs.replace(each, **changed) if changed else each


async def _drop_imports(connection: AsyncConnection, person: Person) -> None:
    """An import under way must not bring the person back."""
    for row in list(await connection.execute(select(customer_import_row).where(customer_import_row.c.card != ""))):
        if person.without(row.card) != row.card:
            here = (customer_import_row.c.token == row.token) & (customer_import_row.c.row == row.row)
            await connection.execute(delete(customer_import_row).where(here))


async def _rewrite_reasons(connection: AsyncConnection, ids: Collection[int], person: Person) -> None:
    """Who saw the card stays known; what was written about the person there goes."""
    said = customer_access.c.customer_id.in_(ids) & (customer_access.c.reason != "")
    for row in list(await connection.execute(select(customer_access).where(said))):
        here = update(customer_access).where(customer_access.c.id == row.id)
        await connection.execute(here.values(reason=person.without(row.reason)))


async def _drop_cards(connection: AsyncConnection, ids: Collection[int]) -> int:
    """What points at them points nowhere then; also in tables of which the database would not see to it by itself."""
    for table, column in pointing_at_customers():
        if column.nullable:
            await connection.execute(update(table).where(column.in_(ids)).values({column: None}))
    return (await connection.execute(delete(customer).where(customer.c.id.in_(ids)))).rowcount


def _removal(row: Row[Any]) -> Removal:
    return typed(Removal, row, counts=msgspec.json.decode(row.counts))
