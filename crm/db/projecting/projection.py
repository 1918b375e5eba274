"""A batch of events becomes rows: events, tickets, calls, recordings. In the caller's transaction. TKT-1.

What is written of a call is made from all its events; those of calls that are going on are remembered, those of others
read. A row is written when it is not what the store has.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, func, select, update

from config.numbering import normalise
from crm.calls.record import customer_number, fold
from crm.db.base.bulk import insert_new, upsert
from crm.db.bookings.answers import enter_answers
from crm.db.calls.agent_states import agent_state_rows
from crm.db.calls.owners import owners
from crm.db.customers.erased import ErasedNumbers
from crm.db.followups.owed_calls import enter_owed_calls, enter_warnings
from crm.db.intake.projecting import enter_openings, without_words
from crm.db.projecting.open_calls import OpenCall, OpenCalls
from crm.db.schema.core import agent_state, call, event, recording, ticket
from crm.db.tickets.search_index import reindex_known
from crm.journal.decoding import decode_event
from crm.journal.events import AnyEvent, CallEvent, MessageLeft, OutsideTalkStarted, TalkStarted
from crm.tickets.call_rows import CallRow, RecordingKind
from crm.tickets.model import Severity, TicketKind, TicketState

_Sound = TalkStarted | OutsideTalkStarted | MessageLeft
_encoder = msgspec.json.Encoder()
_STORIES: Final = (
    select(event.c.call_id, event.c.payload)
    .where(event.c.call_id.in_(bindparam("calls", expanding=True)))
    .order_by(event.c.id)
)
_COMPLETE_TICKET: Final = (
    update(ticket)
    .where(ticket.c.number == bindparam("of"))
    .values(
        agent=func.coalesce(bindparam("new_agent", type_=ticket.c.agent.type), ticket.c.agent),
        kind=func.coalesce(ticket.c.kind, bindparam("new_kind", type_=ticket.c.kind.type)),
        customer_id=func.coalesce(ticket.c.customer_id, bindparam("new_customer", type_=ticket.c.customer_id.type)),
    )
)


@dataclass(frozen=True)
class _Told:
    """A call as its events tell it now, to be brought into its rows."""

    call: OpenCall
    row: CallRow
    sounds: Sequence[_Sound]
    """The events that have a recording."""
    number_key: str
    customer_id: int | None


class Projection:
    """One per writer of a store: it remembers what it wrote."""

    def __init__(self, area_code: str, calls: OpenCalls) -> None:
        self._area_code = area_code
        self._calls = calls
        self._erased = ErasedNumbers(area_code)

    def apply(self, connection: Connection, events: Sequence[AnyEvent]) -> None:
        """Stores the events and brings every call they touch up to date. Applying a batch again changes nothing.

        When it raises, or its transaction fails, `forget_all` the calls.
        """
        events = self._erased.without(connection, events)
        if self._erased.news:
            self._calls.forget_all()
        insert_new(connection, event, [_event_row(each) for each in events], ["event_id"])
        insert_new(connection, agent_state, agent_state_rows(events), ["event_id"])
        touched = self._learn(connection, [each for each in events if isinstance(each, CallEvent)])
        told = self._told(connection, touched)
        _write_tickets(connection, told)
        _write_calls(connection, told)
        _write_recordings(connection, told)
        enter_openings(connection, events, self._area_code)
        enter_owed_calls(connection, events, self._area_code, {each.number_key: each.customer_id for each in told})
        enter_warnings(connection, events, {each.row.call: each.row.ticket for each in told})
        enter_answers(connection, events)
        self._calls.keep(touched)

    def _learn(self, connection: Connection, events: Sequence[CallEvent]) -> dict[str, OpenCall]:
        """The calls of which these events are news, each with all its events; call after these events are stored."""
        unknown = {each.call_id for each in events if self._calls.get(each.call_id) is None}
        touched: dict[str, OpenCall] = {}
        for each in events:
            known = self._calls.get(each.call_id)
            if known is not None and known.learn(each):
                touched[each.call_id] = known
        for call_id, story in _stories(connection, unknown).items():
            touched[call_id] = OpenCall(story)
            self._calls.put(call_id, touched[call_id])
        return touched

    def _told(self, connection: Connection, touched: dict[str, OpenCall]) -> list[_Told]:
        """Without calls whose CallArrived is still on its way."""
        stories = [(known, known.events) for known in touched.values()]
        rows = [(known, row, _sounds(events)) for known, events in stories if (row := fold(events)) is not None]
        keys = [normalise(customer_number(row), self._area_code).normalised for _, row, _ in rows]
        known = owners(connection, set(keys) - {""})
        return [_Told(*each, key, known.get(key)) for each, key in zip(rows, keys, strict=True)]


def _event_row(each: AnyEvent) -> dict[str, Any]:
    return {
        "event_id": each.event_id,
        "name": type(each).__name__,
        "at": each.at,
        "call_id": getattr(each, "call_id", None),
        "payload": _encoder.encode(without_words(each)).decode(),
    }


def _stories(connection: Connection, calls: Collection[str]) -> dict[str, list[CallEvent]]:
    """All stored events of the calls."""
    stories: dict[str, list[CallEvent]] = defaultdict(list)
    if calls:
        for call_id, payload in connection.execute(_STORIES, {"calls": list(calls)}):
            each = decode_event(payload)
            if isinstance(each, CallEvent):
                stories[call_id].append(each)
    return stories


def _write_tickets(connection: Connection, told: Sequence[_Told]) -> None:
    """New ones, and what later events know of a ticket. A person's word stands: kind and customer are filled in, never
    replaced."""
    new = [_ticket_row(each) for each in told if each.call.written is None]
    insert_new(connection, ticket, new, ["number"])
    completed = []
    for each in told:
        kind = TicketKind.MESSAGE if any(isinstance(sound, MessageLeft) for sound in each.sounds) else None
        known = (each.row.agent, kind, each.customer_id)
        if any(known) and known != each.call.written_ticket:
            names = ("new_agent", "new_kind", "new_customer")
            completed.append({"of": each.row.ticket, **dict(zip(names, known, strict=True))})
            each.call.written_ticket = known
    if completed:
        connection.execute(_COMPLETE_TICKET, completed)
        reindex_known(connection, [str(each["of"]) for each in completed])


def _ticket_row(told: _Told) -> dict[str, Any]:
    row = told.row
    return {
        "number": row.ticket,
        "opened_at": row.invited_at,
        "state": TicketState.OPEN,
        "severity": Severity.NORMAL,
        "channel": "telephone",
        "line": row.line,
        "dnis": row.dnis,
        "ani": row.ani,
        "number_key": told.number_key,
        "call_id": row.call,
        "version": 1,
    }


def _write_calls(connection: Connection, told: Sequence[_Told]) -> None:
    changed = [each for each in told if each.call.written != (each.row, each.customer_id)]
    upsert(connection, call, [_call_row(each) for each in changed], ["call_id"])
    for each in changed:
        each.call.written = (each.row, each.customer_id)


_NOT_STORED = {"call", "customer_name", "customer_id"}
_CALL_FIELDS: Final = tuple(name for name in CallRow.__struct_fields__ if name not in _NOT_STORED)


def _call_row(told: _Told) -> dict[str, Any]:
    row = {name: getattr(told.row, name) for name in _CALL_FIELDS}
    row["call_id"], row["number_key"], row["customer_id"] = told.row.call, told.number_key, told.customer_id
    return row


def _sounds(events: Sequence[CallEvent]) -> list[_Sound]:
    found = [each for each in events if isinstance(each, _Sound)]
    return [each for each in found if isinstance(each, MessageLeft) or each.recording]


def _write_recordings(connection: Connection, told: Sequence[_Told]) -> None:
    new = [each for each in told if len(each.sounds) != each.call.recordings]
    rows = [_recording_row(each.row, sound) for each in new for sound in each.sounds]
    insert_new(connection, recording, rows, ["kind", "file"])
    for each in new:
        each.call.recordings = len(each.sounds)


def _recording_row(row: CallRow, sound: _Sound) -> dict[str, Any]:
    if isinstance(sound, MessageLeft):
        made: tuple[object, ...] = (RecordingKind.MESSAGE, sound.file, sound.at, sound.duration_s)
    else:
        made = (RecordingKind.TALK, sound.recording, sound.at, None)
    names = ("kind", "file", "recorded_at", "duration_s")
    return dict(zip(names, made, strict=True), ticket=row.ticket, call_id=row.call)
