"""A batch of events becomes rows: events, tickets, calls, recordings. In the caller's transaction. TKT-1."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.calls.model import CallRow, RecordingKind
from crm.calls.record import customer_number, fold
from crm.customers.numbers import normalise
from crm.db import schema
from crm.db.agent_states import agent_state_rows
from crm.db.engine import Database
from crm.db.schema import agent_state, call, event, recording, ticket
from crm.events import AnyEvent, CallEvent, MessageLeft, OutsideTalkStarted, TalkStarted
from crm.tickets.model import Severity, TicketKind, TicketState

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_COMPLETE_TICKET: Final = (
    update(ticket)
    .where(ticket.c.number == bindparam("of"))
    .values(
        agent=func.coalesce(bindparam("new_agent", type_=ticket.c.agent.type), ticket.c.agent),
        kind=func.coalesce(ticket.c.kind, bindparam("new_kind", type_=ticket.c.kind.type)),
        customer_id=func.coalesce(ticket.c.customer_id, bindparam("new_customer", type_=ticket.c.customer_id.type)),
    )
)


async def project(database: Database, connection: AsyncConnection, events: Sequence[AnyEvent], area_code: str) -> None:
    """Stores the events and brings every call they touch up to date. Applying a batch again changes nothing."""
    await database.insert_new(connection, event, [_event_row(each) for each in events], ["event_id"])
    await database.insert_new(connection, agent_state, agent_state_rows(events), ["event_id"])
    touched = {each.call_id for each in events if isinstance(each, CallEvent)}
    stories = await _stories(connection, touched)
    calls = [row for row in (fold(story) for story in stories.values()) if row is not None]
    keys = {row.call: normalise(customer_number(row), area_code).normalised for row in calls}
    owners = await _owners(connection, set(keys.values()) - {""})
    await database.insert_new(connection, ticket, [_ticket_row(row, keys[row.call]) for row in calls], ["number"])
    await _complete_tickets(connection, calls, stories, {row.call: owners.get(keys[row.call]) for row in calls})
    await database.upsert(
        connection, call, [_call_row(row, keys[row.call], owners.get(keys[row.call])) for row in calls], ["call_id"]
    )
    recordings = [made for row in calls for made in _recording_rows(row, stories[row.call])]
    await database.insert_new(connection, recording, recordings, ["kind", "file"])


def _event_row(each: AnyEvent) -> dict[str, Any]:
    return {
        "event_id": each.event_id,
        "name": type(each).__name__,
        "at": each.at,
        "call_id": getattr(each, "call_id", None),
        "payload": _encoder.encode(each).decode(),
    }


async def _stories(connection: AsyncConnection, calls: Collection[str]) -> dict[str, list[CallEvent]]:
    """All stored events of the calls, those of this batch among them."""
    stories: dict[str, list[CallEvent]] = defaultdict(list)
    if calls:
        query = select(event.c.call_id, event.c.payload).where(event.c.call_id.in_(calls)).order_by(event.c.id)
        for call_id, payload in await connection.execute(query):
            each = _decoder.decode(payload)
            if isinstance(each, CallEvent):
                stories[call_id].append(each)
    return stories


async def _owners(connection: AsyncConnection, keys: Collection[str]) -> dict[str, int]:
    """Which customer each number belongs to."""
    if not keys:
        return {}
    numbers = schema.customer_number
    found = await connection.execute(
        select(numbers.c.normalised, numbers.c.customer_id).where(numbers.c.normalised.in_(keys))
    )
    return {row.normalised: row.customer_id for row in found}


def _ticket_row(row: CallRow, number_key: str) -> dict[str, Any]:
    return {
        "number": row.ticket,
        "opened_at": row.invited_at,
        "state": TicketState.OPEN,
        "severity": Severity.NORMAL,
        "channel": "telephone",
        "line": row.line,
        "dnis": row.dnis,
        "ani": row.ani,
        "number_key": number_key,
        "call_id": row.call,
        "version": 1,
    }


async def _complete_tickets(
    connection: AsyncConnection,
    calls: Sequence[CallRow],
    stories: dict[str, list[CallEvent]],
    customers: dict[str, int | None],
) -> None:
    """What later events know of a ticket. A person's word stands: kind and customer are filled in, never replaced."""
    known = [
        {
            "of": row.ticket,
            "new_agent": row.agent,
            "new_kind": TicketKind.MESSAGE if _left_message(stories[row.call]) else None,
            "new_customer": customers[row.call],
        }
        for row in calls
    ]
    known = [each for each in known if each["new_agent"] or each["new_kind"] or each["new_customer"]]
    if known:
        await connection.execute(_COMPLETE_TICKET, known)


def _left_message(story: Sequence[CallEvent]) -> bool:
    return any(isinstance(each, MessageLeft) for each in story)


_NOT_STORED = {"call", "customer_name"}


def _call_row(row: CallRow, number_key: str, customer_id: int | None) -> dict[str, Any]:
    stored = {name: getattr(row, name) for name in row.__struct_fields__ if name not in _NOT_STORED}
    return stored | {"call_id": row.call, "number_key": number_key, "customer_id": customer_id}


def _recording_rows(row: CallRow, story: Sequence[CallEvent]) -> list[dict[str, Any]]:
    rows: list[tuple[object, ...]] = []
    for each in story:
        if isinstance(each, TalkStarted | OutsideTalkStarted) and each.recording:
            rows.append((RecordingKind.TALK, each.recording, each.at, None))
        elif isinstance(each, MessageLeft):
            rows.append((RecordingKind.MESSAGE, each.file, each.at, each.duration_s))
    names = ("kind", "file", "recorded_at", "duration_s")
    return [dict(zip(names, made, strict=True), ticket=row.ticket, call_id=row.call) for made in rows]
