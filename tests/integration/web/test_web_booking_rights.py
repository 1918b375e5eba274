"""Every operation on bookings and appointments × whose ticket it is: hidden, masked or refused. CUS-4, LNE-6."""

from datetime import timedelta
from typing import Any, Final

import aiohttp
import pytest
from sqlalchemy import insert, update

from app.web.api.table import OPERATIONS
from crm.db.schema.cases import ticket_person
from crm.db.schema.core import ticket
from tests.integration.web.conftest import House
from tests.integration.web.test_web_bookings import day_after, slots, told

Item = dict[str, Any]
READER, COLLEAGUE, NUMBER = "8002", "8001", "13812345678"
GUARDED: Final = [
    each
    for each in OPERATIONS
    if each.path.startswith(("/api/bookings", "/api/appointments")) and each.name != "get_booking_figures"
]

EXPECTED: Final[dict[str, dict[str, int]]] = {
    # whose ticket: what reading one, changing one, and making one answer
    "own": {"read": 200, "change": 200, "make": 201},
    "colleague": {"read": 200, "change": 200, "make": 201},
    "restricted": {"read": 404, "change": 404, "make": 400},
    "about me": {"read": 200, "change": 403, "make": 403},
    "restricted, about me": {"read": 404, "change": 404, "make": 400},
}


async def prepared(house: House, whose: str) -> tuple[str, str, str]:
    """A ticket with a booking and an appointment on it: their ids."""
    number = await house.call(agent=READER if whose == "own" else COLLEAGUE, ani=NUMBER)
    async with house.logged_in(COLLEAGUE) as agent:
        (slot,) = [each for each in await slots(agent, day_after(house)) if each["starts"] == "14:00"]
        booking = {"ticket": number, "starts_at": slot["starts_at"], "party": 2}
        booked = await told(await agent.post("/api/bookings", json=booking), 201)
        made = await told(await agent.post("/api/appointments", json=visit(house, number)), 201)
    async with house.store.database.write() as connection:
        if "restricted" in whose:
            mine = ticket.c.number == number
            await connection.execute(update(ticket).where(mine).values(restricted=True, level="hall"))
        if "about" in whose:
            await connection.execute(insert(ticket_person).values(ticket=number, person=READER))
    return number, booked["id"], made["id"]


def visit(house: House, number: str, person: str = "8003", days: int = 4) -> Item:
    at = house.clock() + timedelta(days=days)
    return {"ticket": number, "kind": "repair", "at": at.isoformat(), "person": person, "place": "文三路 1 号"}


async def body_of(house: House, name: str, number: str, booking: str, appointment: str) -> Item:
    """What each operation is asked with, so that nothing but rights can refuse it."""
    booked, made = await house.store.bookings.get(int(booking)), await house.store.appointments.get(int(appointment))
    assert booked and made
    starts_at = (booked.starts_at + timedelta(days=1)).isoformat()
    bodies: dict[str, Item] = {
        "create_booking": {"ticket": number, "starts_at": starts_at, "party": 2},
        "patch_booking": {"version": booked.version, "note": "轮椅"},
        "step_booking": {"version": booked.version, "step": "confirm"},
        "tell_booking": {},
        "create_appointment": visit(house, number, days=5),
        "patch_appointment": {"version": made.version, "note": "带梯子"},
        "step_appointment": {"version": made.version, "step": "agree"},
    }
    return bodies[name]


@pytest.mark.req("CUS-4", "LNE-6")
@pytest.mark.parametrize("whose", EXPECTED)
async def test_bookings_and_appointments_ask_the_tickets_sight(house: House, whose: str) -> None:
    number, booking, appointment = await prepared(house, whose)
    expected = EXPECTED[whose]
    async with house.logged_in(READER) as reader:
        for one in sorted(GUARDED, key=lambda each: each.method):
            path = one.path.replace("{id}", booking if "bookings" in one.path else appointment)
            if one.method == "GET":
                answer = await reader.get(path)
                wanted = expected["read"] if "{id}" in one.path else 200
            else:
                body = await body_of(house, one.name, number, booking, appointment)
                answer = await reader.request(one.method, path, json=body)
                wanted = expected["make" if one.name.startswith("create") else "change"]
            said = await answer.text()
            assert answer.status == wanted, (one.name, said)
            if whose != "own":
                assert NUMBER not in said, one.name
            if one.name.startswith("list"):
                assert await shown(reader, path, number) == (0 if "restricted" in whose else 1), one.name


async def shown(reader: aiohttp.ClientSession, path: str, number: str) -> int:
    return len((await told(await reader.get(path, params={"ticket": number})))["items"])


@pytest.mark.req("CUS-4")
async def test_nobody_sends_oneself_to_see_a_colleagues_number(house: House) -> None:
    _, _, appointment = await prepared(house, "colleague")
    async with house.logged_in(READER) as reader:
        answer = await reader.patch(f"/api/appointments/{appointment}", json={"version": 1, "person": READER})
        assert (answer.status, NUMBER in await answer.text()) == (403, False)


@pytest.mark.req("CUS-4")
async def test_a_number_that_is_seen_by_going_there_is_on_record(house: House) -> None:
    number = await house.call(ani=NUMBER)
    async with house.logged_in(READER) as reader:
        made = await told(await reader.post("/api/appointments", json=visit(house, number, READER)), 201)
        assert made["contact_number"] == NUMBER
    rows = await house.store.audit.about(f"appointment {made['id']}")
    assert ("number_revealed", READER) in {(each.row.action, each.row.by) for each in rows}


@pytest.mark.req("LNE-6")
@pytest.mark.parametrize("whose", ["restricted", "about me"])
async def test_nobody_is_sent_who_may_not_have_the_ticket(house: House, whose: str) -> None:
    number, _, appointment = await prepared(house, whose)
    async with house.logged_in("8801") as supervisor:
        sent = await supervisor.post("/api/appointments", json=visit(house, number, READER))
        moved = await supervisor.patch(f"/api/appointments/{appointment}", json={"version": 1, "person": READER})
        assert (sent.status, moved.status) == (400, 400)
