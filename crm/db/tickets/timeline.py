"""A ticket's history, put together from what was only ever appended: events, changes, attempts, playbacks. TKT-3."""

from typing import Any, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.calls.words import EVENTS
from crm.db.schema.bookings import booking_step
from crm.db.schema.cases import ticket_step
from crm.db.schema.core import (
    call,
    colleague_message,
    due_call,
    due_call_attempt,
    event,
    recording,
    recording_playback,
    ticket,
    ticket_change,
)
from crm.db.schema.intake import attachment, intake, letter
from crm.db.schema.suggestions import suggestion_step
from crm.followups.model import DueCallState
from crm.tickets.model import Detail, TimelineEntry

_NOT_TOLD: Final = frozenset(
    {"type", "at", "event_id", "call_id", "ticket", "channel_id", "agent_channel_id", "bridge_id"}
    | {"then", "since", "promised"}
)
"""Of an event's payload: what has a place of its own, or means nothing to a reader."""
_DOERS: Final = ("supervisor", "by", "agent")
"""Who did it: the first of these that an event names."""


async def timeline(connection: AsyncConnection, number: str) -> tuple[TimelineEntry, ...]:
    """Everything that happened to the ticket, oldest first."""
    entries = [
        *await _events(connection, number),
        *await _changes(connection, number),
        *await _due_calls(connection, number),
        *await _attempts(connection, number),
        *await _playbacks(connection, number),
        *await _messages(connection, number),
        *await _arrival(connection, number),
        *await _letters(connection, number),
        *await _files(connection, number),
        *await _suggestion(connection, number),
        *await _steps(connection, number),
        *await _booking_steps(connection, number),
    ]
    return tuple(sorted(entries, key=lambda entry: entry.at))


