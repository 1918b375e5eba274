"""The slots of a day, what is free in them, and which guides are: rules over what is booked. BKG-1.

Bookings are compared by their times, not by the slots they were made in: when a site changes its hours or the length of
its slots, what was booked before still counts, wherever it overlaps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from config.service.bookings import Bookings, Guide, Visits
from config.values.fields import END_OF_DAY
from config.values.hours import DayKind
from crm.bookings.model import BookingRequest
from crm.errors import BookingRefused

WhyNot = Literal["past", "too_soon", "too_far"]


@dataclass(frozen=True)
class Slot:
    """A span of a local day, as times of day and as instants (UTC); `capacity` visitors have room in it."""

    day: date
    starts: time
    ends: time
    starts_at: datetime
    ends_at: datetime
    capacity: int


class Occupied(msgspec.Struct, frozen=True, kw_only=True):
    """What a booking takes: places, and perhaps a guide, for a span."""

    booking: int
    starts_at: datetime
    ends_at: datetime
    party: int
    guide: str | None

    def overlaps(self, slot: Slot) -> bool:
        return self.starts_at < slot.ends_at and slot.starts_at < self.ends_at


def slots_of(day: date, visits: Visits, kind: DayKind, zone: ZoneInfo) -> tuple[Slot, ...]:
    """The opening periods of a local date cut into slots, from their beginning; what is left at the end is no slot."""
    slots = []
    for period in visits.hours.on(day, kind).periods:
        start, end = _minutes(period.start), _minutes(period.end)
        while start + visits.slot_minutes <= end:
            slots.append(_slot(day, start, start + visits.slot_minutes, visits.capacity_on(day), zone))
            start += visits.slot_minutes
    return tuple(slots)


def _slot(day: date, start: int, end: int, capacity: int, zone: ZoneInfo) -> Slot:
    midnight = datetime.combine(day, time.min, zone)
    starts_at, ends_at = ((midnight + timedelta(minutes=each)).astimezone(UTC) for each in (start, end))
    return Slot(day, _time(start), _time(end), starts_at, ends_at, capacity)


def _minutes(at: time) -> int:
    return 24 * 60 if at == END_OF_DAY else at.hour * 60 + at.minute


def _time(minutes: int) -> time:
    return END_OF_DAY if minutes >= 24 * 60 else time(*divmod(minutes, 60))


def why_not(slot: Slot, visits: Visits, now: datetime, zone: ZoneInfo) -> WhyNot | None:
    """Why nobody can book this slot now; None when one can."""
    if slot.starts_at <= now:
        return "past"
    if slot.starts_at < now + timedelta(minutes=visits.notice_minutes):
        return "too_soon"
    return "too_far" if slot.day > now.astimezone(zone).date() + timedelta(days=visits.days_ahead) else None


def taken_in(slot: Slot, taken: Sequence[Occupied]) -> int:
    """Visitors who are in the house at some time of the slot."""
    return sum(each.party for each in taken if each.overlaps(slot))


def works(guide: Guide, slot: Slot, kind: DayKind) -> bool:
    """Whether the whole slot lies in the guide's working hours."""
    return any(
        period.start <= slot.starts and slot.ends <= period.end for period in guide.hours.on(slot.day, kind).periods
    )


def engaged(guide: Guide, slot: Slot, taken: Sequence[Occupied]) -> int | None:
    """The booking that has this guide at some time of the slot; None: free."""
    return next((each.booking for each in taken if each.guide == guide.id and each.overlaps(slot)), None)


Placing = Callable[[Sequence[Occupied]], str | None]
"""Given what is taken that day, which guide the booking gets (None: none was wanted). Raises BookingRefused."""


def placing(rules: Bookings, slot: Slot, kind: DayKind, wish: BookingRequest) -> Placing:
    """The rule by which a wish is fulfilled or refused, for the store to ask while nobody else books on that day."""

    def place(taken: Sequence[Occupied]) -> str | None:
        free = slot.capacity - taken_in(slot, taken)
        if wish.party > free:
            raise BookingRefused("full", f"{max(free, 0)} places are free at {slot.starts:%H:%M}, not {wish.party}")
        return None if wish.language is None else _guide(rules, slot, kind, wish, taken)

    return place


def _guide(rules: Bookings, slot: Slot, kind: DayKind, wish: BookingRequest, taken: Sequence[Occupied]) -> str:
    """The guide asked for; else the free one of fewest languages (others may need the rest), then fewest tours."""
    able = [
        guide
        for guide in rules.guides
        if wish.language in guide.languages and wish.party <= guide.parties_up_to and works(guide, slot, kind)
    ]
    free = [guide for guide in able if engaged(guide, slot, taken) is None]
    if wish.guide is not None:
        if any(guide.id == wish.guide for guide in free):
            return wish.guide
        raise BookingRefused("guide_busy", f"guide {wish.guide} is not free, or does not guide such a party then")
    if not free:
        raise BookingRefused("no_guide", f"nobody is free to guide in '{wish.language}' at {slot.starts:%H:%M}")
    tours = {guide.id: sum(each.guide == guide.id for each in taken) for guide in free}
    return min(free, key=lambda guide: (len(guide.languages), tours[guide.id])).id


def check_wish(rules: Bookings, wish: BookingRequest) -> None:
    """Raises BookingRefused for what no slot of this site can fulfil."""
    party = rules.visits.party if rules.visits else None
    if party is None:
        raise BookingRefused("no_visits", "this site takes no bookings: write bookings.yaml")
    if not party.smallest <= wish.party <= party.largest:
        raise BookingRefused("party_size", f"a booking is for {party.smallest} to {party.largest} people")
    if wish.language is not None and wish.language not in rules.languages:
        raise BookingRefused("no_guide", f"nobody guides in '{wish.language}'; languages: {', '.join(rules.languages)}")
    if wish.guide is not None:
        guide = rules.guide(wish.guide)
        if guide is None or wish.language not in guide.languages:
            raise BookingRefused("guide_busy", f"no guide '{wish.guide}' for the language '{wish.language}'")
