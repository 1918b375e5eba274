"""What customers pressed in calls about bookings, applied once each in the projector's transaction. BKG-3, BKG-4."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select, update

from crm.bookings.model import BookingState, BookingStep, answered, apply
from crm.db.base.bulk import insert_new
from crm.db.bookings.calls import withdraw_calls
from crm.db.schema.bookings import booking, booking_step
from crm.db.schema.outbox import outbox
from crm.journal.events import AnyEvent, BookingAnswered, VisitRated
from crm.tickets.model import Detail

CUSTOMER = "customer"
"""Who did it, in the history: no colleague."""


def enter_answers(connection: Connection, events: Sequence[AnyEvent]) -> None:
    """The step's row goes by the event's id: an event that comes again finds it and changes nothing."""
    for each in events:
        if isinstance(each, BookingAnswered):
            _answered(connection, each)
        elif isinstance(each, VisitRated):
            _rated(connection, each)


def _answered(connection: Connection, event: BookingAnswered) -> None:
    row = connection.execute(select(booking).where(booking.c.id == event.booking).with_for_update()).one_or_none()
    if row is None:
        return
    state = BookingState(row.state)
    step = answered(state, event.answer, same_time=row.starts_at == event.starts_at)
    details: dict[str, Detail] = {"answer": event.answer, "call": event.call_id}
    name = step.value if step else "too_late"
    if not _is_new(connection, event, row.ticket, name, details) or step is None:
        return
    values = {"state": apply(state, step).value, "version": row.version + 1}
    connection.execute(update(booking).where(booking.c.id == row.id).values(**values))
    if step is BookingStep.CANCEL:
        connection.execute(withdraw_calls(row.id, at=event.at, by=CUSTOMER))
        waiting = (outbox.c.about == f"booking {row.id}") & (outbox.c.state == "waiting")
        connection.execute(update(outbox).where(waiting).values(state="failed", error="withdrawn"))


def _rated(connection: Connection, event: VisitRated) -> None:
    row = connection.execute(select(booking.c.ticket).where(booking.c.id == event.booking)).one_or_none()
    details: dict[str, Detail] = {"score": event.score, "call": event.call_id}
    if row is None or not _is_new(connection, event, row.ticket, "rated", details):
        return
    connection.execute(update(booking).where(booking.c.id == event.booking).values(rating=event.score))


def _is_new(
    connection: Connection,
    event: BookingAnswered | VisitRated,
    ticket: str,
    step: str,
    details: dict[str, Detail],
) -> bool:
    known = select(booking_step.c.id).where(booking_step.c.event_id == event.event_id)
    if connection.execute(known).first() is not None:
        return False
    row = {
        "subject": f"booking {event.booking}",
        "ticket": ticket,
        "at": event.at,
        "by": CUSTOMER,
        "step": step,
        "details": msgspec.json.encode(details, order="sorted").decode(),
        "event_id": event.event_id,
    }
    insert_new(connection, booking_step, [row], ["event_id"])
    return True
