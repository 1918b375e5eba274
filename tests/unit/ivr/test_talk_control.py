"""What an agent does with a talk: hold, attended and blind transfer, conference. The call path in memory. TEL-5."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from crm.journal.events import (
    AgentLeft,
    CallEnded,
    CallQueued,
    NumberRefused,
    OutsideTalkStarted,
    TalkStarted,
    TransferAsked,
    TransferFailed,
)
from crm.use_cases.by_clock.callers import Strangers
from ivr.live.parties import Target
from ivr.live.talks import NotDialable, Refused
from ivr.port.values import ChannelGone, DialOutcome
from ivr.talking import control as control
from ivr.talking.recording import pause_recording, resume_recording
from tests.fakes.call_centre import ANN, BEN, CAT, call_centre, in_virtual_time
from tests.fakes.channel import Party

TO_BEN = Target("agent", BEN)
NUMBER = "13912345678"


def test_hold_is_a_word_then_music_and_the_agent_shows_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            await live.ask(lambda: control.hold(centre.hotline, live))
            assert caller.heard[-1] == "hold-please" and caller.music
            assert centre.inside(live) == {centre.leg(live, ANN).id}
            assert centre.acd.agent(ANN).state.value == "hold"
            with pytest.raises(Refused, match="already"):
                await live.ask(lambda: control.hold(centre.hotline, live))
            await live.ask(lambda: control.resume(centre.hotline, live))
            assert not caller.music and centre.inside(live) == {caller.id, centre.leg(live, ANN).id}
            assert centre.acd.agent(ANN).state.value == "talking"
            with pytest.raises(Refused, match="not on hold"):
                await live.ask(lambda: control.resume(centre.hotline, live))

    in_virtual_time(story())


def test_an_agent_who_hangs_up_on_hold_leaves_no_music_behind(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            await live.ask(lambda: control.hold(centre.hotline, live))
            centre.leg(live, ANN).leave()
            await asyncio.sleep(1)
            assert caller.gone and not caller.music and caller.heard[-1] == "goodbye"

    in_virtual_time(story())


def test_an_attended_transfer_leaves_the_caller_with_the_colleague(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            ann = centre.leg(live, ANN)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            assert caller.music and centre.telephony.bridges[live.bridge.id].rings  # type: ignore[union-attr]
            await asyncio.sleep(3)
            ben = centre.leg(live, BEN)
            assert centre.inside(live) == {ann.id, ben.id}
            await live.ask(lambda: control.complete(centre.hotline, live))
            assert centre.inside(live) == {caller.id, ben.id} and not caller.music and ann.gone
            assert centre.acd.agent(ANN).state.value == "wrap_up"
            assert centre.acd.agent(BEN).state.value == "talking"
            first, second = centre.events(TalkStarted)
            assert (first.agent, second.agent) == (ANN, BEN)
            assert first.recording and second.recording == first.recording.replace(".wav", "-2.wav")
            assert [event.agent for event in centre.events(AgentLeft)] == [ANN]
            ben.leave()
            await asyncio.sleep(1)
            (end,) = centre.events(CallEnded)
            assert (end.outcome, end.ended_by) == ("answered", "agent") and caller.heard[-1] == "goodbye"
            assert centre.acd.agent(BEN).state.value == "wrap_up"
            assert not centre.telephony.bridges

    in_virtual_time(story())


def test_an_agent_who_hangs_up_while_consulting_has_completed_the_transfer(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await asyncio.sleep(3)
            centre.leg(live, ANN).leave()
            await asyncio.sleep(1)
            assert centre.inside(live) == {caller.id, centre.leg(live, BEN).id}

    in_virtual_time(story())


def test_a_transfer_completed_while_it_rings_waits_for_the_answer(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            centre.telephony.agents[BEN] = Party(after_s=8)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await live.ask(lambda: control.complete(centre.hotline, live))
            await asyncio.sleep(1)
            assert caller.music and centre.acd.agent(ANN).state.value == "wrap_up"
            await asyncio.sleep(15)
            following = centre.hotline.talks.of(live.call_id)
            assert following and centre.inside(following) == {caller.id, centre.leg(following, BEN).id}

    in_virtual_time(story())


def test_cancelled_the_colleague_is_free_and_the_caller_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await live.ask(lambda: control.cancel(centre.hotline, live))
            assert centre.acd.agent(BEN).state.value == "available"
            assert centre.inside(live) == {caller.id, centre.leg(live, ANN).id} and not caller.music
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await asyncio.sleep(3)
            await live.ask(lambda: control.cancel(centre.hotline, live))
            assert centre.acd.agent(BEN).state.value == "wrap_up"
            assert centre.inside(live) == {caller.id, centre.leg(live, ANN).id}
            with pytest.raises(Refused, match="no transfer"):
                await live.ask(lambda: control.cancel(centre.hotline, live))

    in_virtual_time(story())


def test_in_a_conference_all_hear_each_other_and_whoever_leaves_leaves_two(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            with pytest.raises(Refused, match="wait for the answer"):
                await live.ask(lambda: control.conference(centre.hotline, live))
            await asyncio.sleep(3)
            await live.ask(lambda: control.conference(centre.hotline, live))
            ann, ben = centre.leg(live, ANN), centre.leg(live, BEN)
            assert centre.inside(live) == {caller.id, ann.id, ben.id}
            ben.leave()
            await asyncio.sleep(1)
            assert centre.inside(live) == {caller.id, ann.id}
            assert centre.acd.agent(BEN).state.value == "wrap_up"
            assert not centre.events(CallEnded)

    in_virtual_time(story())


def test_a_consulted_colleague_who_does_not_answer_leaves_the_caller_with_the_agent(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            centre.telephony.agents[BEN] = Party(refuses=DialOutcome.REJECTED)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))
            await asyncio.sleep(3)
            assert centre.acd.agent(BEN).state.value == "not_ready"
            (failed,) = centre.events(TransferFailed)
            assert (failed.agent, failed.reason) == (ANN, "rejected")
            await live.ask(lambda: control.resume(centre.hotline, live))
            assert centre.inside(live) == {caller.id, centre.leg(live, ANN).id}

    in_virtual_time(story())


def test_a_colleague_who_is_not_free_cannot_be_transferred_to(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            for target, words in (
                (TO_BEN, "8002 is logged out"),
                (Target("agent", "8801"), "no queue has an agent 8801"),
                (Target("queue", "nowhere"), "no queue 'nowhere'"),
                (Target("line", "1"), "no line has the number"),
                (Target("number", "1380013&PJSIP/x"), "is not dialled: it is no valid"),
            ):
                for ask in (control.consult, control.transfer_blind):
                    with pytest.raises(Refused, match=words):
                        await live.ask(lambda ask=ask, target=target: ask(centre.hotline, live, target))  # type: ignore[misc]
            assert centre.inside(live) == {caller.id, centre.leg(live, ANN).id} and not live.held
            assert not centre.events(TransferAsked)

    in_virtual_time(story())


def test_a_blind_transfer_frees_the_agent_at_once_and_the_colleague_is_announced(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            heard = len(caller.heard)
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, TO_BEN))
            await asyncio.sleep(1)
            assert centre.acd.agent(ANN).state.value == "wrap_up" and caller.music
            await asyncio.sleep(5)
            assert caller.heard[heard] == "hold-please" and caller.heard[-1] == "agent-after"
            following = centre.hotline.talks.of(live.call_id)
            assert following and following.agent_id == BEN
            caller.leave()
            await asyncio.sleep(1)
            (end,) = centre.events(CallEnded)
            assert (end.outcome, end.ended_by) == ("answered", "caller")

    in_virtual_time(story())


def test_a_blind_transfer_that_nobody_answers_leads_back_to_the_queue(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            centre.telephony.agents[BEN] = Party(refuses=DialOutcome.NO_ANSWER)
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, TO_BEN))
            await asyncio.sleep(60)  # Ben's three rings; Ann's wrap-up ends meanwhile
            assert [event.reason for event in centre.events(TransferFailed)] == ["rona"]
            assert [event.queue for event in centre.events(CallQueued)] == ["hotline", "hotline"]
            again = centre.hotline.talks.of(live.call_id)
            assert again and again.agent_id == ANN and not caller.gone
            assert "transfer-failed" in caller.heard
            caller.leave()
            await asyncio.sleep(1)
            (end,) = centre.events(CallEnded)
            assert end.outcome == "answered"

    in_virtual_time(story())


def test_a_caller_who_gives_up_during_a_transfer_was_answered_and_nobody_rings_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            centre.telephony.agents[BEN] = Party(after_s=10)
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, TO_BEN))
            await asyncio.sleep(4)
            caller.leave()
            await asyncio.sleep(1)
            (end,) = centre.events(CallEnded)
            assert end.outcome == "answered"
            assert centre.acd.agent(BEN).state.value == "available"
            assert not centre.telephony.channels and not centre.telephony.bridges

    in_virtual_time(story())


def test_a_caller_who_leaves_as_the_agent_does_leaves_nobody_ringing(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            centre.telephony.agents[BEN] = Party(after_s=10)
            await live.ask(lambda: control.consult(centre.hotline, live, TO_BEN))

            async def leaves_first() -> None:
                caller.leave()
                raise ChannelGone(caller.id)

            caller.stop_music = leaves_first  # type: ignore[method-assign]
            await live.ask(lambda: control.complete(centre.hotline, live))
            await asyncio.sleep(30)
            assert not centre.telephony.channels and len(centre.events(CallEnded)) == 1
            assert centre.acd.agent(BEN).state.value == "available"

    in_virtual_time(story())


def test_to_a_queue_the_caller_waits_there_for_the_next_agent(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(CAT)
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, Target("queue", "hotline")))
            await asyncio.sleep(8)
            following = centre.hotline.talks.of(live.call_id)
            assert following and following.agent_id == CAT and not caller.gone

    in_virtual_time(story())


def test_to_a_line_the_caller_hears_that_lines_menu(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, Target("line", "4008100002")))
            await asyncio.sleep(1)
            assert caller.heard[-1] == "menu-main"

    in_virtual_time(story())


def test_to_a_number_outside_the_talk_goes_on_without_an_agent(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.telephony.customers[NUMBER] = Party(after_s=3)
            centre.available(ANN)
            caller, live = await centre.talk()
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, Target("number", NUMBER)))
            await asyncio.sleep(6)
            (outside,) = centre.events(OutsideTalkStarted)
            assert outside.number == NUMBER and outside.recording and outside.recording.endswith("-2.wav")
            following = centre.hotline.talks.of(live.call_id)
            assert following and following.agent_id is None and caller.id in centre.inside(following)
            following.agent_leg.leave()  # type: ignore[attr-defined]
            await asyncio.sleep(1)
            assert caller.gone and caller.heard[-1] == "goodbye"

    in_virtual_time(story())


def test_a_recording_stops_for_a_card_number_and_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            _, live = await centre.talk()
            assert live.bridge
            recordings = centre.telephony.bridges[live.bridge.id].recordings
            await live.ask(lambda: pause_recording(centre.hotline, live))
            assert list(recordings.values()) == [True] and live.recording_paused
            with pytest.raises(Refused, match="paused already"):
                await live.ask(lambda: pause_recording(centre.hotline, live))
            await live.ask(lambda: resume_recording(centre.hotline, live))
            assert list(recordings.values()) == [False]
            assert centre.names()[-2:] == ["RecordingPaused", "RecordingResumed"]

    in_virtual_time(story())


def test_keys_pressed_in_a_talk_are_the_other_partys(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            caller.press("1" * 200)
            centre.leg(live, ANN).leave()
            await asyncio.sleep(1)
            assert caller.heard[-1] == "goodbye"
            assert await caller_digits(caller) == 0

    in_virtual_time(story())


async def caller_digits(caller: object) -> int:
    return len(caller._digits)  # type: ignore[attr-defined]


@pytest.mark.parametrize("moment_s", [0.0, 0.1, 0.5, 1.5, 2.0, 2.05, 2.2, 3.0])
@pytest.mark.parametrize("who", ["caller", "agent", "colleague"])
@pytest.mark.parametrize("way", ["blind", "attended"])
def test_whoever_hangs_up_at_whatever_moment_of_a_transfer_nothing_is_left(
    tmp_path: Path, way: str, who: str, moment_s: float
) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            act = control.transfer_blind if way == "blind" else control.consult
            await live.ask(lambda: act(centre.hotline, live, TO_BEN))
            await asyncio.sleep(moment_s)
            legs = [leg for name, leg in centre.telephony.channels.items() if name.endswith((ANN, BEN))]
            agents = {leg.id.rpartition(".")[2]: leg for leg in legs}
            leaver = {"caller": caller, "agent": agents.get(ANN), "colleague": agents.get(BEN)}[who]
            if leaver:
                leaver.leave()
            await asyncio.sleep(60)
            caller.leave()
            await asyncio.sleep(60)
            assert len(centre.events(CallEnded)) == 1
            assert not centre.telephony.channels and not centre.telephony.bridges
            assert {centre.acd.agent(agent).state.value for agent in (ANN, BEN)} <= {"available", "not_ready"}

    in_virtual_time(story())


# --- the desk telephone's transfer key ---


@pytest.mark.parametrize("dialled", ["8002", "hotline", "4008100002", NUMBER])
def test_a_telephones_transfer_key_does_what_the_page_does(tmp_path: Path, dialled: str) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.telephony.customers[NUMBER] = Party(after_s=1)
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            ann = centre.leg(live, ANN)
            ann.refer(dialled)
            await asyncio.sleep(1)
            assert ann.progress == ["done"] and ann.gone and not caller.gone
            (asked,) = centre.events(TransferAsked)
            kinds = {"8002": "agent", "hotline": "queue", "4008100002": "line", NUMBER: "number"}
            assert (asked.kind, asked.to, asked.mode) == (kinds[dialled], dialled, "blind")

    in_virtual_time(story())


def test_a_telephones_transfer_to_nobody_is_refused_and_the_talk_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            ann = centre.leg(live, ANN)
            ann.refer("8002")
            ann.refer("no such thing")
            await asyncio.sleep(1)
            assert ann.progress == ["failed", "failed"]
            assert centre.inside(live) == {caller.id, ann.id}

    in_virtual_time(story())


# --- numbers outside that may not be dialled ---

REFUSED = {
    "110": "emergency",
    "*72900123": "feature_code",
    "+2348031234567": "foreign",
    "95588": "short_number",
    "13811112222": "do_not_call",
}


@dataclass(frozen=True)
class FlaggedCard(Strangers):
    """Somebody whose card says 拒绝外呼."""

    number: str

    async def refuses_calls(self, number: str) -> bool:
        return number == self.number


@pytest.mark.req("FUP-10")
@pytest.mark.parametrize(("number", "reason"), REFUSED.items())
def test_a_number_that_may_not_be_dialled_is_refused_with_words_and_noted(
    tmp_path: Path, number: str, reason: str
) -> None:
    async def story() -> None:
        async with call_centre(tmp_path, callers=FlaggedCard("13811112222")) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            for ask in (control.consult, control.transfer_blind):
                with pytest.raises(NotDialable) as refused:
                    await live.ask(lambda ask=ask: ask(centre.hotline, live, Target("number", number)))  # type: ignore[misc]
                assert refused.value.refused.reason == reason
            centre.leg(live, ANN).refer(number)
            await asyncio.sleep(1)
            assert centre.leg(live, ANN).progress == ["failed"]
            assert [(event.number, event.reason) for event in centre.events(NumberRefused)] == [(number, reason)] * 3
            assert not [line for line in centre.telephony.log if line.startswith("prepare")], "a channel was made"
            assert not centre.events(TransferAsked) and not live.held
            assert centre.inside(live) == {caller.id, centre.leg(live, ANN).id}, "the talk went on"

    in_virtual_time(story())


def test_a_colleague_who_answers_before_the_agent_is_gone_has_the_caller(tmp_path: Path) -> None:
    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.available(ANN)
            caller, live = await centre.talk()
            centre.available(BEN)
            centre.telephony.agents[BEN] = Party(after_s=0.0)
            centre.telephony.destroy_s = 0.2
            await live.ask(lambda: control.transfer_blind(centre.hotline, live, TO_BEN))
            await asyncio.sleep(5)
            again = centre.hotline.talks.of(live.call_id)
            assert again and again.agent_id == BEN and caller.id in centre.inside(again)
            assert caller.heard.count("hold-please") == 1

    in_virtual_time(story())
