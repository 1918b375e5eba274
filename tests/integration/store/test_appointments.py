"""Appointments in both stores: their steps with instants, and the notices, once each. BKG-5."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from crm.bookings.appointments import Appointment, AppointmentState, AppointmentStep, Visit
from crm.db.schema.core import ticket
from crm.db.store import Store
from crm.errors import IllegalTransition, UnknownRecord, VersionConflict
from crm.use_cases.accounts.people import enrol_site
from tests.fakes.small_site import small_site
from tests.integration.store.hand_clock import HandClock

TICKET = "20261122-0001"
AHEAD, LATE = timedelta(hours=18), timedelta(minutes=15)


def words(row: Appointment, overdue: bool) -> str:
    return f"{'late' if overdue else 'soon'} {row.id}"


@pytest.mark.req("BKG-5")
async def test_an_appointment_from_proposal_to_visit(store: Store, clock: HandClock) -> None:
    await enrol_site(store, small_site().agents)
    row = {"number": TICKET, "opened_at": clock.now, "state": "open", "severity": "normal", "channel": "telephone"}
    async with store.database.write() as connection:
        await connection.execute(insert(ticket).values(**row, version=1))
    at = clock.now + timedelta(days=4)
    visit = Visit(
        kind="repair", at=at, person="8002", place="文三路", contact_name="王芳", contact_number="13812345678", note=""
    )
    table = store.appointments
    with pytest.raises(UnknownRecord):
        await table.propose("x", "20261122-9999", visit, by="8001", agreed=False, because="")
    proposed = await table.propose("k", TICKET, visit, by="8001", agreed=False, because="")
    assert await table.propose("k", TICKET, visit, by="8001", agreed=False, because="") == proposed
    with pytest.raises(IllegalTransition):
        await table.step(proposed.id, AppointmentStep.COME_LATE, 1, by="8001")
    agreed = await table.step(proposed.id, AppointmentStep.AGREE, 1, by="8001")
    assert (agreed.state, agreed.agreed_at, agreed.agreed_by) == (AppointmentState.AGREED, clock.now, "8001")
    with pytest.raises(VersionConflict):
        await table.step(proposed.id, AppointmentStep.MISS, 1, by="8001")

    async def tell() -> int:
        return await table.tell(clock.now, ahead=AHEAD, late=LATE, words=words)

    assert await tell() == 0
    clock.now = at - timedelta(hours=17)
    assert (await tell(), await tell()) == (1, 0)
    clock.now = at + timedelta(minutes=16)
    assert (await tell(), await tell()) == (2, 0), "whoever goes, and the supervisor"
    texts = {
        name: [note.text for note in (await store.messages.list(recipient=name)).items] for name in ("8002", "8801")
    }
    assert texts == {"8002": [f"late {agreed.id}", f"soon {agreed.id}"], "8801": [f"late {agreed.id}"]}
    late = await table.step(agreed.id, AppointmentStep.COME_LATE, 2, by="8002")
    assert (late.state, late.arrived_at) == (AppointmentState.LATE, clock.now)
    assert [entry.step for entry in await table.history(agreed.id)] == ["proposed", "agree", "come_late"]
    detail = await store.tickets.get(TICKET)
    assert detail and [line.action for line in detail.timeline if line.source == "appointment"] == [
        "proposed",
        "agree",
        "come_late",
    ]


@pytest.mark.req("BKG-5")
async def test_another_time_is_agreed_again_and_told_again(store: Store, clock: HandClock) -> None:
    row = {"number": TICKET, "opened_at": clock.now, "state": "open", "severity": "normal", "channel": "telephone"}
    async with store.database.write() as connection:
        await connection.execute(insert(ticket).values(**row, version=1))
    soon = clock.now + timedelta(hours=5)
    visit = Visit(kind="repair", at=soon, person="8002", place="", contact_name="", contact_number="", note="")
    table = store.appointments
    made = await table.propose("k", TICKET, visit, by="8001", agreed=True, because="漏水")
    assert (made.state, made.because) == (AppointmentState.AGREED, "漏水")
    assert await table.tell(clock.now, ahead=AHEAD, late=LATE, words=words) == 1
    handed_on = Visit(kind="repair", at=soon, person="8003", place="", contact_name="", contact_number="", note="")
    changed = await table.change(made, handed_on, by="8001")
    assert (changed.state, changed.person) == (AppointmentState.AGREED, "8003")
    assert await table.tell(clock.now, ahead=AHEAD, late=LATE, words=words) == 1, "the new one has to know"
    later = Visit(
        kind="repair", at=soon + timedelta(days=4), person="8003", place="", contact_name="", contact_number="", note=""
    )
    moved = await table.change(changed, later, by="8001")
    assert (moved.state, moved.agreed_at, moved.because) == (AppointmentState.PROPOSED, None, "")
    assert await table.tell(clock.now, ahead=AHEAD, late=LATE, words=words) == 0
    listed = await table.list(person="8003", state="proposed", ticket_number=TICKET)
    assert [row.id for row in listed.items] == [made.id]
    assert len(await table.between(clock.now, clock.now + timedelta(days=10))) == 1
