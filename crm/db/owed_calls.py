"""What callers are owed (CallbackOwed) becomes rows of due calls, once each. In the projector's transaction. FUP-1."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from crm.customers.numbers import normalise
from crm.db.bulk import insert_new
from crm.db.schema import due_call
from crm.events import AnyEvent, CallbackOwed
from crm.followups.model import DueCallKind, DueCallState


def enter_owed_calls(
    connection: Connection, events: Sequence[AnyEvent], area_code: str, owners: Mapping[str, int | None]
) -> None:
    """Enters each under the key of its event, so that a batch applied again enters nothing twice. `owners`: the
    customer of each number."""
    owed = [each for each in events if isinstance(each, CallbackOwed)]
    rows = [row for each in owed if (row := _row(each, area_code, owners)) is not None]
    insert_new(connection, due_call, rows, ["key"])


def _row(owed: CallbackOwed, area_code: str, owners: Mapping[str, int | None]) -> dict[str, Any] | None:
    """None for a number that nobody can be rung at."""
    number_key = normalise(owed.number, area_code).normalised
    if not number_key:
        return None
    return {
        "key": owed.event_id,
        "kind": DueCallKind.CALLBACK.value,
        "state": DueCallState.SCHEDULED.value,
        "number": owed.number,
        "number_key": number_key,
        "due_at": owed.due_at,
        "ticket": owed.ticket,
        "queue": owed.queue,
        "note": owed.note,
        "customer_id": owners.get(number_key),
        "attempts": 0,
        "fence": 0,
        "created_at": owed.at,
        "created_by": None,
    }
