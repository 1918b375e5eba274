"""Figures of visits, guide services and appointments (rules over rows): what reports are made from. BKG-4, BKG-5."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from config.service.bookings import Appointments
from crm.bookings.appointments import Appointment, AppointmentState, days_before
from crm.bookings.model import Booking, BookingState

GroupedBy = Literal["day", "slot", "language", "guide", "party"]

PARTIES: Final = ((1, "1"), (2, "2"), (5, "3-5"), (10, "6-10"), (20, "11-20"), (50, "21-50"))
"""Upper bound of each band of party sizes, and its name; beyond: 51+."""


class VisitFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`bookings` = `ahead` + `visited` + `no_shows` + `cancelled`; people: the sizes of the parties.

    `guided`: tours that took place. `no_show_rate`: no-shows ÷ (visited + no-shows); None while there is neither.
    `rating`: mean of the `rated` answers, 1 to 5.
    """

    bookings: int
    people: int
    ahead: int
    confirmed: int
    visited: int
    visitors: int
    no_shows: int
    cancelled: int
    guided: int
    no_show_rate: float | None
    rated: int
    rating: float | None


def visit_figures(bookings: Sequence[Booking]) -> VisitFigures:
    """Of all these bookings together."""
    by_state = {state: [each for each in bookings if each.state is state] for state in BookingState}
    visited, missed = by_state[BookingState.VISITED], by_state[BookingState.NO_SHOW]
    ahead = (BookingState.BOOKED, BookingState.CONFIRMED, BookingState.CHANGE_ASKED)
    ratings = [each.rating for each in bookings if each.rating is not None]
    due = len(visited) + len(missed)
    return VisitFigures(
        bookings=len(bookings),
        people=sum(each.party for each in bookings),
        ahead=sum(len(by_state[state]) for state in ahead),
        confirmed=len(by_state[BookingState.CONFIRMED]),
        visited=len(visited),
        visitors=sum(each.party for each in visited),
        no_shows=len(missed),
        cancelled=len(by_state[BookingState.CANCELLED]),
        guided=sum(each.language is not None for each in visited),
        no_show_rate=len(missed) / due if due else None,
        rated=len(ratings),
        rating=sum(ratings) / len(ratings) if ratings else None,
    )


def grouped(bookings: Sequence[Booking], by: GroupedBy, zone: ZoneInfo) -> Mapping[str, VisitFigures]:
    """By local day, start of the slot, language or guide (empty: without), band of party sizes; in order."""
    key = _keys(zone)[by]
    groups: dict[str, list[Booking]] = {}
    for each in bookings:
        groups.setdefault(key(each), []).append(each)
    bands = [name for _, name in PARTIES]
    order = (lambda name: bands.index(name) if name in bands else len(bands)) if by == "party" else None
    return {name: visit_figures(groups[name]) for name in sorted(groups, key=order)}


def _keys(zone: ZoneInfo) -> Mapping[GroupedBy, Callable[[Booking], str]]:
    return {
        "day": lambda each: f"{each.starts_at.astimezone(zone):%Y-%m-%d}",
        "slot": lambda each: f"{each.starts_at.astimezone(zone):%H:%M}",
        "language": lambda each: each.language or "",
        "guide": lambda each: each.guide or "",
        "party": lambda each: party_band(each.party),
    }


def party_band(party: int) -> str:
    return next((name for most, name in PARTIES if party <= most), "51+")


class AppointmentFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`agreed_in_time`: of those agreed, agreed early enough (FUP-3). `kept_rate`: kept ÷ (kept + late + missed)."""

    appointments: int
    agreed: int
    agreed_in_time: int
    kept: int
    late: int
    missed: int
    cancelled: int
    kept_rate: float | None


def appointment_figures(rows: Sequence[Appointment], rules: Appointments, zone: ZoneInfo) -> AppointmentFigures:
    count = {state: sum(each.state is state for each in rows) for state in AppointmentState}
    agreed = [(each.at, each.agreed_at) for each in rows if each.agreed_at is not None]
    over = count[AppointmentState.KEPT] + count[AppointmentState.LATE] + count[AppointmentState.MISSED]
    return AppointmentFigures(
        appointments=len(rows),
        agreed=len(agreed),
        agreed_in_time=sum(days_before(at, agreed_at, zone) >= rules.agreed_days_before for at, agreed_at in agreed),
        kept=count[AppointmentState.KEPT],
        late=count[AppointmentState.LATE],
        missed=count[AppointmentState.MISSED],
        cancelled=count[AppointmentState.CANCELLED],
        kept_rate=count[AppointmentState.KEPT] / over if over else None,
    )
