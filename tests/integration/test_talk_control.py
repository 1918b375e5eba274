"""Hold, transfer, conference, REFER, survey on real Asterisk: what each party hears, and what is on the ticket.

One hotline serves all tests of this file. Every party sends a tone of its own, so who hears whom is measured; prompts
and music are found in the caller's own recording by cross-correlation. field.md §3, item 6; TEL-5, TEL-10, QUA-1.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from app.phone.call import PhoneCall
from app.phone.media import Tone
from app.phone.sound.audio import SAMPLE_RATE, Samples, tone_over_rest_db
from crm.journal.events import AgentLeft, CallHeld, TalkStarted, TransferAsked
from tests.integration.crowd import Caller, Crowd, answer, let_it_ring, loop_time
from tests.integration.harness.api import Api, Item, Refusal, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.people import OUTSIDE, SILENT, Customer, has_tone, sound_of
from tests.integration.harness.running import RunningSystem, free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CALLER_HZ, CARD_HZ, OUTSIDE_HZ = 440, 980, 1230
ANN, BEN, CAT = "8001", "8002", "8003"
STAFF = (ANN, BEN, CAT)
CUSTOMERS_PORT = free_port(socket.SOCK_DGRAM, OUTSIDE)
CLEAR_DB = 15.0
"""A tone that is alone."""
AUDIBLE_DB = -8.0
"""One of three."""
LISTEN_S = 0.6
PAUSE_S = 0.3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline() -> AsyncIterator[RunningSystem]:
    async with RunningSystem() as system:
        system.site.agents(len(STAFF))
        system.site.outbound(OUTSIDE, CUSTOMERS_PORT)
        system.site.queue("*", wrap_up_s=0.5, announce_agent=False)
        system.site.section("recording", notice=False)
        system.site.section("telephones", transfer_key=True)
        system.site.sounds(0.8, "hold-please", "transfer-failed", "survey-ask", "survey-thanks")
        system.site.sounds(1.5, "goodbye")
        await system.up()
        yield system
        await assert_nothing_left(system)
        assert_one_end_each(journal_events(system.data))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(hotline: RunningSystem) -> AsyncIterator[Crowd]:
    async with Crowd(hotline) as people:
        for agent in STAFF:
            await people.agent(agent, available=False)
        yield people


class Talk:
    """A caller who talks with 8001; `do` is what the buttons of that agent's page do."""

    def __init__(self, crowd: Crowd, api: Api, caller: Caller, call_id: str) -> None:
        self.crowd, self.api, self.caller, self.call_id = crowd, api, caller, call_id
        self.ann = crowd.agents[ANN].calls[-1]

    async def do(self, what: str, body: Item | None = None) -> Item:
        return await self.api.post(f"/api/calls/{self.call_id}/{what}", body or {})

    async def transfer(self, mode: str, **to: str) -> Item:
        return await self.do("transfer", {"to": to, "mode": mode})

    async def stands(self, **wanted: object) -> Item:
        """Returns once the talk is so."""

        async def so() -> Item | None:
            try:
                found = await self.api.get(f"/api/calls/{self.call_id}/talk")
            except Refusal:
                return None
            return found if all(found[name] == value for name, value in wanted.items()) else None

        return await until(so, 20, f"the talk to stand {wanted}")

    @asynccontextmanager
    async def ann_pauses(self) -> AsyncIterator[None]:
        """She says nothing: the last of what she said would still be in the caller's ear when a prompt begins."""
        speaking, self.ann.media.source = self.ann.media.source, SILENT
        await asyncio.sleep(PAUSE_S)
        try:
            yield
        finally:
            self.ann.media.source = speaking

    async def caller_hears(self, prompt: str, since: float, timeout_s: float = 15.0) -> None:
        async def heard() -> bool | None:
            await asyncio.sleep(0.2)
            return await asyncio.to_thread(self.crowd.heard, self.caller, prompt, since) or None

        await until(heard, timeout_s, f"{prompt} in the caller's ear")

    async def ends(self) -> Item:
        """The caller hangs up; the ticket, once the end of the call is on it."""
        await self.caller.hang_up()
        await self.api.ended_call(self.caller.number)
        return await self.api.ticket_of(self.caller.number)

    async def sounds(self, ticket: Item) -> list[Samples]:
        """The ticket's recordings, the oldest first."""
        number = ticket["number"]
        ids = [each["id"] for each in ticket["recordings"]]
        return [
            sound_of(await self.api.read("GET", f"/api/tickets/{number}/recording", query={"id": each})) for each in ids
        ]


