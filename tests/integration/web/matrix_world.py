"""The world of the matrix: of each relation to whoever asks one ticket with all that can hang on one, names and numbers
marked so that they are known again wherever they come out."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiohttp
from sqlalchemy import insert, select, update

from config.schema import Level, Site
from config.service.channels import Channels, Rate, WebForm
from config.service.matters import Category, Department, Matters
from crm.customers.model import Customer, CustomerNumber
from crm.db.quality.tables import quality_check
from crm.db.schema.core import recording as recording_table
from crm.db.schema.core import ticket as ticket_table
from crm.db.schema.intake import intake
from crm.db.schema.suggestions import suggestion
from crm.followups.model import DueCallKind
from crm.journal.events import CallArrived, CallEnded, Event, MessageLeft, TalkStarted
from crm.knowledge.model import CardText
from crm.tickets.model import TicketForm, TicketKind
from tests.fakes.small_site import small_site
from tests.integration.web.conftest import House, write_sound

Item = dict[str, Any]

ROLES: Final = {"agent": "8003", "supervisor": "8801", "administrator": "8901"}
"""8003 works in the reception; 8801 supervises the hall and nothing above it."""
COLLEAGUE: Final = "8001"

RELATIONS: Final = ("own", "live", "foreign", "restricted", "about", "restricted_about")
"""Of the agent: the own ticket; that of the call at hand, which is nobody's yet; a colleague's; a restricted one of
another department; a complaint of whoever asks, whatever the role; a restricted one, of the agent's own department."""

NAMES: Final = dict(zip(RELATIONS, ("白自强", "蓝在线", "黄同事", "紫保密", "红涉己", "黑密己"), strict=True))
_REGISTERED: Final = {
    "own": {"category": "visiting"},
    "restricted": {"category": "discipline"},
    "about": {"category": "visiting", "about": list(ROLES.values())},
    "restricted_about": {"category": "conduct", "about": list(ROLES.values())},
}


def numbers_of(relation: str) -> dict[str, str]:
    """`ani`: who called; `second`: on the card alone; `text`: written in words; `contact`: of the ticket's form."""
    place = RELATIONS.index(relation)
    return {
        "ani": f"1390010100{place}",
        "second": f"1370020200{place}",
        "text": f"1360030300{place}",
        "contact": f"1350040400{place}",
    }


def email_of(relation: str) -> str:
    return f"person-{relation}@example.cn"


def words_of(relation: str) -> str:
    """Words with a name, and a number as people write one."""
    number = numbers_of(relation)["text"]
    return f"{NAMES[relation]}：请回电 {number[:3]} {number[3:7]}-{number[7:]}。"


def matrix_site() -> Site:
    """The small site below a province; disciplinary matters of the province's inspection, and of the reception."""
    small = small_site()
    departments = (
        *small.matters.departments,
        Department(id="inspection", title="纪检", title_en="Inspection", level="province", head="8002"),
    )
    categories = (
        *small.matters.categories,
        Category(
            id="discipline",
            title="违纪",
            title_en="Discipline",
            kinds=("complaint",),
            department="inspection",
            restricted=True,
        ),
        Category(
            id="conduct",
            title="作风",
            title_en="Conduct",
            kinds=("complaint",),
            department="reception",
            restricted=True,
        ),
    )
    rate = Rate(burst=100, per_hour=1000)
    form = WebForm(enabled=True, least_fill_s=0, per_address=rate, total=rate)
    return small.model_copy(
        update={
            "levels": (
                Level(id="province", title="省公司", title_en="Province"),
                Level(id="hall", title="展览馆", title_en="Hall", above="province"),
            ),
            "matters": Matters(departments=departments, categories=categories),
            "channels": Channels(web_form=form),
        }
    )


@dataclass(frozen=True)
class Ids:
    """What a request of one role about one relation is filled in with."""

    of: dict[str, dict[str, Item]]

    def about(self, role: str, relation: str) -> Item:
        return self.of[role][relation]


