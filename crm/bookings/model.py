"""Bookings of visits and guides: the state table, what a booking says, what a key in the reminder call does. Rules.

A booking hangs on its ticket. Its places are taken and given back in crm/db/bookings. BKG-1, BKG-2, BKG-3.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from crm.errors import BookingRefused, IllegalTransition
from crm.outbox.model import OutMessage
from crm.tickets.model import Detail


class BookingState(StrEnum):
    """`change_asked`: the customer wants it otherwise and has not been spoken with yet; the places are kept."""

    BOOKED = "booked"
    CONFIRMED = "confirmed"
    CHANGE_ASKED = "change_asked"
    CANCELLED = "cancelled"
    VISITED = "visited"
    NO_SHOW = "no_show"


class BookingStep(StrEnum):
    """What can happen to a booking. `move`: another time, party, language or guide."""

    CONFIRM = "confirm"
    ASK_CHANGE = "ask_change"
    MOVE = "move"
    CANCEL = "cancel"
    ARRIVE = "arrive"
    MISS = "miss"


_S, _E = BookingState, BookingStep
_AHEAD: Final = (_S.BOOKED, _S.CONFIRMED, _S.CHANGE_ASKED)
TRANSITIONS: Final[dict[tuple[BookingState, BookingStep], BookingState]] = {
    **{(state, _E.CONFIRM): _S.CONFIRMED for state in _AHEAD},
    **{(state, _E.ASK_CHANGE): _S.CHANGE_ASKED for state in _AHEAD},
    **{(state, _E.MOVE): _S.BOOKED for state in _AHEAD},
    **{(state, _E.CANCEL): _S.CANCELLED for state in _AHEAD},
    **{(state, _E.ARRIVE): _S.VISITED for state in (*_AHEAD, _S.NO_SHOW)},
    **{(state, _E.MISS): _S.NO_SHOW for state in (*_AHEAD, _S.VISITED)},
}
"""A cancelled booking stays so: its places may be somebody else's by now. Visited and no-show can be put right."""


def apply(state: BookingState, step: BookingStep) -> BookingState:
    """The state after the step; raises IllegalTransition when the table has none."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition(state, step) from None


def check_time(step: BookingStep, starts_at: datetime, now: datetime, zone: ZoneInfo) -> None:
    """Raises BookingRefused for a visit that is marked before its day, or missed before it began."""
    early = now.astimezone(zone).date() < starts_at.astimezone(zone).date()
    if (step is BookingStep.ARRIVE and early) or (step is BookingStep.MISS and now < starts_at):
        raise BookingRefused("too_early", "the visit has not come yet: mark it when it has")


Answer = Literal["confirm", "change", "cancel"]
"""What the customer pressed in the reminder call: 1, 2, 3."""

ANSWERS: Final[dict[str, BookingStep]] = {
    "confirm": BookingStep.CONFIRM,
    "change": BookingStep.ASK_CHANGE,
    "cancel": BookingStep.CANCEL,
}


def answered(state: BookingState, answer: str, *, same_time: bool) -> BookingStep | None:
    """What the customer's key does to the booking as it is now; None when it is over.

    `same_time` false: it was moved while the customer was on the telephone, so that the key was meant for another time.
    A person has to ask again then.
    """
    if state not in _AHEAD:
        return None
    return ANSWERS[answer] if same_time else BookingStep.ASK_CHANGE


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """A booking as it was read. `ticket_agent`: whose the ticket is. `rating`: 1 to 5, by key press after the visit."""

    id: int
    ticket: str
    ticket_agent: str | None
    customer_id: int | None
    customer_name: str | None
    state: BookingState
    starts_at: datetime
    ends_at: datetime
    party: int
    language: str | None
    """In which to be guided; None: without a guide."""
    guide: str | None
    contact_name: str
    contact_number: str
    note: str
    made_at: datetime
    made_by: str
    told_at: datetime | None
    """When the confirmation was read out to the customer."""
    rating: int | None
    version: int


class StepEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a booking's append-only history."""

    at: datetime
    by: str
    step: str
    details: dict[str, Detail]


class BookingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted. `guide` None with a language: any who is free."""

    party: int
    language: str | None
    guide: str | None
    contact_name: str
    contact_number: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """What a booking gives rise to, entered together with it: a reminder call, if due, and a written confirmation."""

    reminder_at: datetime | None
    queue: str
    """Where the customer gets a person."""
    message: Callable[[Booking], OutMessage | None]


class CallAbout(NamedTuple):
    """What a due call of ours is about."""

    booking: int
    purpose: Literal["reminder", "survey"]


_KEY: Final = re.compile(r"booking/([0-9]+)/(reminder|survey)/[0-9]+")


def call_key(booking: int, purpose: Literal["reminder", "survey"], version: int) -> str:
    """The key of the due call that a booking of that version gives rise to: one, however often it is entered."""
    return f"{calls_of(booking)}{purpose}/{version}"


def calls_of(booking: int) -> str:
    """What the keys of all due calls of a booking begin with."""
    return f"booking/{booking}/"


def about(key: str) -> CallAbout | None:
    """The booking that a due call is about, by its key; None for any other call."""
    found = _KEY.fullmatch(key)
    return CallAbout(int(found[1]), "reminder" if found[2] == "reminder" else "survey") if found else None
