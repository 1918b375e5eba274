"""What is one act is one transaction: when its last write is refused, nothing of it is stored; on both stores."""

from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select
from sqlalchemy.exc import IntegrityError

from crm.db.schema.audit import audit
from crm.db.schema.bookings import appointment, booking, booking_step
from crm.db.schema.core import colleague_message, due_call, ticket_change
from crm.db.store import Store
from crm.errors import IllegalTransition
from crm.followups.model import DueCallKind
from crm.journal.journal import Journal
from crm.tickets.model import TicketState
from crm.use_cases.bookings.appointments import NewAppointment, propose_appointment
from crm.use_cases.bookings.desk import desk_of
from crm.use_cases.bookings.visits import NewBooking, make_booking
from crm.use_cases.cases import Ports
from crm.use_cases.ticket_work import save_ticket
from tests.fakes.acting_ports import ports_of
from tests.fakes.call_story import arrived
from tests.fakes.case_site import case_site
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all
from tests.integration.store.refusing import refuse

SITE = case_site()
NUMBER = "20260309-0001"


@pytest.fixture
def ports(store: Store) -> Ports:
    """Of an agent."""
    return ports_of(SITE, store, "8002")


@pytest.fixture
async def ticket(store: Store, journal: Journal, clock: HandClock) -> str:
    journal.append(arrived("c-1", NUMBER, clock.now))
    await project_all(journal, store)
    return NUMBER


async def count(store: Store, table: Table) -> int:
    async with store.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def promise_and_tell(store: Store) -> None:
    due_at = store.clock() + timedelta(hours=1)
    kind = DueCallKind.CALLBACK
    await store.due_calls.schedule(
        kind=kind, number="13812345678", due_at=due_at, ticket=None, queue="hotline", note="", key="promise", by="8001"
    )
    await store.messages.send(sender="8001", recipient="8002", text="请回电", key="told")


async def test_an_act_is_stored_as_a_whole_with_its_rows_of_the_trail(store: Store) -> None:
    async with store.act() as act:
        await promise_and_tell(act)
        assert await count(act, due_call) == 1, "an act reads what it has written"
    assert [await count(store, table) for table in (due_call, colleague_message, audit)] == [1, 1, 1]


async def test_of_an_act_whose_second_write_is_refused_nothing_is_stored(store: Store) -> None:
    await refuse(store, "colleague_message", "NEW.recipient = '8002'")
    with pytest.raises(IntegrityError):
        async with store.act() as act:
            await promise_and_tell(act)
    assert [await count(store, table) for table in (due_call, colleague_message, audit)] == [0, 0, 0]


async def test_a_failure_that_an_act_has_caught_comes_out_at_its_end(store: Store) -> None:
    with pytest.raises(IllegalTransition):
        async with store.act() as act:
            await promise_and_tell(act)
            (row,) = (await act.due_calls.list()).items
            await act.due_calls.cancel(row.id, by="8001")
            try:
                await act.due_calls.cancel(row.id, by="8001")
            except IllegalTransition:
                pass
    assert await count(store, due_call) == 0


async def test_a_form_whose_state_is_refused_leaves_its_fields_as_they_were(ports: Ports, ticket: str) -> None:
    store = ports.store
    await refuse(store, "ticket_change", "NEW.field = 'state'")
    with pytest.raises(IntegrityError):
        await save_ticket(ports, ticket, {"matter": "停车难", "state": TicketState.PENDING}, version=1)
    kept = await store.tickets.get(ticket)
    assert kept is not None and (kept.matter, kept.state, kept.version) == ("", "open", 1)
    assert await count(store, ticket_change) == await count(store, audit) == 0


async def test_a_booking_whose_maker_cannot_be_put_on_record_is_not_made(ports: Ports, ticket: str) -> None:
    """Whoever books on a ticket that is nobody's yet sees its number from then on: that is on record, or not to be."""
    store, rules = ports.store, desk_of(ports)
    day = (store.clock() + timedelta(days=7)).astimezone(SITE.zone).date()
    free = next(each.slot for days in await rules.slots(day, 7) for each in days[2] if each.why_not is None)
    new = NewBooking(
        ticket=ticket,
        starts_at=free.starts_at,
        party=2,
        language=None,
        guide=None,
        contact_name=None,
        contact_number=None,
        note="",
        key="once",
    )
    await refuse(store, "audit", "NEW.action = 'number_revealed'")
    with pytest.raises(IntegrityError):
        await make_booking(ports, new)
    assert [await count(store, table) for table in (booking, booking_step, due_call, audit)] == [0, 0, 0, 0]


async def test_an_appointment_whose_maker_cannot_be_put_on_record_is_not_proposed(ports: Ports, ticket: str) -> None:
    store = ports.store
    kind = SITE.bookings.appointments.kinds[0].id
    visit = {"kind": kind, "at": store.clock() + timedelta(days=9), "person": "8002", "place": "", "note": ""}
    contact = {"contact_name": None, "contact_number": None}
    new = NewAppointment(ticket=ticket, visit=visit | contact, agreed=False, because="", key="once")
    await refuse(store, "audit", "NEW.action = 'number_revealed'")
    with pytest.raises(IntegrityError):
        await propose_appointment(ports, new)
    assert [await count(store, table) for table in (appointment, booking_step, audit)] == [0, 0, 0]