async def build(house: House) -> Ids:
    """Everything, on a house that is new."""
    async with house.program() as program:
        shared = {relation: await _ticket(house, program, relation) for relation in RELATIONS}
        for relation, fields in _REGISTERED.items():
            number = shared[relation]["ticket"]
            version = (await house.store.cases.get(number)).version
            step = {"step": "registered", "kind": "complaint", "nature": "态度", "version": version, **fields}
            await _post(program, f"/api/tickets/{number}/steps", step, 200)
    for relation in RELATIONS:
        shared[relation] |= await _versions(house, shared[relation])
        another = await house.store.customers.save(Customer(name="别的客户"), by="8801")
        shared[relation]["another_card"] = another.id
    drafted = await house.store.knowledge.create(CardText(title="退换", text="七日内可退"), by=COLLEAGUE, key="1")
    assert drafted.id == 1
    return Ids(
        {
            role: {each: shared[each] | await _persons(house, shared[each], role, each) for each in RELATIONS}
            for role in ROLES
        }
    )


async def _ticket(house: House, program: aiohttp.ClientSession, relation: str) -> Item:
    numbers, words = numbers_of(relation), words_of(relation)
    call = f"call-{relation}"
    arrived = house.arrival(call, numbers["ani"])
    await house.record(*_story(arrived, relation))
    for folder in (house.data.recordings, house.data.messages):
        write_sound(folder / f"{call}.wav")
    number = str(arrived.ticket)
    form = TicketForm(
        kind=TicketKind.SUGGESTION,
        matter=words,
        wish=words,
        note=words,
        contact_name=NAMES[relation],
        contact_number=numbers["contact"],
    )
    await house.store.tickets.save_form(number, form, by=COLLEAGUE, version=1)
    card = await house.store.customers.save(_card(relation), by="8801")
    due = await house.store.due_calls.schedule(
        kind=DueCallKind.CALLBACK,
        number=numbers["ani"],
        due_at=house.clock() + timedelta(days=1),
        ticket=number,
        queue="hotline",
        note=words,
        key=f"due-{relation}",
        by=COLLEAGUE,
    )
    made = await _visits(house, program, number, relation)
    png = b"\x89PNG\r\n\x1a\n" + relation.encode() * 8
    async with program.post(f"/api/tickets/{number}/attachments?name={relation}.png", data=png) as answer:
        assert answer.status == 201, await answer.text()
        file = (await answer.json())["id"]
    maker = ROLES["agent"] if relation == "own" else COLLEAGUE
    await house.store.suggestions.register(
        number, nature="facility", by=maker, proposer=NAMES[relation], contact=numbers["ani"], summary=words
    )
    await _by_hand(house, number, relation)
    recordings = (await _detail(house, number)).recordings
    talk = next(each.id for each in recordings if each.kind.value == "talk")
    return {
        "ticket": number,
        "call": call,
        "card": card.id,
        "due": due.id,
        "file": file,
        "recording": talk,
        "number": numbers["ani"],
        "name": NAMES[relation],
        **made,
    }


def _story(arrived: CallArrived, relation: str) -> list[Event]:
    call, at, agent = arrived.call_id, arrived.at, ROLES["agent"] if relation == "own" else COLLEAGUE
    left = MessageLeft(event_id=f"{call}.5", at=at, call_id=call, file=f"{call}.wav", duration_s=3.0)
    legs = {"agent_channel_id": f"a-{call}", "bridge_id": f"b-{call}", "recording": f"{call}.wav"}
    talk = TalkStarted(event_id=f"{call}.4", at=at, call_id=call, agent=agent, **legs)
    ended = CallEnded(
        event_id=f"{call}.9", at=at + timedelta(seconds=60), call_id=call, ended_by="caller", outcome="answered"
    )
    return [arrived, talk, left, ended]


def _card(relation: str) -> Customer:
    numbers = numbers_of(relation)
    return Customer(
        name=NAMES[relation],
        notes=words_of(relation),
        address=words_of(relation),
        numbers=(CustomerNumber(raw=numbers["ani"]), CustomerNumber(raw=numbers["second"])),
    )


