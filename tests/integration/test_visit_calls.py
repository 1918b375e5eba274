"""The calls about a booking on real telephones: 1 confirms, 2 leads to a person, 3 cancels. BKG-3, BKG-4."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from app.phone.call import PhoneCall
from crm.bookings.model import call_key
from crm.db.store import Store
from crm.followups.model import DueCallKind
from crm.journal.events import BookingAnswered, CallbackOwed, TalkStarted
from tests.integration.crowd import Crowd
from tests.integration.harness.api import Api, Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story
from tests.integration.test_due_calls import Customers, customers
from tests.integration.test_outages import locked

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

MENU = "reminder-menu-cancel"
WITHIN_S = 20.0
_numbers = count(13_600_000_001)


@contextmanager
def database(system: RunningSystem) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(str(store_path(system)), timeout=10)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def store_path(system: RunningSystem) -> str:
    return system.data.database_url.partition(":///")[2]


async def ticket(system: RunningSystem, crowd: Crowd) -> str:
    """Of somebody who rang and hung up."""
    caller = await crowd.caller()
    await caller.hang_up()
    return str((await (await system.api()).ticket_of(caller.number))["number"])


async def booking(api: Api, on: str, party: int) -> tuple[Item, str]:
    """A booking from the day after tomorrow on, so that its reminder lies ahead at any hour; and its number."""
    number = str(next(_numbers))
    week = await api.get("/api/slots", days="7")
    slot = next(slot for day in week["days"][2:] for slot in day["slots"] if slot["free"] >= party)
    wish = {"ticket": on, "starts_at": slot["starts_at"], "party": party, "contact_number": number}
    return await api.post("/api/bookings", wish), number


def make_due(system: RunningSystem, *bookings: Item) -> None:
    """Their reminders are due now."""
    with database(system) as connection:
        for each in bookings:
            done = connection.execute(
                "UPDATE due_call SET due_at = '2026-01-01 00:00:00.000000' WHERE key LIKE ?",
                (f"booking/{each['id']}/reminder/%",),
            )
            assert done.rowcount == 1


async def presses(crowd: Crowd, call: PhoneCall, key: str, prompt: str = MENU) -> None:
    async def asked() -> bool | None:
        return True if crowd.hears(call, prompt) else None

    await until(asked, WITHIN_S, f"the customer to hear {prompt}")
    await call.press(key)


async def becomes(api: Api, each: Item, **wanted: Any) -> Item:
    async def there() -> Item | None:
        now = await api.get(f"/api/bookings/{each['id']}")
        return now if {name: now[name] for name in wanted} == wanted else None

    return await until(there, WITHIN_S, f"booking {each['id']} to be {wanted}")


async def over(api: Api, on: str, number: str) -> Item:
    """The due call to that number, once it is over."""

    async def ended() -> Item | None:
        calls = await api.every("/api/due-calls", ticket=on)
        (mine,) = [each for each in calls if each["number"] == number]
        return mine if mine["state"] in ("done", "failed", "cancelled") else None

    return await until(ended, WITHIN_S, f"the call to {number} to be over")


@pytest.mark.req("BKG-3", "BKG-4")
async def test_a_customers_key_counts_once_whatever_dies(system: RunningSystem) -> None:
    system.site.agents(1)
    system.site.sounds(1.5, MENU, "survey-ask", "reminder-confirmed")
    async with customers(system) as reached:
        await system.up()
        async with Crowd(system) as crowd:
            on = await ticket(system, crowd)
            api, story = await system.api(), Story(system.data)
            agent = await crowd.agent("8001")
            (yes, a), (other, b), (off, c) = [await booking(api, on, party) for party in (1, 2, 3)]
            make_due(system, yes, other)
            await presses(crowd, await reached.rung(a), "1")
            await becomes(api, yes, state="confirmed")
            assert (await over(api, on, a))["outcome"] == "confirmed"
            await wants_a_change(crowd, reached, b)
            (talk,) = await story.until_count(TalkStarted, 1)
            assert talk.agent == "8001"
            asked = await becomes(api, other, state="change_asked")
            assert [step["step"] for step in asked["history"]] == ["booked", "ask_change"]
            call = next(item for item in await api.every("/api/calls") if item["call"] == talk.call_id)
            assert call["ticket"] == on, "the agent sees the ticket that the booking hangs on"
            await reached.phone.hang_up(reached.invites[b][0])
            await agent.calls[0].wait_ended(5)
            assert (await over(api, on, b))["outcome"] == "changed"
            await calls_off_while_all_dies(system, crowd, reached, off, c)
            api = await system.api()
            gone = await becomes(api, off, state="cancelled")
            assert [step["step"] for step in gone["history"]] == ["booked", "cancel"]
            assert (await over(api, on, c))["outcome"] == "cancelled"
            await rates(system, crowd, reached, yes, on)
            for number in (a, b, c):
                reached.assert_rung(number, 1)
            assert not story.of(CallbackOwed)
            await assert_nothing_left(system)
        assert_one_end_each(story.events)


async def wants_a_change(crowd: Crowd, reached: Customers, number: str) -> None:
    await presses(crowd, await reached.rung(number), "2")


async def calls_off_while_all_dies(
    system: RunningSystem, crowd: Crowd, reached: Customers, off: Item, number: str
) -> None:
    """3 is pressed while the store is locked; then the controller is killed."""
    story, already = Story(system.data), 2
    make_due(system, off)
    call = await reached.rung(number)
    with locked(system):
        await presses(crowd, call, "3")
        answers = await story.until_count(BookingAnswered, already + 1)
        assert (answers[-1].answer, answers[-1].starts_at) == ("cancel", datetime.fromisoformat(off["starts_at"]))
        await system.kill9()
    await system.restart()


async def rates(system: RunningSystem, crowd: Crowd, reached: Customers, each: Item, on: str) -> None:
    """The call after the visit."""
    number, store = str(next(_numbers)), await Store.open(system.data.database_url)
    await store.due_calls.schedule(
        kind=DueCallKind.REMINDER,
        number=number,
        due_at=store.clock(),
        ticket=on,
        queue="hotline",
        note="参观后回访",
        key=call_key(int(each["id"]), "survey", 9),
    )
    await store.close()
    await presses(crowd, await reached.rung(number), "4", "survey-ask")
    await becomes(await system.api(), each, rating=4)
