"""What is left when nobody could be had: due calls for callers who are owed one, and warnings to the supervisors.

Once each, in the projector's transaction. FUP-1, TEL-6.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from config.numbering import normalise
from crm.calls.words import clock_stepped, duty_missed
from crm.db.base.bulk import insert_new
from crm.db.followups.entering import NewCall, enter_told
from crm.db.schema.core import colleague_message
from crm.db.schema.users import in_force, user_account
from crm.followups.model import DueCall
from crm.followups.words import limit_near, set_aside
from crm.journal.events import AnyEvent, CallbackOwed, ClockStepped, DialLimitNear, DutyMissed


def enter_owed_calls(
    connection: Connection, events: Sequence[AnyEvent], area_code: str, owners: Mapping[str, int | None]
) -> None:
    """Enters each under the key of its event, so that a batch applied again enters nothing twice. `owners`: the
    customer of each number."""
    owed = [each for each in events if isinstance(each, CallbackOwed)]
    enter_told(connection, [call for each in owed if (call := _call(each, area_code, owners)) is not None])


def _call(owed: CallbackOwed, area_code: str, owners: Mapping[str, int | None]) -> NewCall | None:
    """None for a number that nobody can be rung at."""
    number_key = normalise(owed.number, area_code).normalised
    if not number_key:
        return None
    return NewCall(
        key=owed.event_id,
        number=owed.number,
        number_key=number_key,
        due_at=owed.due_at,
        ticket=owed.ticket,
        queue=owed.queue,
        note=owed.note,
        customer_id=owners.get(number_key),
        created_at=owed.at,
    )


_Warning = tuple[str, datetime, str, str | None]
"""A key, an instant, the words and the ticket."""

SYSTEM = "system"
"""The sender of what no colleague wrote."""


def enter_warnings(connection: Connection, events: Sequence[AnyEvent], tickets: Mapping[str, str]) -> None:
    """A missed duty call, a limit of outbound calls that is near or met and a clock that was set are messages to every
    supervisor, with a read receipt. `tickets`: that of each call."""
    warnings = list[_Warning]()
    for each in events:
        match each:
            case DutyMissed():
                words, ticket = duty_missed(each.title, each.reason), tickets.get(each.call_id)
            case DialLimitNear():
                words, ticket = limit_near(each.limit, each.who, each.used, each.most, met=each.met), None
            case ClockStepped():
                words, ticket = clock_stepped(each.by_s, each.apart_s), None
            case _:
                continue
        warnings.append((each.event_id, each.at, words.on_screen(), ticket))
    if warnings:
        _warn(connection, warnings)


def warn_of_fault(connection: Connection, due: DueCall, fault: str, at: datetime) -> None:
    """A due call that could not be carried out, by a fault of ours, is set aside: every supervisor gets a message."""
    text = set_aside(due.id, due.kind, fault).on_screen()
    _warn(connection, [(f"due_fault:{due.id}:{due.attempts}", at, text, due.ticket)])


def _warn(connection: Connection, warnings: Sequence[_Warning]) -> None:
    supervisors = connection.execute(
        select(user_account.c.name).where(user_account.c.role == "supervisor", in_force)
    ).scalars()
    rows = [
        {
            "key": f"{key}:{supervisor}",
            "at": at,
            "sender": SYSTEM,
            "recipient": supervisor,
            "text": text,
            "ticket": ticket,
            "caller": "",
        }
        for supervisor in supervisors
        for key, at, text, ticket in warnings
    ]
    insert_new(connection, colleague_message, rows, ["key"])
