"""Publishing to desks: pages open, away, slow, too many; and numbers that go on over a restart."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.web.wire.desk import MAX_PAGES_PER_AGENT, DeskHub, DeskPage, TooManyPages
from tests.fakes.desk_messages import call_is, pop, ready

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


@pytest.fixture
def hub() -> DeskHub:
    return DeskHub(lambda: NOW)


def bodies(page: DeskPage) -> list[dict[str, Any]]:
    return [json.loads(message.text) for message in page.take()]


async def test_an_open_page_is_woken_and_gets_the_message_with_number_and_time(hub: DeskHub) -> None:
    with hub.open("8001", None) as page:
        hub.publish("8001", call_is("talking", "c-1", "t-1", NOW))
        assert await page.news(1.0)
        (body,) = bodies(page)
    assert body == {
        "seq": hub.newest,
        "type": "call",
        "at": "2026-11-22T01:30:00.000Z",
        "call": "c-1",
        "ticket": "t-1",
        "direction": "inbound",
        "state": "talking",
        "since": "2026-11-22T01:30:00.000Z",
        "talk_since": None,
        "ended_by": None,
        "talk": None,
    }


async def test_other_agents_pages_hear_nothing(hub: DeskHub) -> None:
    with hub.open("8002", None) as page:
        hub.publish("8001", ready())
        assert not await page.news(0.01)
        assert page.take() == []


async def test_a_slow_page_finds_the_last_state_only_and_every_pop(hub: DeskHub) -> None:
    with hub.open("8001", None) as page:
        for number in range(1000):
            hub.publish("8001", ready(missed={"rona": number}))
        hub.publish("8001", pop("c-1"))
        hub.publish("8001", pop("c-2"))
        found = bodies(page)
    assert [(body["type"], body.get("missed", body.get("call"))) for body in found] == [
        ("agent_state", {"rona": 999}),
        ("screen_pop", "c-1"),
        ("screen_pop", "c-2"),
    ]


async def test_a_page_that_comes_back_goes_on_where_it_was(hub: DeskHub) -> None:
    hub.publish("8001", pop("c-1"))
    seen = hub.newest
    hub.publish("8001", call_is("talking"))
    with hub.open("8001", seen) as page:
        assert [body["type"] for body in bodies(page)] == ["call"]
        assert page.take() == []
    assert not hub.has_gap("8001", seen)


async def test_a_page_from_before_a_restart_gets_everything_and_is_told_of_the_gap() -> None:
    before = DeskHub(lambda: NOW)
    before.publish("8001", pop("c-1"))
    after = DeskHub(lambda: NOW + timedelta(seconds=2))
    after.publish("8001", ready())
    assert after.newest > before.newest
    assert after.has_gap("8001", before.newest)
    with after.open("8001", before.newest) as page:
        assert [body["type"] for body in bodies(page)] == ["agent_state"]


async def test_a_number_that_was_never_given_is_not_believed(hub: DeskHub) -> None:
    hub.publish("8001", pop("c-1"))
    assert hub.has_gap("8001", hub.newest + 5)
    with hub.open("8001", hub.newest + 5) as page:
        assert [body["call"] for body in bodies(page)] == ["c-1"]
        hub.publish("8001", pop("c-2"))
        assert [body["call"] for body in bodies(page)] == ["c-2"]


async def test_pages_of_one_agent_are_bounded_and_counted(hub: DeskHub) -> None:
    with ExitStack() as stack:
        for _ in range(MAX_PAGES_PER_AGENT):
            stack.enter_context(hub.open("8001", None))
        assert hub.pages("8001") == MAX_PAGES_PER_AGENT
        with pytest.raises(TooManyPages):
            stack.enter_context(hub.open("8001", None))
    assert hub.pages("8001") == 0


async def test_a_callback_is_on_offer_until_its_call_is_over(hub: DeskHub) -> None:
    hub.publish("8002", pop("c-2", "t-2", due_call="12"))
    assert hub.offered_to("12") == "8002"
    assert hub.offered_to("13") is None
    hub.publish("8002", call_is("ended", "c-2"))
    hub.publish("8002", ready(agent="8002"))
    assert hub.offered_to("12") is None


async def test_a_lost_pop_is_logged(hub: DeskHub, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(60):
        hub.publish("8001", pop(f"c-{number}"))
    assert {vars(record)["action"] for record in caplog.records} == {"screen_pop_lost"}
