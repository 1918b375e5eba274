"""Who calls, before anybody is rung: key customers and the agent who has the case. CUS-1, CUS-3."""

from datetime import timedelta

import pytest

from config.ids import AgentId
from config.numbering import normalise
from crm.cases.organisation import SEES_ALL
from crm.customers.model import Customer, CustomerNumber
from crm.db.store import Store
from crm.journal.journal import Journal
from crm.tickets.model import TicketForm, TicketKind, TicketState
from tests.fakes.call_story import DAY, INVITED, answered_call
from tests.integration.store.projecting import project_all

NUMBER = "13812345678"


@pytest.mark.req("CUS-1", "CUS-3")
async def test_every_number_of_a_key_customer_counts(store: Store) -> None:
    numbers = tuple(normalise(raw, "0571") for raw in (NUMBER, "0571-88888888"))
    cards = tuple(CustomerNumber(raw=n.raw, normalised=n.normalised, kind=n.kind, place=None) for n in numbers)
    await store.customers.save(Customer(id=0, version=0, name="王", key_customer=True, numbers=cards))
    other = normalise("13900000000", "0571")
    plain = CustomerNumber(raw=other.raw, normalised=other.normalised, kind=other.kind, place=None)
    await store.customers.save(Customer(id=0, version=0, name="李", numbers=(plain,)))
    assert await store.callers.key_numbers() == {number.normalised for number in numbers}


async def test_who_has_the_case_and_who_spoke_last(journal: Journal, store: Store) -> None:
    key = normalise(NUMBER, "0571").normalised
    assert await store.callers.who_has_open_ticket(key) == ()
    for event in answered_call("c1", journal.next_ticket_number(DAY), INVITED, ani=NUMBER):
        journal.append(event)
    await project_all(journal, store)
    assert await store.callers.who_has_open_ticket(key) == ("8001",)
    assert await store.callers.who_spoke_last(key, INVITED - timedelta(days=1)) == ("8001",)
    assert await store.callers.who_spoke_last(key, INVITED + timedelta(days=1)) == ()
    assert await store.callers.who_spoke_last("+8613900000000", INVITED - timedelta(days=1)) == ()


@pytest.mark.req("CUS-2")
async def test_a_classified_ticket_is_on_the_card_of_the_next_call_with_its_types(
    journal: Journal, store: Store
) -> None:
    number = journal.next_ticket_number(DAY)
    for event in answered_call("c1", number, INVITED, ani=NUMBER):
        journal.append(event)
    await project_all(journal, store)
    version = (await store.tickets.list()).items[0].version
    form = TicketForm(kind=TicketKind.CONSULTATION)
    await store.tickets.save_form(number, form, by=AgentId("8001"), version=version)
    _, tickets, _ = await store.cards.of_offer(NUMBER, 5, SEES_ALL, without="")
    assert [(each.number, type(each.kind), type(each.state)) for each in tickets] == [(number, TicketKind, TicketState)]