@pytest_asyncio.fixture(loop_scope="module")
async def talk(hotline: RunningSystem, crowd: Crowd) -> AsyncIterator[Talk]:
    """8001 talks with a caller, 8002 is free; afterwards nobody is."""
    async with talk_with(hotline, crowd) as live:
        yield live


@asynccontextmanager
async def talk_with(hotline: RunningSystem, crowd: Crowd, keys: str = "1") -> AsyncIterator[Talk]:
    api = await hotline.api()
    await api.set_state(ANN, "available")
    caller = await crowd.caller(keys=keys)
    call_id = str((await api.agent_becomes(ANN, "talking"))["call"])
    live = Talk(crowd, api, caller, call_id)
    await live.stands(agent=ANN, recording="on")
    await api.set_state(BEN, "available")
    await hears(caller.call, tone_of(crowd, ANN))
    try:
        yield live
    finally:
        await caller.hang_up()
        for telephone in crowd.agents.values():
            telephone.manner = answer
        api = await hotline.api()  # of the controller that lives now
        for agent in STAFF:
            await api.set_state(agent, "logged_out")
            await api.agent_becomes(agent, "logged_out")


def tone_of(crowd: Crowd, agent: str) -> float:
    return crowd.agents[agent].tone_hz


async def hears(call: PhoneCall, *tones: float, within_s: float = 8.0, least_db: float = CLEAR_DB) -> None:
    """Returns once each of these tones is in what arrives now."""

    async def heard() -> bool | None:
        await asyncio.sleep(0.1)
        sound = call.media.heard.samples(since=loop_time() - LISTEN_S)
        loud = sound.size >= SAMPLE_RATE // 3 and bool(sound.any())
        return (loud and all(tone_over_rest_db(sound, tone) >= least_db for tone in tones)) or None

    await until(heard, within_s, f"the tones {tones}")


async def hears_not(call: PhoneCall, tone: float) -> None:
    """This tone is not in what arrives from now on."""
    since = loop_time()
    await asyncio.sleep(LISTEN_S)
    sound = call.media.heard.samples(since=since)
    assert not sound.any() or tone_over_rest_db(sound, tone) < -10, f"{tone} Hz is heard"


def actions(ticket: Item, *of: str) -> list[str]:
    """What the timeline tells, in order; only these kinds when they are named."""
    told = [str(entry["action"]) for entry in ticket["timeline"]]
    return [action for action in told if not of or action in of]


# --- hold ---


@pytest.mark.req("TEL-5")
async def test_on_hold_the_caller_hears_the_words_then_music_and_nobody_hears_the_caller(talk: Talk) -> None:
    async with talk.ann_pauses():
        began = loop_time()
        await talk.do("hold")
        assert (await talk.api.agent(ANN))["state"] == "hold"
        await talk.caller_hears("hold-please", began)
    await talk.caller_hears("wait-music", began)
    await hears_not(talk.caller.call, tone_of(talk.crowd, ANN))
    await hears_not(talk.ann, CALLER_HZ)
    with pytest.raises(Refusal, match="on hold already") as refused:
        await talk.do("hold")
    assert refused.value.status == 409
    await talk.do("resume")
    await hears(talk.caller.call, tone_of(talk.crowd, ANN))
    await hears(talk.ann, CALLER_HZ)
    assert (await talk.api.agent(ANN))["state"] == "talking"
    ticket = await talk.ends()
    assert [action for action in actions(ticket) if action in ("CallHeld", "CallResumed")] == [
        "CallHeld",
        "CallResumed",
    ]


# --- transfers ---


