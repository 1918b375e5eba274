"""Enters due calls: the one place where rows of that table begin, whatever a call is owed for (adapter). FUP-1.

Who owes one says a NewCall; each is entered once per key, in the transaction of what it follows from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.base import bulk
from crm.db.base.engine import Database
from crm.db.schema.core import due_call
from crm.followups.model import DueCallKind, DueCallState


@dataclass(frozen=True, kw_only=True)
class NewCall:
    """A call that is owed from now on. `number_key`: the number as it is compared, never empty."""

    key: str
    number: str
    number_key: str
    due_at: datetime
    queue: str
    created_at: datetime
    kind: DueCallKind = DueCallKind.CALLBACK
    ticket: str | None = None
    note: str = ""
    customer_id: int | None = None
    created_by: str | None = None
    """None: nobody, it follows from what happened in a call."""


async def enter(database: Database, connection: AsyncConnection, calls: Iterable[NewCall]) -> None:
    """Enters those whose keys are not there yet; nobody has claimed them, and nobody has tried."""
    await database.insert_new(connection, due_call, [_row(each) for each in calls], ["key"])


def enter_told(connection: Connection, calls: Iterable[NewCall]) -> None:
    """As `enter`, in the projector's batch."""
    bulk.insert_new(connection, due_call, [_row(each) for each in calls], ["key"])


def _row(call: NewCall) -> dict[str, Any]:
    return {
        "key": call.key,
        "kind": DueCallKind(call.kind).value,
        "state": DueCallState.SCHEDULED.value,
        "number": call.number,
        "number_key": call.number_key,
        "due_at": call.due_at,
        "ticket": call.ticket,
        "queue": call.queue,
        "note": call.note,
        "customer_id": call.customer_id,
        "attempts": 0,
        "fence": 0,
        "created_at": call.created_at,
        "created_by": call.created_by,
    }
