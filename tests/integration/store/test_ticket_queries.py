"""Tickets as pages see and change them (TKT-3, TKT-7)."""

import asyncio
from datetime import timedelta

import pytest

from config.ids import AgentId
from crm.customers.model import Customer, CustomerNumber
from crm.db.store import Store
from crm.errors import BadCursor, IllegalTransition, UnknownRecord, VersionConflict
from crm.journal.journal import Journal
from crm.tickets.model import Severity, TicketForm, TicketKind, TicketState, TicketStep
from tests.fakes.call_story import DAY, INVITED, abandoned_call, answered_call
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

NUMBER = "20261122-0001"
BY = AgentId("8001")


@pytest.fixture(autouse=True)
async def seven_tickets(journal: Journal, store: Store) -> None:
    for count in range(1, 8):
        at = INVITED + timedelta(minutes=count // 2)  # some arrive at the same instant
        tell = answered_call if count % 2 else abandoned_call
        for event in tell(f"c{count}", journal.next_ticket_number(DAY), at):
            journal.append(event)
    await project_all(journal, store)


async def test_the_list_is_newest_first_and_pages_fit_together(store: Store) -> None:
    whole = [row.number for row in (await store.tickets.list()).items]
    assert whole == [f"20261122-{count:04d}" for count in range(7, 0, -1)]
    paged, after = [], None
    while True:
        page = await store.tickets.list(limit=2, after=after)
        paged += [row.number for row in page.items]
        after = page.next
        if after is None:
            break
        assert len(page.items) == 2
    assert paged == whole


@pytest.mark.parametrize("after", ["", "x", "1.", ".1", "99999999999999999999999.1", "1"])
async def test_a_cursor_that_is_none_is_refused(store: Store, after: str) -> None:
    with pytest.raises(BadCursor):
        await store.tickets.list(after=after)


async def test_filters(store: Store) -> None:
    async def count(**wanted: object) -> int:
        return len((await store.tickets.list(**wanted)).items)  # type: ignore[arg-type]

    await store.tickets.save_form(NUMBER, TicketForm(kind=TicketKind.COMPLAINT), by=BY, version=1)
    assert await count(kind="complaint") == 1
    assert await count(state="open") == 7
    assert await count(state="closed") == 0
    assert await count(line="hotline") == 7
    assert await count(line="aid") == 0
    assert await count(agent="8001") == 4
    assert await count(ani="+86 138 1234 5678") == 7
    assert await count(ani="10086") == 0
    assert await count(since=INVITED + timedelta(minutes=1)) == 6
    assert await count(until=INVITED + timedelta(minutes=1)) == 1


async def test_there_is_no_such_ticket(store: Store) -> None:
    assert await store.tickets.get("20261122-9999") is None
    with pytest.raises(UnknownRecord):
        await store.tickets.save_form("20261122-9999", TicketForm(), by=BY, version=1)


async def test_each_change_is_on_the_timeline_with_who_and_when(store: Store, clock: HandClock) -> None:
    form = TicketForm(
        kind=TicketKind.SUGGESTION, severity=Severity.MAJOR, matter="开放时间", contact_name="王女士", note=""
    )
    saved = await store.tickets.save_form(NUMBER, form, by=BY, version=1)
    assert (saved.kind, saved.severity, saved.matter, saved.contact_name) == (
        "suggestion",
        "major",
        "开放时间",
        "王女士",
    )
    assert saved.version == 2
    clock.forward(minutes=5)
    await store.tickets.save_form(NUMBER, TicketForm(matter="开放时间与票价"), by=AgentId("8002"), version=2)
    ticket = await store.tickets.get(NUMBER)
    assert ticket is not None
    changes = [entry for entry in ticket.timeline if entry.source == "change"]
    assert [(entry.action, entry.by, entry.details["old"], entry.details["new"]) for entry in changes] == [
        ("kind", "8001", None, "suggestion"),
        ("severity", "8001", "normal", "major"),
        ("matter", "8001", "", "开放时间"),
        ("contact_name", "8001", "", "王女士"),
        ("matter", "8002", "开放时间", "开放时间与票价"),
    ]
    assert changes[-1].at - changes[0].at == timedelta(minutes=5)


async def test_saving_what_is_there_changes_nothing(store: Store) -> None:
    saved = await store.tickets.save_form(NUMBER, TicketForm(severity=Severity.NORMAL, matter=""), by=BY, version=1)
    assert saved.version == 1
    assert [entry for entry in saved.timeline if entry.source == "change"] == []


async def test_of_two_who_save_at_once_one_is_told_to_reload(store: Store) -> None:
    forms = [TicketForm(note=f"note {each}") for each in range(5)]
    saves = [store.tickets.save_form(NUMBER, form, by=BY, version=1) for form in forms]
    results = await asyncio.gather(*saves, return_exceptions=True)
    assert sum(isinstance(result, VersionConflict) for result in results) == 4
    ticket = await store.tickets.get(NUMBER)
    assert ticket is not None
    assert ticket.version == 2
    assert len([entry for entry in ticket.timeline if entry.source == "change"]) == 1


async def test_states_move_by_the_table_and_leave_a_trace(store: Store) -> None:
    closed = await store.tickets.save_form(NUMBER, TicketForm(), by=BY, version=1, step=TicketStep.CLOSE)
    assert closed.state is TicketState.CLOSED
    with pytest.raises(IllegalTransition):
        await store.tickets.save_form(NUMBER, TicketForm(), by=BY, version=2, step=TicketStep.WAIT)
    reopened = await store.tickets.save_form(NUMBER, TicketForm(), by=BY, version=2, step=TicketStep.REOPEN)
    assert (reopened.state, reopened.version) == ("open", 3)
    assert [entry.details["new"] for entry in reopened.timeline if entry.action == "state"] == ["closed", "open"]


async def test_earlier_tickets_of_a_customer(store: Store) -> None:
    nobody, by_number = await store.cards.of_caller("0086 13812345678", 3)
    assert nobody is None
    assert [row.number for row in by_number] == ["20261122-0007", "20261122-0006", "20261122-0005"]
    saved = await store.customers.save(Customer(name="王芳", numbers=(CustomerNumber(raw="138 1234 5678"),)))
    by_card = await store.tickets.for_customer(customer_id=saved.id)
    assert len(by_card) == 5
    assert {row.customer_name for row in by_card} == {"王芳"}
    assert await store.cards.of_caller("0086 13812345678", 5) == (saved, by_card)
    assert await store.cards.of_caller("anonymous", 5) == (None, ())
    assert await store.tickets.for_customer(saved.id + 1) == ()


async def test_the_last_number_of_a_day(store: Store) -> None:
    assert await store.tickets.last_number(DAY) == "20261122-0007"
    assert await store.tickets.last_number(DAY + timedelta(days=1)) is None