@pytest.mark.req("TEL-5", "TEL-10")
async def test_an_attended_transfer_and_each_agent_has_a_recording(talk: Talk) -> None:
    crowd = talk.crowd
    began = loop_time()
    await talk.transfer("attended", agent=BEN)
    await talk.caller_hears("wait-music", began)
    await talk.stands(transfer="joined")
    ben = crowd.agents[BEN].calls[-1]
    await hears(talk.ann, tone_of(crowd, BEN))
    await hears(ben, tone_of(crowd, ANN))
    await talk.do("transfer/complete")
    await hears(talk.caller.call, tone_of(crowd, BEN))
    await hears(ben, CALLER_HZ)
    await talk.ann.wait_ended(5)
    await talk.api.agent_becomes(ANN, "available")
    ticket = await talk.ends()
    (row,) = ticket["calls"]
    assert (row["agent"], row["outcome"], row["ended_by"]) == (BEN, "answered", "caller")
    first, second = await talk.sounds(ticket)
    assert has_tone(first, CALLER_HZ, -3) and has_tone(first, tone_of(crowd, ANN), -3), "the first talk is not on file"
    assert has_tone(second, CALLER_HZ, -3) and has_tone(second, tone_of(crowd, BEN), -3), "the second is not on file"
    told = [
        action for action in actions(ticket) if action in ("TransferAsked", "ThirdJoined", "TalkStarted", "AgentLeft")
    ]
    assert told == ["TalkStarted", "TransferAsked", "ThirdJoined", "TalkStarted", "AgentLeft"]


async def test_in_a_conference_each_hears_the_two_others(talk: Talk) -> None:
    crowd = talk.crowd
    await talk.transfer("attended", agent=BEN)
    await talk.stands(transfer="joined")
    await talk.do("conference")
    ben, ann_hz, ben_hz = crowd.agents[BEN].calls[-1], tone_of(crowd, ANN), tone_of(crowd, BEN)
    await hears(talk.caller.call, ann_hz, ben_hz, least_db=AUDIBLE_DB)
    await hears(talk.ann, CALLER_HZ, ben_hz, least_db=AUDIBLE_DB)
    await hears(ben, CALLER_HZ, ann_hz, least_db=AUDIBLE_DB)
    await talk.do("transfer/cancel")
    await ben.wait_ended(5)
    await hears(talk.caller.call, ann_hz)


@pytest.mark.req("TEL-5")
async def test_a_blind_transfer_frees_the_agent_at_once(talk: Talk) -> None:
    crowd = talk.crowd
    async with talk.ann_pauses():
        began = loop_time()
        answered = await talk.transfer("blind", agent=BEN)
    assert answered["over"] is True
    await talk.ann.wait_ended(5)
    await talk.caller_hears("hold-please", began)
    await talk.stands(agent=BEN)
    await hears(talk.caller.call, tone_of(crowd, BEN))
    await hears(crowd.agents[BEN].calls[-1], CALLER_HZ)
    ticket = await talk.ends()
    assert len(await talk.sounds(ticket)) == 2


async def test_a_blind_transfer_that_is_not_answered_leads_back_to_the_queue(talk: Talk) -> None:
    crowd, began = talk.crowd, loop_time()
    ben = crowd.agents[BEN]
    ben.manner, rung = let_it_ring, len(ben.calls)
    await talk.api.set_state(CAT, "available")
    await talk.transfer("blind", agent=BEN)
    ben.phone.reject(await ben.ring_after(rung), 603)
    await talk.caller_hears("transfer-failed", began)
    await talk.stands(recording="on")
    taken = (await talk.stands(recording="on"))["agent"]
    assert taken in (ANN, CAT)
    await hears(talk.caller.call, tone_of(crowd, taken))
    ticket = await talk.ends()
    assert "TransferFailed" in actions(ticket)
    (row,) = ticket["calls"]
    assert row["outcome"] == "answered"


async def test_to_a_number_outside_the_talk_goes_on_without_the_agent(hotline: RunningSystem, talk: Talk) -> None:
    async with Customer(hotline, CUSTOMERS_PORT) as colleague:
        asked = asyncio.create_task(talk.transfer("blind", number="13912345678"))
        outside = await colleague.answers()
        outside.speaks(OUTSIDE_HZ)
        await asked
        await hears(talk.caller.call, OUTSIDE_HZ)
        await hears(outside.line, CALLER_HZ)
        await outside.hangs_up()
        await talk.caller.call.wait_ended(10)
        ticket = await talk.ends()
    assert "OutsideTalkStarted" in actions(ticket) and len(await talk.sounds(ticket)) == 2


async def test_a_colleague_who_is_not_free_is_refused_with_words(talk: Talk) -> None:
    with pytest.raises(Refusal, match="8003 is logged out") as refused:
        await talk.transfer("attended", agent=CAT)
    assert refused.value.status == 409
    await hears(talk.caller.call, tone_of(talk.crowd, ANN))


# --- the desk telephone ---


