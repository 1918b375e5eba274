"""A process that books as fast as it can, from many tasks at once. Run with -m: URL FIRST COUNT PARTY [LANGUAGE].

Prints one JSON line: how many were booked, and why the others were refused.
"""

import asyncio
import json
import sys
from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from crm.bookings.model import Aftermath, Booking, BookingRequest
from crm.bookings.slots import Slot, placing, slots_of
from crm.db.store import Store
from crm.errors import BookingRefused
from tests.fakes.small_bookings import small_bookings

DAY = date(2026, 11, 25)
ZONE = ZoneInfo("Asia/Shanghai")
RULES = small_bookings()
TICKET = "20261122-0001"
NOTHING_MORE = Aftermath(reminder_at=None, queue="hotline", message=lambda row: None)


def slot_at(hour: int, day: date = DAY) -> Slot:
    assert RULES.visits
    return next(slot for slot in slots_of(day, RULES.visits, "working", ZONE) if slot.starts.hour == hour)


def wish(
    party: int = 1, language: str | None = None, guide: str | None = None, number: str = "13812345678"
) -> BookingRequest:
    return BookingRequest(
        party=party, language=language, guide=guide, contact_name="王芳", contact_number=number, note=""
    )


async def book(
    store: Store, key: str, wanted: BookingRequest, hour: int = 14, day: date = DAY, after: Aftermath = NOTHING_MORE
) -> Booking:
    """One booking as the service makes it."""
    slot = slot_at(hour, day)
    place = placing(RULES, slot, "working", wanted)
    return await store.bookings.book(key, TICKET, slot, wanted, place, after, by="8001")


async def crowd(store: Store, first: int, count: int, wanted: BookingRequest) -> Counter[str]:
    """So many at once; what came of them."""

    async def one(number: int) -> str:
        try:
            await book(store, f"booker {number}", wanted)
        except BookingRefused as refused:
            return refused.reason
        return "booked"

    return Counter(await asyncio.gather(*(one(number) for number in range(first, first + count))))


async def main(url: str, first: int, count: int, party: int, language: str | None) -> None:
    store = await Store.open(url, area_code="0571", clock=lambda: datetime(2026, 11, 22, 2, 0, tzinfo=UTC))
    sys.stdout.write(json.dumps(await crowd(store, first, count, wish(party, language))) + "\n")
    await store.close()


if __name__ == "__main__":
    _, url, first, count, party, *language = sys.argv
    asyncio.run(main(url, int(first), int(count), int(party), language[0] if language else None))