async def _visits(house: House, program: aiohttp.ClientSession, number: str, relation: str) -> Item:
    day = house.clock().astimezone(house.site.zone).date() + timedelta(days=2)
    async with program.get(f"/api/slots?day={day}") as answer:
        slots = (await answer.json())["days"][0]["slots"]
    starts = {slot["starts"]: slot["starts_at"] for slot in slots}
    words, contact = words_of(relation), numbers_of(relation)["contact"]
    booking = {"ticket": number, "starts_at": starts["14:00"], "party": 1, "note": words, "contact_number": contact}
    goes = ROLES["agent"] if relation == "own" else "8002" if "restricted" in relation else COLLEAGUE
    at = (house.clock() + timedelta(days=4)).isoformat()
    visit = {"ticket": number, "kind": "repair", "at": at, "person": goes, "place": words, "note": words}
    booked = await _post(program, "/api/bookings", booking, 201)
    agreed = await _post(program, "/api/appointments", visit, 201)
    return {"booking": booked["id"], "appointment": agreed["id"], "slot": starts["15:00"], "later": at}


async def _by_hand(house: House, number: str, relation: str) -> None:
    """What no operation makes of a ticket that came by telephone; a suggestion lies with the agent's own department."""
    row = {
        "ticket": number,
        "received_at": house.clock(),
        "recorded_by": COLLEAGUE,
        "email": email_of(relation),
        "address": words_of(relation),
        "reference": words_of(relation),
    }
    async with house.store.database.write() as connection:
        await connection.execute(insert(intake).values(**row))
        if relation == "live":
            mine = ticket_table.c.number == number
            await connection.execute(update(ticket_table).where(mine).values(agent=None))
        if relation in ("restricted", "about", "restricted_about"):
            theirs = suggestion.c.ticket == number
            await connection.execute(update(suggestion).where(theirs).values(department="reception", state="passed"))


async def _versions(house: House, ids: Item) -> Item:
    booking = await house.store.bookings.get(int(ids["booking"]))
    visit = await house.store.appointments.get(int(ids["appointment"]))
    card = await house.store.customers.get(ids["card"])
    assert booking and visit and card
    return {
        "version": (await house.store.cases.get(ids["ticket"])).version,
        "booking_version": booking.version,
        "appointment_version": visit.version,
        "card_version": card.version,
        "suggestion_version": 1,
    }


async def _persons(house: House, ids: Item, role: str, relation: str) -> Item:
    """What is one's own in another way than by the ticket: a message, a spot check, a desk."""
    own = relation == "own"
    reader = ROLES[role]
    person = reader if own else COLLEAGUE
    words = words_of(relation)
    message = await house.store.messages.send(
        sender="8002",
        recipient=person,
        text=words,
        key=f"{role}-{relation}",
        ticket=ids["ticket"],
        caller=ids["number"],
    )
    # A recording of the relation's ticket, which only the check says is this person's.
    async with house.store.database.write() as connection:
        known = await connection.execute(select(recording_table).where(recording_table.c.id == ids["recording"]))
        row = known.one()._mapping
        copy = {name: value for name, value in row.items() if name != "id"} | {"file": f"{role}-{row['file']}"}
        made = await connection.execute(insert(recording_table).values(copy).returning(recording_table.c.id))
        recording = int(made.scalar_one())
        check = {
            "recording_id": recording,
            "ticket": ids["ticket"],
            "call_id": ids["call"],
            "agent": person,
            "week": "2026-W48",
            "talked_at": house.clock(),
            "duration_s": 60.0,
            "state": "scored",
            "score": 90.0,
            "attitude": 90.0,
            "knowledge": 90.0,
            "drawn_at": house.clock(),
            "drawn_by": "8801",
            "version": 1,
        }
        drawn = await connection.execute(insert(quality_check).values(check).returning(quality_check.c.id))
        check_id = int(drawn.scalar_one())
    write_sound(house.data.recordings / f"{role}-{ids['call']}.wav")
    return {"person": person, "reader": reader, "message": message.id, "check": check_id}


async def _detail(house: House, number: str) -> Any:
    found = await house.store.tickets.get(number)
    assert found
    return found


async def _post(client: aiohttp.ClientSession, path: str, body: Item, status: int) -> Item:
    async with client.post(path, json=body) as answer:
        assert answer.status == status, (path, await answer.text())
        found: Item = await answer.json()
    return found
