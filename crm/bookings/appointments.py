"""Appointments at the customer's place: the state table, in time or late, agreed early enough. Rules. BKG-5, FUP-3."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from config.service.bookings import Appointments
from crm.errors import BookingRefused, IllegalTransition


class AppointmentState(StrEnum):
    """`proposed`: the customer has not said yes. `kept`, `late`: somebody came, in time or not; `missed`: nobody."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    KEPT = "kept"
    LATE = "late"
    MISSED = "missed"
    CANCELLED = "cancelled"


class AppointmentStep(StrEnum):
    """What can happen to an appointment. `propose`: another time, which the customer has to agree to again."""

    PROPOSE = "propose"
    AGREE = "agree"
    COME_IN_TIME = "come_in_time"
    COME_LATE = "come_late"
    MISS = "miss"
    CANCEL = "cancel"


_S, _E = AppointmentState, AppointmentStep
TRANSITIONS: Final[dict[tuple[AppointmentState, AppointmentStep], AppointmentState]] = {
    (_S.PROPOSED, _E.PROPOSE): _S.PROPOSED,
    (_S.PROPOSED, _E.AGREE): _S.AGREED,
    (_S.PROPOSED, _E.CANCEL): _S.CANCELLED,
    (_S.AGREED, _E.PROPOSE): _S.PROPOSED,
    (_S.AGREED, _E.COME_IN_TIME): _S.KEPT,
    (_S.AGREED, _E.COME_LATE): _S.LATE,
    (_S.AGREED, _E.MISS): _S.MISSED,
    (_S.AGREED, _E.CANCEL): _S.CANCELLED,
    (_S.MISSED, _E.COME_LATE): _S.LATE,
    (_S.MISSED, _E.PROPOSE): _S.PROPOSED,
}


def apply(state: AppointmentState, step: AppointmentStep) -> AppointmentState:
    """The state after the step; raises IllegalTransition when the table has none."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition(state, step) from None


def arrival(at: datetime, arrived_at: datetime, rules: Appointments) -> AppointmentStep:
    """In time or late, for an appointment at `at`."""
    late = arrived_at > at + timedelta(minutes=rules.late_after_minutes)
    return AppointmentStep.COME_LATE if late else AppointmentStep.COME_IN_TIME


def days_before(at: datetime, agreed_at: datetime, zone: ZoneInfo) -> int:
    """Whole days between agreeing and going, by the site's calendar."""
    return (at.astimezone(zone).date() - agreed_at.astimezone(zone).date()).days


def check_agreement(at: datetime, now: datetime, rules: Appointments, zone: ZoneInfo, because: str) -> None:
    """Raises BookingRefused for an agreement that comes too late before its day, unless a reason is given (FUP-3)."""
    if at <= now:
        raise BookingRefused("past", "an appointment lies in the future")
    if days_before(at, now, zone) < rules.agreed_days_before and not because.strip():
        raise BookingRefused(
            "too_short_notice",
            f"it is agreed {rules.agreed_days_before} days before its day at the latest: choose a later day, or write "
            "why the customer wants it sooner",
        )


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment as it was read. `person`: who goes, of agents.yaml. `because`: why it was agreed so late."""

    id: int
    ticket: str
    ticket_agent: str | None
    customer_id: int | None
    customer_name: str | None
    kind: str
    state: AppointmentState
    at: datetime
    person: str
    place: str
    contact_name: str
    contact_number: str
    note: str
    because: str
    proposed_at: datetime
    proposed_by: str
    agreed_at: datetime | None
    agreed_by: str | None
    arrived_at: datetime | None
    version: int


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What an appointment is for: who goes when, where and why."""

    kind: str
    at: datetime
    person: str
    place: str
    contact_name: str
    contact_number: str
    note: str
