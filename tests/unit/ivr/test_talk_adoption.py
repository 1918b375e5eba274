"""A controller killed in the middle of a hold or a transfer: the next one goes on from there. Calls in memory."""

import asyncio
from pathlib import Path

import pytest

from crm.journal.events import CallAdopted, CallEnded, TalkStarted
from ivr.caller.answer import switch_language
from ivr.live.parties import Target
from ivr.talking import control as control
from tests.fakes.call_centre import ANN, BEN, CallCentre, call_centre, in_virtual_time
from tests.fakes.channel import Party

TO_BEN = Target("agent", BEN)
NUMBER = "13912345678"


async def restarted(centre: CallCentre) -> None:
    centre.start(await centre.die())
    await asyncio.sleep(2)


def test_a_caller_on_hold_hears_music_still_and_can_be_brought_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            await live.ask(lambda: control.hold(centre.hotline, live))
            await restarted(centre)
            again = centre.hotline.talks.of(live.call_id)
            assert again and again.held and caller.music
            assert centre.acd.agent(ANN).state.value == "hold"
            await again.ask(lambda: control.resume(centre.hotline, again))
            assert centre.inside(again) == {caller.id, centre.leg(again, ANN).id} and not caller.music

    in_virtual_time(story())


def test_killed_before_the_caller_was_out_of_the_bridge_the_hold_is_made_good(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            await live.ask(lambda: control.hold(centre.hotline, live))
            assert live.bridge
            caller.music = False
            centre.telephony.bridges[live.bridge.id].inside.add(caller.id)
            await restarted(centre)
            again = centre.hotline.talks.of(live.call_id)
            assert again and caller.music and caller.id not in centre.inside(again)

    in_virtual_time(story())


def test_after_a_transfer_the_new_controller_knows_who_is_in_the_talk(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await asyncio.sleep(3)
            await live.ask(lambda: control.complete(centre.hotline, live))
            await restarted(centre)
            again = centre.hotline.talks.of(live.call_id)
            assert again and again.agent_id == BEN and again.call.state.talks == 2
            assert again.recording and again.recording.endswith("-2.wav")
            assert centre.acd.agent(BEN).state.value == "talking"
            assert centre.acd.agent(ANN).state.value == "wrap_up"
            assert centre.inside(again) == {caller.id, centre.leg(again, BEN).id}
            caller.leave()
            await asyncio.sleep(1)
            (end,) = centre.events(CallEnded)
            assert (end.outcome, end.ended_by) == ("answered", "caller")

    in_virtual_time(story())


@pytest.mark.parametrize("stage", ["consulting", "conference"])
def test_a_consultation_and_a_conference_go_on(tmp_path: Path, stage: str) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await asyncio.sleep(3)
            if stage == "conference":
                await live.ask(lambda: control.conference(centre.hotline, live))
            await restarted(centre)
            again = centre.hotline.talks.of(live.call_id)
            assert again and again.agent_id == ANN and again.third and again.third.agent_id == BEN
            assert again.conference is (stage == "conference") and caller.music is (stage == "consulting")
            await again.ask(lambda: control.complete(centre.hotline, again))
            assert centre.inside(again) == {caller.id, centre.leg(again, BEN).id}

    in_virtual_time(story())


def test_a_colleague_who_was_only_ringing_is_let_go_and_the_caller_waits_with_the_agent(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            centre.telephony.agents[BEN] = Party(after_s=60)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await asyncio.sleep(3)
            await restarted(centre)
            again = centre.hotline.talks.of(live.call_id)
            assert again and again.held and caller.music and again.third is None
            assert not [name for name in centre.telephony.channels if name.endswith(BEN)]
            assert centre.acd.agent(BEN).state.value == "available"
            await again.ask(lambda: control.resume(centre.hotline, again))
            assert centre.inside(again) == {caller.id, centre.leg(again, ANN).id}

    in_virtual_time(story())


def test_an_agent_who_left_while_nobody_was_there_leaves_the_caller_to_the_colleague(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await asyncio.sleep(3)
            ann = centre.leg(live, ANN)
            history = await centre.die()
            ann.leave()
            centre.start(history)
            await asyncio.sleep(2)
            again = centre.hotline.talks.of(live.call_id)
            assert again and again.agent_id == BEN and not caller.music
            assert centre.inside(again) == {caller.id, centre.leg(again, BEN).id}
            assert [event.agent for event in centre.events(TalkStarted)] == [ANN, BEN]

    in_virtual_time(story())


def test_killed_while_a_blind_transfer_rings_the_caller_has_a_place_in_the_queue(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            centre.telephony.agents[BEN] = Party(after_s=60)
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, TO_BEN))
            await asyncio.sleep(3)
            history = await centre.die()
            centre.telephony.agents[BEN] = Party(after_s=1)
            centre.start(history)
            await asyncio.sleep(8)
            again = centre.hotline.talks.of(live.call_id)
            assert again and again.agent_id == BEN and caller.id in centre.inside(again)
            caller.leave()
            await asyncio.sleep(1)
            (end,) = centre.events(CallEnded)
            assert end.outcome == "answered"

    in_virtual_time(story())


def test_a_talk_with_a_number_outside_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.telephony.customers[NUMBER] = Party(after_s=1)
            centre.available(ANN)
            caller, live = await centre.talk()
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, Target("number", NUMBER)))
            await asyncio.sleep(4)
            await restarted(centre)
            again = centre.hotline.talks.of(live.call_id)
            assert again and again.partner.number == NUMBER and not caller.gone
            assert [event.agent for event in centre.events(CallAdopted)] == [None]
            again.agent_leg.leave()  # type: ignore[attr-defined]
            await asyncio.sleep(1)
            assert caller.gone and caller.heard[-1] == "goodbye"

    in_virtual_time(story())


def test_after_a_restart_it_is_known_who_speaks_english_and_who_is_consulted(tmp_path: Path) -> None:
    """The pages had a fold of their own, which began with neither: an English caller popped up as Chinese."""

    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            _, live = await centre.talk()
            switch_language(centre.hotline, live.call, "en")
            centre.available(BEN)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await asyncio.sleep(3)
            await restarted(centre)
            state = centre.hotline.tickets.calls.get(live.call_id).state
            assert (state.language, state.language_chosen) == ("en", True)
            assert state.third is not None and state.third.agent == BEN
            assert state.on_pages == {ANN, BEN}
            again = centre.hotline.talks.of(live.call_id)
            assert again and dict(again.call.needs) == {"language:en": 1}

    in_virtual_time(story())


def test_after_a_restart_a_caller_who_was_promised_the_next_agent_still_goes_first(tmp_path: Path) -> None:
    """Who has talked already goes before those who have not: the new controller had forgotten the points for it."""

    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            waiting = centre.telephony.call("4008100002", "13800138009")
            await asyncio.sleep(1)
            waiting.press("1")
            await asyncio.sleep(20)
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, Target("queue", "hotline")))
            await asyncio.sleep(2)
            await restarted(centre)
            await asyncio.sleep(25)
            centre.available(BEN)
            await asyncio.sleep(12)
            talks = [event.call_id for event in centre.events(TalkStarted)]
            assert talks[1] == live.call_id, "somebody who had not talked yet was served first"
            assert not caller.gone

    in_virtual_time(story())