async def test_the_transfer_key_of_a_telephone_is_honoured(hotline: RunningSystem, talk: Talk) -> None:
    crowd = talk.crowd
    phone = crowd.agents[ANN].phone
    phone.refer(talk.ann, CAT)  # is logged out
    await told_of_transfer(talk.ann, failed=True)
    await hears(talk.caller.call, tone_of(crowd, ANN))
    phone.refer(talk.ann, BEN)
    await told_of_transfer(talk.ann, failed=False)
    await talk.stands(agent=BEN)
    await hears(talk.caller.call, tone_of(crowd, BEN))
    asked = [event for event in journal_events(hotline.data) if isinstance(event, TransferAsked)]
    assert (asked[-1].agent, asked[-1].mode, asked[-1].to) == (ANN, "blind", BEN)


async def told_of_transfer(call: PhoneCall, *, failed: bool) -> None:
    """Returns when the telephone's NOTIFY says how it ended."""
    async with asyncio.timeout(5):
        while (status := await call.transfer.get()) < 200:
            pass
    assert (status >= 300) is failed, f"the telephone was told {status}"


# --- in the talk ---


@pytest.mark.req("TEL-10")
async def test_what_is_said_while_the_recording_is_paused_is_not_on_file(talk: Talk) -> None:
    await talk.do("recording", {"state": "paused"})
    talk.caller.call.media.source = Tone(CARD_HZ)
    await hears(talk.ann, CARD_HZ)
    talk.caller.call.media.source = Tone(CALLER_HZ)
    await hears(talk.ann, CALLER_HZ)
    await talk.do("recording", {"state": "on"})
    await asyncio.sleep(LISTEN_S)
    ticket = await talk.ends()
    (sound,) = await talk.sounds(ticket)
    assert has_tone(sound, CALLER_HZ, -3) and not has_tone(sound, CARD_HZ, -10)
    assert actions(ticket, "RecordingPaused", "RecordingResumed") == ["RecordingPaused", "RecordingResumed"]


async def test_keys_pass_from_one_party_to_the_other(talk: Talk) -> None:
    await talk.caller.press("5#")
    await talk.ann.media.heard.until(lambda heard: heard.digits[-2:] == ["5", "#"], 5)
    await talk.ann.press("7")
    await talk.caller.call.media.heard.until(lambda heard: heard.digits[-1:] == ["7"], 5)
    await hears(talk.ann, CALLER_HZ)


# --- a controller that dies ---


@pytest.mark.req("TEL-5")
async def test_killed_during_a_hold_and_after_a_transfer_the_call_goes_on(hotline: RunningSystem, talk: Talk) -> None:
    crowd = talk.crowd
    await talk.do("hold")
    await hotline.kill9()
    await hotline.restart()
    talk.api = await hotline.api()
    await talk.stands(agent=ANN, held=True)
    began = loop_time()
    await talk.caller_hears("wait-music", began)
    assert (await talk.api.agent(ANN))["state"] == "hold"
    await talk.do("resume")
    await hears(talk.caller.call, tone_of(crowd, ANN))
    await talk.transfer("attended", agent=BEN)
    await talk.stands(transfer="joined")
    await talk.do("transfer/complete")
    await hears(talk.caller.call, tone_of(crowd, BEN))
    await hotline.kill9()
    await hotline.restart()
    talk.api = await hotline.api()
    await talk.stands(agent=BEN, held=False)
    await hears(talk.caller.call, tone_of(crowd, BEN))
    assert (await talk.api.agent(BEN))["state"] == "talking"
    ticket = await talk.ends()
    assert len(await talk.sounds(ticket)) == 2
    events = [event for event in journal_events(hotline.data) if getattr(event, "call_id", "") == talk.call_id]
    kinds = (CallHeld, AgentLeft, TalkStarted)
    assert [type(event) for event in events if isinstance(event, kinds)].count(TalkStarted) == 2


# --- after the talk ---


@pytest.mark.req("QUA-1")
async def test_the_caller_is_asked_by_key_press_and_the_answer_is_on_the_call(talk: Talk) -> None:
    began = loop_time()
    await talk.do("survey")
    await talk.ann.wait_ended(5)
    await talk.caller_hears("survey-ask", began)
    await talk.caller.press("4")
    await talk.caller.call.wait_ended(10)
    await talk.caller_hears("survey-thanks", began, 1)
    await talk.caller_hears("goodbye", began, 1)
    ticket = await talk.ends()
    (row,) = ticket["calls"]
    assert (row["satisfaction"], row["agent"], row["outcome"], row["ended_by"]) == (4, ANN, "answered", "agent")
    assert "SurveyAnswered" in actions(ticket)
