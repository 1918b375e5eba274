"""Messages to colleagues: written once per key, read once, listed by box, on the ticket's timeline. TEL-7."""

from datetime import timedelta

import pytest

from config.ids import TicketNumber
from crm.db.store import Store
from crm.errors import UnknownRecord
from crm.journal.journal import Journal
from tests.fakes.call_story import answered_call
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

pytestmark = pytest.mark.req("TEL-7")


async def test_the_same_key_is_one_message_and_the_first_reading_counts(store: Store, clock: HandClock) -> None:
    first = await store.messages.send(sender="8001", recipient="8002", text=" 请回电 ", key="8001:a", caller="138")
    again = await store.messages.send(sender="8001", recipient="8002", text="别的", key="8001:a")
    assert first == again
    assert (first.text, first.caller, first.read_at) == ("请回电", "138", None)
    clock.forward(minutes=3)
    read = await store.messages.read(first.id)
    clock.forward(minutes=3)
    assert read.read_at == clock.now - timedelta(minutes=3)
    assert await store.messages.read(first.id) == read == await store.messages.get(first.id)
    with pytest.raises(UnknownRecord):
        await store.messages.read(first.id + 1)


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, "nul \x00"])
async def test_a_text_that_cannot_be_kept_is_refused(store: Store, text: str) -> None:
    with pytest.raises(ValueError, match=r"words|characters"):
        await store.messages.send(sender="8001", recipient="8002", text=text, key="8001:a")


async def test_boxes_are_listed_newest_first_page_by_page(store: Store, clock: HandClock) -> None:
    for number in range(3):
        await store.messages.send(sender="8001", recipient="8002", text=f"{number}", key=f"8001:{number}")
        clock.forward(seconds=1)
    await store.messages.send(sender="8002", recipient="8003", text="other", key="8002:0")
    page = await store.messages.list(recipient="8002", limit=2)
    assert [each.text for each in page.items] == ["2", "1"]
    rest = await store.messages.list(recipient="8002", limit=2, after=page.next)
    assert ([each.text for each in rest.items], rest.next) == (["0"], None)
    await store.messages.read(page.items[0].id)
    assert [each.text for each in (await store.messages.list(recipient="8002", unread=True)).items] == ["1", "0"]
    assert [each.text for each in (await store.messages.list(sender="8002")).items] == ["other"]


async def test_a_message_about_a_ticket_is_on_its_timeline_with_its_receipt(journal: Journal, store: Store) -> None:
    for event in answered_call("c1", "20261122-0001"):
        journal.append(event)
    await project_all(journal, store)
    sent = await store.messages.send(
        sender="8001", recipient="8002", text="请回电", key="8001:a", ticket="20261122-0001"
    )
    await store.messages.read(sent.id)
    ticket = await store.tickets.get(TicketNumber("20261122-0001"))
    assert ticket is not None
    told = [(each.action, each.by) for each in ticket.timeline if each.source == "message"]
    assert told == [("sent", "8001"), ("read", "8002")]
