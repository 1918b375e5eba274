"""Callers who are moved on along the linkage: what they hear, their turn, and what is on record. LNE-7, TEL-5."""

import asyncio
from pathlib import Path
from typing import Any

from config.ids import AgentId, CallId, QueueName
from config.schema import Queue, QueueAction, Site
from crm.calls.record import fold
from crm.journal.events import AgentOffered, CallEnded, CallEvent, CallOverflowed, CallQueued, TalkStarted
from routing.agent import AgentEvent
from tests.fakes.call_centre import ANN, BEN, CallCentre, call_centre, in_virtual_time
from tests.fakes.channel import FakeChannel
from tests.fakes.small_site import small_site

AID, HOTLINE, PROVINCE = QueueName("aid"), QueueName("hotline"), QueueName("province")


def linked_site(hotline: list[dict[str, Any]], aid: list[dict[str, Any]] | None = None) -> Site:
    """`hotline` is served by 8001, `aid` by 8002; both lead to a message in the end."""
    site = small_site()

    def queue(name: str, agent: str, overflow: list[dict[str, Any]]) -> Queue:
        message = {"go": "message"}
        settings = {"name": name, "title": name, "title_en": name, "kind": "hotline", "agents": (agent,)}
        return Queue.model_validate({**settings, "overflow": tuple(overflow), "on_max_wait": message, "max_wait_s": 90})

    return site.model_copy(update={"queues": (queue("hotline", "8001", hotline), queue("aid", "8002", aid or []))})


TO_AID = {"go": "queue", "queue": "aid"}


async def arrive(centre: CallCentre, number: str = "13800138000") -> FakeChannel:
    """Somebody calls and presses 1 for the hotline."""
    channel = centre.telephony.call("4008100002", number)
    await asyncio.sleep(1)
    channel.press("1")
    return channel


def ways(centre: CallCentre) -> list[tuple[str, str, str]]:
    return [(each.from_queue, each.to, each.why) for each in centre.events(CallOverflowed)]


def row_of(centre: CallCentre, channel: FakeChannel) -> Any:
    return fold([e for e in centre.told if isinstance(e, CallEvent) and e.call_id == f"call-{channel.id}"])


def test_after_so_long_a_caller_goes_to_the_next_queue_and_keeps_the_arrival_time(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, linked_site([{"after_s": 30, "to": TO_AID}])) as centre:
            channel = await arrive(centre)
            await asyncio.sleep(29)
            assert ways(centre) == []
            await asyncio.sleep(2)
            assert ways(centre) == [("hotline", "queue:aid", "after_s")]
            first, second = centre.events(CallQueued)
            assert (first.queue, second.queue) == ("hotline", "aid")
            moved = centre.events(CallOverflowed)[0]
            assert (moved.at - first.at).total_seconds() == 30 == moved.waited_s
            assert channel.heard.count("moved-on") == 1
            assert channel.heard[-2:] == ["moved-on", "please-wait"]
            [waiting] = centre.acd.waiting(AID)
            assert waiting.entered_at == first.at
            assert centre.acd.waiting(HOTLINE) == []
            centre.available(BEN)
            await asyncio.sleep(10)
            [talk] = centre.events(TalkStarted)
            assert talk.agent == BEN
            channel.leave()
            await asyncio.sleep(1)
            row = row_of(centre, channel)
            assert (row.queue, row.queued_at, row.agent) == ("aid", first.at, BEN)
            assert row.wait_s > 30

    in_virtual_time(story())


def test_who_was_moved_on_goes_before_those_who_came_later(tmp_path: Path) -> None:
    async def story() -> None:
        site = linked_site([{"after_s": 30, "to": TO_AID}])
        menu = site.menus[0]
        keys = {**menu.keys, "2": QueueAction(queue="aid")}
        async with call_centre(
            tmp_path, site.model_copy(update={"menus": (menu.model_copy(update={"keys": keys}),)})
        ) as c:
            early = await arrive(c, "13800138001")
            await asyncio.sleep(20)
            late = c.telephony.call("4008100002", "13800138002")
            await asyncio.sleep(1)
            late.press("2")
            await asyncio.sleep(20)
            assert [call.call_id for call in c.acd.waiting(AID)] == [f"call-{early.id}", f"call-{late.id}"]

    in_virtual_time(story())


def test_nobody_joins_a_queue_that_is_too_long_and_nobody_who_waits_is_thrown_out(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, linked_site([{"longer_than": 2, "to": TO_AID}])) as centre:
            callers = [await arrive(centre, f"1380013800{n}") for n in range(4)]
            await asyncio.sleep(5)
            assert [call.call_id for call in centre.acd.waiting(HOTLINE)] == [f"call-{c.id}" for c in callers[:2]]
            assert [call.call_id for call in centre.acd.waiting(AID)] == [f"call-{c.id}" for c in callers[2:]]
            assert ways(centre) == [("hotline", "queue:aid", "longer_than")] * 2

    in_virtual_time(story())


