"""A caller who could not be helped is owed a call: one due call, however often it is told. FUP-1, TEL-6."""

from datetime import timedelta

from crm.customers.model import Customer, CustomerNumber
from crm.db.store import Store
from crm.journal.events import CallbackOwed, CallOverflowed, DutyMissed
from crm.journal.journal import Journal
from crm.use_cases.accounts.people import enrol_site
from tests.fakes.call_story import INVITED, arrived
from tests.fakes.small_site import small_site
from tests.integration.store.projecting import project_all


async def test_an_owed_call_is_entered_once_and_hangs_on_its_ticket(store: Store, journal: Journal) -> None:
    saved = await store.customers.save(Customer(name="王芳", numbers=(CustomerNumber(raw="13812345678"),)))
    await enrol_site(store, small_site().agents)
    call = arrived("c1", "20261122-0001")
    at = INVITED + timedelta(seconds=60)
    owed = CallbackOwed(
        event_id=f"{call.call_id}.owed",
        call_id=call.call_id,
        at=at,
        ticket=call.ticket,
        number="13812345678",
        queue="hotline",
        due_at=INVITED + timedelta(hours=12),
        note="夜间值班无人接听，请回电",
    )
    moved = CallOverflowed(call_id=call.call_id, at=at, from_queue="aid", to="duty:night", why="no_staff", waited_s=3.0)
    missed = DutyMissed(call_id=call.call_id, at=at, duty="night", title="夜间值班", reason="nobody_took_it", asked=2)
    nobody = CallbackOwed(
        call_id=call.call_id, at=at, ticket=call.ticket, number="anonymous", queue="hotline", due_at=at, note=""
    )
    for event in (call, moved, missed, owed, owed, nobody):
        journal.append(event)
    await project_all(journal, store)
    (due,) = (await store.due_calls.list()).items
    assert (due.kind, due.state, due.queue, due.due_at) == ("callback", "scheduled", "hotline", owed.due_at)
    assert (due.ticket, due.number_key, due.note, due.customer_id) == (
        call.ticket,
        "13812345678",
        owed.note,
        saved.id,
    )
    ticket = await store.tickets.get(call.ticket)
    assert ticket is not None
    told = {entry.action: entry.details for entry in ticket.timeline}
    assert told["CallOverflowed"] == {"from_queue": "aid", "to": "duty:night", "why": "no_staff", "waited_s": 3.0}
    assert told["DutyMissed"]["reason"] == "nobody_took_it"
    assert "scheduled" in told
    (warning,) = (await store.messages.list(recipient="8801")).items
    assert (warning.sender, warning.ticket, warning.read_at) == ("system", call.ticket, None)
    assert "夜间值班漏接来电" in warning.text
    assert (await store.messages.list(recipient="8001")).items == ()
