"""A talk's mailbox: what is asked is done by the talk's own task, in turn, and whoever asked hears how it went."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from config.ids import CallId, ChannelId, QueueName, TicketNumber
from ivr.call import Call
from ivr.talk import stay
from ivr.talks import LiveTalk, Partner, Refused, TalkOver, Talks
from ivr.telephony import ChannelGone
from routing.agent import AgentId, Reservation
from tests.fakes.channel import FakeChannel
from tests.fakes.small_site import small_site
from tests.fakes.telephony import EPOCH, FakeTelephony
from tests.fakes.virtual_time import VirtualTimeLoop


def in_virtual_time(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work)


def talk_of_two() -> tuple[LiveTalk, FakeChannel, FakeChannel]:
    telephony = FakeTelephony()
    telephony.connected.set()
    caller = FakeChannel(telephony, ChannelId("c"), "inbound")
    leg = FakeChannel(telephony, ChannelId("call-c.agent1.8001"), "dialled")
    for channel in (caller, leg):
        channel.entered, channel.up_at = True, EPOCH
        telephony.channels[channel.id] = channel
    call = Call(CallId("call-c"), caller, TicketNumber("20261123-0001"), small_site().lines[0], "1", EPOCH)
    agent = Reservation(agent_id=AgentId("8001"), call_id=call.id, queue=QueueName("hotline"), at=EPOCH)
    return LiveTalk(call, Partner(leg, agent)), caller, leg


def test_what_is_asked_is_done_one_after_the_other_and_answered() -> None:
    async def story() -> None:
        live, _, leg = talk_of_two()
        staying = asyncio.create_task(stay(live))
        order: list[str] = []

        async def work(name: str) -> str:
            order.append(f"{name} begins")
            await asyncio.sleep(1)
            order.append(f"{name} ends")
            return name

        asked = await asyncio.gather(live.ask(lambda: work("hold")), live.ask(lambda: work("resume")))
        assert asked == ["hold", "resume"]
        assert order == ["hold begins", "hold ends", "resume begins", "resume ends"]
        leg.leave()
        await staying
        assert live.call.ended_by == "agent"

    in_virtual_time(story())


def test_a_refusal_reaches_whoever_asked_and_the_talk_goes_on() -> None:
    async def story() -> None:
        live, caller, _ = talk_of_two()
        staying = asyncio.create_task(stay(live))

        async def refuse() -> None:
            raise Refused("the caller is on hold already")

        with pytest.raises(Refused, match="on hold already"):
            await live.ask(refuse)
        assert not staying.done()
        caller.leave()
        with pytest.raises(ChannelGone):
            await staying

    in_virtual_time(story())


def test_what_is_asked_too_late_is_refused_and_never_done() -> None:
    async def story() -> None:
        live, caller, _ = talk_of_two()
        talks, done = Talks(), list[str]()

        async def work() -> None:
            done.append("done")

        with talks.entered(live):
            assert talks.of(live.call_id) is live and talks.of_agent(live.agent_id) is live
            waiting = asyncio.create_task(live.ask(work))
            await asyncio.sleep(0)
            caller.leave()
        with pytest.raises(TalkOver):
            await waiting
        with pytest.raises(TalkOver):
            await live.ask(work)
        assert done == [] and talks.of(live.call_id) is None

    in_virtual_time(story())


def test_a_caller_who_leaves_in_the_middle_ends_the_talk_and_answers_the_asker() -> None:
    async def story() -> None:
        live, caller, _ = talk_of_two()
        staying = asyncio.create_task(stay(live))
        asking = asyncio.create_task(live.ask(lambda: live.caller.say(["hold-please"] * 50)))
        await asyncio.sleep(1)
        caller.leave()
        with pytest.raises(TalkOver):
            await asking
        with pytest.raises(ChannelGone):
            await staying

    in_virtual_time(story())


def test_whoever_stops_waiting_for_the_answer_does_not_stop_the_work() -> None:
    async def story() -> None:
        live, _, leg = talk_of_two()
        staying = asyncio.create_task(stay(live))
        done = asyncio.Event()

        async def work() -> None:
            await asyncio.sleep(1)
            done.set()

        asking = asyncio.create_task(live.ask(work))
        await asyncio.sleep(0.5)
        asking.cancel()
        async with asyncio.timeout(2):
            await done.wait()
        assert not staying.done()
        leg.leave()
        await staying

    in_virtual_time(story())
