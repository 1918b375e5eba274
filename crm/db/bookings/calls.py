"""The due calls of a booking: entered with it, withdrawn when it changes. Statements only. BKG-3, BKG-4."""

from datetime import datetime

from sqlalchemy import Update, update

from config.numbering import normalise
from crm.bookings.model import Booking, calls_of
from crm.db.followups.entering import NewCall
from crm.db.schema.core import due_call
from crm.followups.model import DueCallKind, DueCallState, DueCallStep, states_before


def call_of(
    booking: Booking, *, key: str, due_at: datetime, queue: str, note: str, area_code: str, at: datetime, by: str
) -> NewCall | None:
    """A call to the booking's contact; None when there is no number to ring."""
    number_key = normalise(booking.contact_number, area_code).normalised
    if not number_key:
        return None
    return NewCall(
        key=key,
        kind=DueCallKind.REMINDER,
        number=booking.contact_number,
        number_key=number_key,
        due_at=due_at,
        ticket=booking.ticket,
        queue=queue,
        note=note,
        customer_id=booking.customer_id,
        created_at=at,
        created_by=by,
    )


def withdraw_calls(booking: int, *, at: datetime, by: str) -> Update:
    """Those of its calls that nobody is being rung for yet. A worker that has just claimed one loses it."""
    theirs = due_call.c.key.startswith(calls_of(booking), autoescape=True)
    possible = due_call.c.state.in_(states_before(DueCallStep.CANCEL))
    closed = {"state": DueCallState.CANCELLED.value, "closed_at": at, "closed_by": by}
    return update(due_call).where(theirs, possible).values(**closed, fence=due_call.c.fence + 1, lease_until=None)
