"""What an agent's page is told of a talk: hold and transfer, whose call it is, and the end, for each of those in it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.process.bus import Bus
from app.process.page_faults import PageFaults
from app.run.desk import wire_desk
from app.run.subscriptions import wire_subscriptions
from app.web.wire.desk import DeskHub
from config.schema import Prompt, Site
from crm.cases.organisation import Organisation, Sight
from crm.db.store import Store
from crm.errors import StoreAway
from crm.journal.events import CallArrived
from crm.tickets.model import Severity, TicketKind, TicketRow, TicketState
from ivr.live.parties import Target
from ivr.talking import control as control
from tests.fakes.call_centre import ANN, BEN, CallCentre, call_centre, in_virtual_time
from tests.fakes.channel import Party
from tests.fakes.small_site import small_site

TO_BEN = Target("agent", BEN)


async def away(*_: object, **__: object) -> None:
    raise StoreAway("no store in this test")


def site() -> Site:
    words = {name: Prompt(id=name, zh="您好", en="Hello") for name in ("greeting-default", "greeting-morning")}
    return small_site().model_copy(update={"prompts": words})


def desks(centre: CallCentre, of_offer: Callable[..., Awaitable[object]] = away) -> DeskHub:
    """The desks of a call centre whose store is away (pops go without a card), or knows that of callers."""
    faults = PageFaults(centre.telephony.now)
    bus = Bus(faults)
    store = cast(Store, SimpleNamespace(cards=SimpleNamespace(of_offer=of_offer)))
    desk = wire_desk(centre.path, store, centre.journal, Organisation(centre.site), faults)
    wire_subscriptions(bus, desk)
    centre.listeners[:] = [bus.publish]
    return desk.hub


def told(hub: DeskHub, agent: str) -> dict[str, Any]:
    """The newest message of the call on this agent's desk."""
    with hub.open(agent, 0) as page:
        calls = [json.loads(message.text) for message in page.take() if message.about.type == "call"]
    return cast(dict[str, Any], calls[-1])


def test_the_page_of_the_agent_follows_hold_and_transfer_and_each_desk_hears_of_its_end(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, site()) as centre:
            hub = desks(centre)
            centre.available(ANN)
            caller, live = await centre.talk()
            assert (told(hub, ANN)["state"], told(hub, ANN)["talk"]["recording"]) == ("talking", "on")
            await live.ask(lambda: control.hold(centre.hotline, live))
            assert (told(hub, ANN)["state"], told(hub, ANN)["talk"]["held"]) == ("hold", True)
            centre.available(BEN)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            assert (told(hub, ANN)["talk"]["transfer"], told(hub, ANN)["talk"]["target"]) == ("ringing", BEN)
            await asyncio.sleep(3)
            assert told(hub, ANN)["talk"]["transfer"] == "joined"
            assert (told(hub, BEN)["state"], told(hub, BEN)["talk"]) == ("talking", None)
            await live.ask(lambda: control.complete(centre.hotline, live))
            assert told(hub, ANN)["state"] == "ended"
            assert (told(hub, BEN)["state"], told(hub, BEN)["talk"]["held"]) == ("talking", False)
            caller.leave()
            await asyncio.sleep(1)
            assert (told(hub, BEN)["state"], told(hub, BEN)["ended_by"]) == ("ended", "caller")

    in_virtual_time(story())


def test_a_colleague_who_does_not_answer_takes_nothing_from_the_agents_page(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, site()) as centre:
            hub = desks(centre)
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            centre.telephony.agents[BEN] = Party(after_s=60)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await asyncio.sleep(30)
            assert told(hub, BEN)["state"] == "ended"
            assert told(hub, ANN)["talk"]["transfer"] is None
            caller.leave()
            await asyncio.sleep(1)
            assert (told(hub, ANN)["state"], told(hub, ANN)["talk"]) == ("ended", None)

    in_virtual_time(story())


def test_a_pop_offers_the_open_cases_of_the_caller_that_the_agent_may_see(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, site()) as centre:
            asked: list[Sight] = []

            async def of_offer(
                number: str, limit: int, sight: Sight, *, without: str
            ) -> tuple[None, tuple[()], tuple[TicketRow, ...]]:
                asked.append(sight)
                return None, (), (an_open_case(centre.telephony.now()),)

            hub = desks(centre, of_offer)
            centre.available(ANN)
            await centre.talk()
            with hub.open(ANN, 0) as page:
                (pop,) = [json.loads(each.text)["pop"] for each in page.take() if each.about.type == "screen_pop"]
            assert [(each["number"], each["stage"]) for each in pop["open_cases"]] == [("20260309-0001", "in_hand")]
            assert [sight.everything for sight in asked] == [False]

    in_virtual_time(story())


@pytest.mark.page_faults("card_failed")
def test_whatever_is_wrong_with_the_card_the_pop_comes_and_the_fault_is_counted(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, site()) as centre:

            async def of_offer(*_: object, **__: object) -> object:
                raise AttributeError("'str' object has no attribute 'value'")

            hub = desks(centre, of_offer)
            centre.available(ANN)
            await centre.talk()
            with hub.open(ANN, 0) as page:
                (pop,) = [json.loads(each.text)["pop"] for each in page.take() if each.about.type == "screen_pop"]
            assert (pop["customer"], pop["tickets"]) == (None, [])

    in_virtual_time(story())


def an_open_case(at: datetime) -> TicketRow:
    return TicketRow(
        number="20260309-0001",
        opened_at=at,
        state=TicketState.OPEN,
        kind=TicketKind.COMPLAINT,
        severity=Severity.NORMAL,
        channel="telephone",
        line="hotline",
        dnis="",
        ani="",
        call=None,
        queue=None,
        agent=None,
        outcome=None,
        customer_id=None,
        customer_name=None,
        contact_name="",
        matter="",
        disposition=None,
        version=4,
        stage="in_hand",
    )


def test_after_a_restart_the_page_is_told_how_the_talk_stands(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, site()) as centre:
            desks(centre)
            centre.available(ANN)
            _, live = await centre.talk()
            await live.ask(lambda: control.hold(centre.hotline, live))
            (arrived,) = centre.events(CallArrived)
            centre.start(await centre.die())
            hub = desks(centre)
            centre.listeners[0](arrived)
            await asyncio.sleep(3)
            assert (told(hub, ANN)["state"], told(hub, ANN)["talk"]["held"]) == ("hold", True)

    in_virtual_time(story())