def test_a_queue_without_staff_is_left_within_a_second(tmp_path: Path) -> None:
    """Not ready is no staff; somebody who talks is."""

    async def story() -> None:
        async with call_centre(tmp_path, linked_site([{"no_staff": True, "to": TO_AID}])) as centre:
            centre.available(ANN)
            talking = await arrive(centre, "13800138001")
            await asyncio.sleep(10)
            assert [talk.agent for talk in centre.events(TalkStarted)] == [ANN]
            await arrive(centre, "13800138002")
            await asyncio.sleep(10)
            assert ways(centre) == []
            centre.acd.wish(ANN, AgentEvent.MAKE_NOT_READY, "meal")
            talking.leave()
            await asyncio.sleep(19)
            assert ways(centre) == []  # wrapping up is serving
            await asyncio.sleep(2.5)
            assert ways(centre) == [("hotline", "queue:aid", "no_staff")]

    in_virtual_time(story())


def test_an_agent_who_does_not_answer_leaves_no_staff(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, linked_site([{"no_staff": True, "to": TO_AID}])) as centre:
            centre.telephony.agents[ANN] = type(centre.telephony.agents[ANN])(after_s=100)
            centre.available(ANN, BEN)
            await arrive(centre)
            await asyncio.sleep(40)
            assert ways(centre) == [("hotline", "queue:aid", "no_staff")]
            assert [offer.agent for offer in centre.events(AgentOffered)] == [ANN, BEN]
            assert [talk.agent for talk in centre.events(TalkStarted)] == [BEN]

    in_virtual_time(story())


def test_at_closing_time_who_waits_is_moved_on(tmp_path: Path) -> None:
    """The small site's line closes at 23:59; it is 09:00 when the story begins."""

    async def story() -> None:
        site = linked_site([{"closed": True, "play": ("out-of-hours",), "to": {"go": "message"}}])
        queues = tuple(queue.model_copy(update={"max_wait_s": 3000.0}) for queue in site.queues)
        async with call_centre(tmp_path, site.model_copy(update={"queues": queues})) as centre:
            await asyncio.sleep(14 * 3600 + 50 * 60)
            channel = await arrive(centre)
            await asyncio.sleep(500)
            assert ways(centre) == []
            await asyncio.sleep(60)
            assert ways(centre) == [("hotline", "message", "closed")]
            assert channel.heard[-4:] == ["out-of-hours", "leave-message", "beep", "goodbye"]
            assert "moved-on" not in channel.heard

    in_virtual_time(story())


def test_the_longest_wait_is_on_record_as_a_move_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, linked_site([{"after_s": 30, "to": TO_AID}])) as centre:
            await arrive(centre)
            await asyncio.sleep(30 + 90 + 5)
            assert ways(centre) == [("hotline", "queue:aid", "after_s"), ("aid", "message", "max_wait")]
            await asyncio.sleep(200)
            assert [end.outcome for end in centre.events(CallEnded)] == ["no_message"]

    in_virtual_time(story())


def test_looking_out_costs_a_caller_no_turn(tmp_path: Path) -> None:
    """While it is looked every second whether to move on, the order of service stays the order of arrival."""

    async def story() -> None:
        async with call_centre(tmp_path, linked_site([{"no_staff": True, "to": TO_AID}])) as centre:
            centre.available(ANN)
            first = await arrive(centre, "13800138000")
            await asyncio.sleep(10)
            others = [await arrive(centre, f"1380013810{n}") for n in range(3)]
            await asyncio.sleep(7.3)
            first.leave()
            for caller in others:
                await asyncio.sleep(31)
                assert centre.hotline.talks.of(CallId(f"call-{caller.id}")) is not None
                caller.leave()
            assert ways(centre) == []

    in_virtual_time(story())


def test_a_caller_who_hangs_up_while_being_moved_leaves_nothing_behind(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, linked_site([{"after_s": 30, "to": TO_AID}])) as centre:
            centre.telephony.prompts_s = {"moved-on": 4.0}
            channel = await arrive(centre)
            await asyncio.sleep(32)
            assert channel.heard[-1] == "moved-on"
            channel.leave()
            await asyncio.sleep(1)
            assert [end.outcome for end in centre.events(CallEnded)] == ["abandoned_queue"]
            assert not centre.telephony.channels and centre.reception.calls == 0
            assert centre.acd.waiting(AID) == centre.acd.waiting(HOTLINE) == []

    in_virtual_time(story())


def test_a_controller_that_dies_after_the_move_finds_the_caller_in_the_new_queue(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, linked_site([{"after_s": 30, "to": TO_AID}])) as centre:
            channel = await arrive(centre)
            await asyncio.sleep(45)
            [before] = centre.acd.waiting(AID)
            history = await centre.die()
            assert history.calls.get(CallId(f"call-{channel.id}")).state.came_from == (HOTLINE,)
            await asyncio.sleep(2)
            centre.start(history)
            await asyncio.sleep(1)
            [after] = centre.acd.waiting(AID)
            assert after.entered_at == before.entered_at
            centre.available(AgentId(BEN))
            await asyncio.sleep(10)
            assert [talk.agent for talk in centre.events(TalkStarted)] == [BEN]
            assert len(ways(centre)) == 1

    in_virtual_time(story())