async def _events(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    calls = select(call.c.call_id).where(call.c.ticket == number)
    query = (
        select(event.c.name, event.c.at, event.c.call_id, event.c.payload)
        .where(event.c.call_id.in_(calls), event.c.name.in_(EVENTS))
        .order_by(event.c.id)
    )
    return [_event_entry(row) for row in await connection.execute(query)]


def _event_entry(row: Any) -> TimelineEntry:
    payload: dict[str, Detail] = msgspec.json.decode(row.payload)
    return TimelineEntry(
        at=row.at,
        source="call",
        action=row.name,
        by=next((str(payload[name]) for name in _DOERS if payload.get(name)), None),
        call=row.call_id,
        details={name: value for name, value in payload.items() if name not in _NOT_TOLD},
    )


async def _changes(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    query = select(ticket_change).where(ticket_change.c.ticket == number).order_by(ticket_change.c.id)
    return [
        TimelineEntry(at=row.at, source="change", action=row.field, by=row.by, details={"old": row.old, "new": row.new})
        for row in await connection.execute(query)
    ]


async def _due_calls(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    entries = []
    for row in await connection.execute(select(due_call).where(due_call.c.ticket == number).order_by(due_call.c.id)):
        details: dict[str, Detail] = {"due_call": row.id, "kind": row.kind, "number": row.number}
        promised = details | {"due_at": row.due_at.isoformat(), "note": row.note}
        entries.append(
            TimelineEntry(at=row.created_at, source="due_call", action="scheduled", by=row.created_by, details=promised)
        )
        if row.state == DueCallState.CANCELLED:
            entries.append(
                TimelineEntry(
                    at=row.closed_at, source="due_call", action="cancelled", by=row.closed_by, details=details
                )
            )
    return entries


async def _attempts(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    query = (
        select(due_call_attempt, due_call.c.kind, due_call.c.number)
        .join_from(due_call_attempt, due_call, due_call_attempt.c.due_call == due_call.c.id)
        .where(due_call.c.ticket == number)
    )
    return [
        TimelineEntry(
            at=row.at,
            source="attempt",
            action=row.kind,
            by=row.agent,
            call=row.call_id,
            details={
                "due_call": row.due_call,
                "attempt": row.attempt,
                "number": row.number,
                "outcome": row.outcome,
                "ended_at": None if row.ended_at is None else row.ended_at.isoformat(),
            },
        )
        for row in await connection.execute(query)
    ]


async def _playbacks(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    query = (
        select(recording_playback, recording.c.kind, recording.c.call_id)
        .join_from(recording_playback, recording, recording_playback.c.recording_id == recording.c.id)
        .where(recording.c.ticket == number)
    )
    return [
        TimelineEntry(
            at=row.at,
            source="playback",
            action=row.kind,
            by=row.by,
            call=row.call_id,
            details={"recording": row.recording_id},
        )
        for row in await connection.execute(query)
    ]


async def _messages(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    """To colleagues: when written, and when read (TEL-7)."""
    entries = []
    for row in await connection.execute(select(colleague_message).where(colleague_message.c.ticket == number)):
        details: dict[str, Detail] = {"message": row.id, "recipient": row.recipient, "text": row.text}
        entries.append(TimelineEntry(at=row.at, source="message", action="sent", by=row.sender, details=details))
        if row.read_at is not None:
            entries.append(
                TimelineEntry(at=row.read_at, source="message", action="read", by=row.recipient, details=details)
            )
    return entries


async def _arrival(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    """Of a ticket that did not come by telephone (TKT-1)."""
    query = select(intake, ticket.c.channel, ticket.c.opened_at).join(ticket, intake.c.ticket == ticket.c.number)
    return [
        TimelineEntry(
            at=row.opened_at,
            source="intake",
            action=row.channel,
            by=row.recorded_by,
            details={"received_at": row.received_at.isoformat(), "reference": row.reference},
        )
        for row in await connection.execute(query.where(intake.c.ticket == number))
    ]


async def _letters(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            at=row.at,
            source="letter",
            action="received",
            details={"sender": row.email, "subject": row.subject, "text": row.text},
        )
        for row in await connection.execute(select(letter).where(letter.c.ticket == number))
    ]


async def _files(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    """Attached, and removed by retention."""
    entries = []
    for row in await connection.execute(select(attachment).where(attachment.c.ticket == number)):
        details: dict[str, Detail] = {"name": row.name, "size": row.size}
        entries.append(TimelineEntry(at=row.at, source="file", action="attached", by=row.by, details=details))
        if row.deleted_at is not None:
            entries.append(TimelineEntry(at=row.deleted_at, source="file", action="removed", details=details))
    return entries


async def _suggestion(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    """The steps of the ticket's suggestion (SUG-1)."""
    query = select(suggestion_step).where(suggestion_step.c.ticket == number).order_by(suggestion_step.c.version)
    return [
        TimelineEntry(
            at=row.at,
            source="suggestion",
            action=row.step,
            by=row.by,
            details=msgspec.json.decode(row.details, type=dict[str, Detail]) if row.details else {},
        )
        for row in await connection.execute(query)
    ]


async def _steps(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    """Of the case, and that other tickets were merged into it (LNE: a call about an open case is on both)."""
    own = select(ticket_step).where(ticket_step.c.ticket == number).order_by(ticket_step.c.id)
    theirs = (
        select(ticket_step)
        .join(ticket, ticket.c.number == ticket_step.c.ticket)
        .where(ticket.c.case_of == number, ticket_step.c.step == "merged")
        .order_by(ticket_step.c.id)
    )
    return [
        *[
            _step_entry(row, row.step, _shown(msgspec.json.decode(row.details)))
            for row in await connection.execute(own)
        ],
        *[_step_entry(row, "attached", {"ticket": row.ticket}) for row in await connection.execute(theirs)],
    ]


def _step_entry(row: Any, action: str, details: dict[str, Detail]) -> TimelineEntry:
    return TimelineEntry(at=row.at, source="step", action=action, by=row.by, details=details)


def _shown(details: dict[str, Any]) -> dict[str, Detail]:
    """Lists as words."""
    return {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in details.items()}


async def _booking_steps(connection: AsyncConnection, number: str) -> list[TimelineEntry]:
    """Of bookings and appointments; what a customer pressed is told by the call's own event."""
    query = select(booking_step).where(booking_step.c.ticket == number, booking_step.c.event_id.is_(None))
    entries = []
    for row in await connection.execute(query.order_by(booking_step.c.id)):
        kind, _, key = row.subject.partition(" ")
        details: dict[str, Detail] = msgspec.json.decode(row.details) if row.details else {}
        entries.append(
            TimelineEntry(at=row.at, source=kind, action=row.step, by=row.by, details={"number": key, **details})
        )
    return entries
