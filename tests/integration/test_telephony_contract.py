"""What the telephony port promises, held on the fake that unit tests use and on a real Asterisk with SIP telephones."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.ids import BridgeId, ChannelId
from config.paths import DataDir
from ivr.port.telephony import Arrival, Bridge, Channel, DialledChannel
from ivr.port.values import ChannelGone, DialFailed, DialOutcome, Digit, PlaybackFailed, PromptsFinished, TelephonyError
from tests.fakes.channel import Party
from tests.fakes.destinations import destination, permit
from tests.fakes.telephone_world import (
    ABSENT_AGENT,
    AGENT,
    CALLER,
    CUSTOMER,
    LINE,
    Caller,
    World,
    asterisk_world,
    fake_world,
)

LEG = ChannelId("call-1.agent1.8001")
SOON_S = 5.0


@pytest.fixture(params=["fake", pytest.param("asterisk", marks=pytest.mark.asterisk)])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "fake":
        async with fake_world(DataDir(tmp_path)) as fake:
            yield fake
    else:
        async with asterisk_world() as real:
            yield real


async def arrival(world: World) -> tuple[Caller, Arrival]:
    caller = await world.caller()
    async with asyncio.timeout(SOON_S):
        return caller, await world.arrivals.get()


async def answered_call(world: World) -> tuple[Caller, Channel]:
    caller, arrived = await arrival(world)
    await arrived.channel.answer()
    return caller, arrived.channel


async def dial_agent(world: World, agent: str = AGENT, ring_timeout_s: float = 15.0) -> DialledChannel:
    return await world.telephony.dial_agent(agent, channel_id=LEG, caller_id=CALLER, ring_timeout_s=ring_timeout_s)


# --- arriving and answering ---


async def test_an_arrival_says_who_called_which_line_and_when(world: World) -> None:
    before = world.now()
    _, arrived = await arrival(world)
    assert (arrived.dnis, arrived.ani, arrived.role) == (LINE, CALLER, "inbound")
    clock = timedelta(milliseconds=1)  # Asterisk's instants are cut to whole milliseconds
    assert before - clock <= arrived.invited_at <= arrived.entered_at <= world.now()
    assert not arrived.channel.gone


async def test_answering_gives_the_instant_and_twice_the_same(world: World) -> None:
    _, arrived = await arrival(world)
    await arrived.channel.ring()
    first = await arrived.channel.answer()
    assert arrived.entered_at <= first <= world.now()
    assert await arrived.channel.answer() == first


async def test_a_caller_who_leaves_before_the_answer_is_gone(world: World) -> None:
    caller, arrived = await arrival(world)
    await arrived.channel.take_over()
    leaving = asyncio.create_task(caller.hang_up())
    async with asyncio.timeout(SOON_S):
        await arrived.channel.wait_gone()
    await leaving
    with pytest.raises(ChannelGone):
        await arrived.channel.answer()


# --- prompts and digits ---


async def test_prompts_are_said_one_after_the_other(world: World) -> None:
    _, channel = await answered_call(world)
    began = asyncio.get_running_loop().time()
    await channel.say(["short", "short"])
    assert 0.5 <= asyncio.get_running_loop().time() - began <= 1.0


async def test_a_broken_prompt_fails_its_playback_and_is_passed_over_by_say(world: World) -> None:
    _, channel = await answered_call(world)
    playback = await channel.start_playback(["missing"])
    with pytest.raises(PlaybackFailed):
        await playback.finished()
    await channel.say(["missing"])
    assert await channel.next_input(await channel.start_playback(["missing"]), SOON_S) == PromptsFinished()


async def test_digits_pressed_ahead_are_kept_in_order(world: World) -> None:
    caller, channel = await answered_call(world)
    saying = asyncio.create_task(channel.say(["short", "short", "short"]))
    await caller.press("12#")
    await saying
    pressed = [await channel.next_input(None, SOON_S) for _ in range(3)]
    assert [digit.digit for digit in pressed if isinstance(digit, Digit)] == ["1", "2", "#"]
    instants = [digit.at for digit in pressed if isinstance(digit, Digit)]
    assert instants == sorted(instants)


async def test_a_key_comes_before_the_end_of_the_prompt(world: World) -> None:
    caller, channel = await answered_call(world)
    began = asyncio.get_running_loop().time()
    playback = await channel.start_playback(["long"])
    pressing = asyncio.create_task(caller.press("1"))
    assert isinstance(await channel.next_input(playback, SOON_S), Digit)
    await playback.stop()
    await playback.stop()
    await playback.finished()
    assert asyncio.get_running_loop().time() - began < 2.0
    await pressing


async def test_without_a_key_the_prompt_ends_and_then_the_time_is_over(world: World) -> None:
    _, channel = await answered_call(world)
    playback = await channel.start_playback(["short"])
    assert await channel.next_input(playback, SOON_S) == PromptsFinished()
    assert await channel.next_input(None, 0.1) is None


async def test_a_cancelled_prompt_is_silent_for_the_next_one(world: World) -> None:
    _, channel = await answered_call(world)
    with pytest.raises(TimeoutError):
        await channel.until(channel.say(["long"]), 0.2)
    async with asyncio.timeout(2.0):
        await channel.say(["short"])


async def test_music_starts_stops_and_is_hushed(world: World) -> None:
    _, channel = await answered_call(world)
    await channel.start_music()
    await channel.say(["short"])
    await channel.stop_music()
    await channel.start_music()
    await channel.hush()
    async with asyncio.timeout(2.0):
        await channel.say(["short"])


# --- hanging up ---


async def test_a_hang_up_ends_what_is_being_said(world: World) -> None:
    caller, channel = await answered_call(world)
    saying = asyncio.create_task(channel.say(["long"]))
    leaving = asyncio.create_task(caller.hang_up())
    with pytest.raises(ChannelGone) as gone:
        async with asyncio.timeout(SOON_S):
            await saying
    assert gone.value.channel_id == channel.id
    await leaving
    assert channel.gone
    assert channel.gone_at is not None
    assert abs(channel.gone_at - world.now()) < timedelta(seconds=1)


async def test_after_a_hang_up_only_hanging_up_is_no_error(world: World) -> None:
    caller, channel = await answered_call(world)
    await caller.hang_up()
    await channel.wait_gone()
    for command in (channel.ring, channel.answer, channel.take_over, channel.start_music, channel.hush):
        with pytest.raises(ChannelGone):
            await command()
    with pytest.raises(ChannelGone):
        await channel.next_input(None, 1.0)
    await channel.hangup()
    await channel.hangup("busy")


async def test_our_hang_up_is_seen_as_gone(world: World) -> None:
    _, channel = await answered_call(world)
    await channel.hangup()
    async with asyncio.timeout(SOON_S):
        await channel.wait_gone()
    assert channel.gone


async def test_until_gives_the_result_the_end_of_time_or_the_hang_up(world: World) -> None:
    caller, channel = await answered_call(world)
    assert await channel.until(asyncio.sleep(0, "result")) == "result"
    forever: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError):
        await channel.until(forever, 0.05)
    assert forever.cancelled()
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    leaving = asyncio.create_task(caller.hang_up())
    with pytest.raises(ChannelGone):
        await channel.until(waiting, SOON_S)
    assert waiting.cancelled()
    await leaving


# --- dialling ---


async def test_an_agent_rings_and_answers(world: World) -> None:
    await world.person("agent", Party(after_s=0.2))
    leg = await dial_agent(world)
    at = await leg.answered()
    assert leg.id == LEG
    assert leg.ringing_at is not None
    assert timedelta(seconds=0.1) <= at - leg.ringing_at <= timedelta(seconds=1)
    found = await world.telephony.find_channel(LEG)
    assert found is not None
    assert (found.role, found.up) == ("dialled", True)


@pytest.mark.parametrize("outcome", [DialOutcome.BUSY, DialOutcome.REJECTED, DialOutcome.NO_ANSWER])
async def test_an_agent_who_does_not_answer_is_told_apart(world: World, outcome: DialOutcome) -> None:
    await world.person("agent", Party(refuses=outcome))
    leg = await dial_agent(world, ring_timeout_s=1.0)
    with pytest.raises(DialFailed) as failed:
        await leg.answered()
    assert failed.value.reason is outcome
    assert leg.gone
    assert await world.telephony.find_channel(LEG) is None


async def test_an_agent_without_a_telephone_is_unreachable(world: World) -> None:
    with pytest.raises(DialFailed) as failed:
        await dial_agent(world, ABSENT_AGENT)
    assert failed.value.reason is DialOutcome.UNREACHABLE


async def test_a_leg_that_we_end_while_it_rings_was_cancelled(world: World) -> None:
    await world.person("agent", Party(refuses=DialOutcome.NO_ANSWER))
    leg = await dial_agent(world)
    with pytest.raises(TimeoutError):
        await leg.until(leg.answered(), 0.3)
    assert leg.ringing_at is not None
    await leg.hangup()
    with pytest.raises(DialFailed) as failed:
        await leg.answered()
    assert failed.value.reason is DialOutcome.CANCELLED


async def test_a_customer_is_dialled_in_two_steps(world: World) -> None:
    await world.person("customer", Party(after_s=0.2))
    leg = await world.telephony.prepare_out(destination(CUSTOMER), channel_id=LEG, caller_id=LINE)
    found = await world.telephony.find_channel(LEG)
    assert found is not None
    assert (found.role, found.up, found.prepared) == ("dialled", False, True)
    assert leg.ringing_at is None
    await leg.dial(permit(leg.id), 10)
    at = await leg.answered()
    assert leg.ringing_at is not None
    assert leg.ringing_at < at
    await leg.say(["short"])


@pytest.mark.parametrize("outcome", [DialOutcome.BUSY, DialOutcome.REJECTED, DialOutcome.NO_ANSWER])
async def test_a_customer_who_does_not_answer_is_told_apart(world: World, outcome: DialOutcome) -> None:
    await world.person("customer", Party(refuses=outcome))
    leg = await world.telephony.prepare_out(destination(CUSTOMER), channel_id=LEG, caller_id=LINE)
    await leg.dial(permit(leg.id), 1)
    with pytest.raises(DialFailed) as failed:
        await leg.answered()
    assert failed.value.reason is outcome


async def test_the_same_channel_id_is_dialled_once(world: World) -> None:
    await world.person("customer", Party())
    one = await world.telephony.prepare_out(destination(CUSTOMER), channel_id=LEG, caller_id=LINE)
    other = await world.telephony.prepare_out(destination(CUSTOMER), channel_id=LEG, caller_id=LINE)
    await one.dial(permit(one.id), 10)
    assert await one.answered() == await other.answered()


async def test_a_permit_is_for_one_channel(world: World) -> None:
    await world.person("customer", Party())
    leg = await world.telephony.prepare_out(destination(CUSTOMER), channel_id=LEG, caller_id=LINE)
    with pytest.raises(ValueError, match="a permit for another dials nothing"):
        await leg.dial(permit(ChannelId("another")), 10)
    assert leg.ringing_at is None
    await leg.hangup()


async def test_legs_are_counted_but_for_agents_telephones(world: World) -> None:
    """An agent's has a port of its own; all the others take one that a caller could have had."""
    assert world.telephony.legs == 0
    _, channel = await answered_call(world)
    await world.person("agent", Party())
    await (await world.telephony.dial_agent(AGENT, channel_id=LEG, caller_id=CALLER, ring_timeout_s=15)).answered()
    assert world.telephony.legs == 1
    await world.person("customer", Party())
    outside = ChannelId("call-2.outside1")
    await world.telephony.prepare_out(destination(CUSTOMER), channel_id=outside, caller_id=LINE)
    assert world.telephony.legs == 2
    await channel.hangup()
    async with asyncio.timeout(SOON_S):
        await channel.wait_gone()
    assert world.telephony.legs == 1


# --- bridges and recordings ---


async def test_a_talk_is_bridged_recorded_and_taken_down(world: World) -> None:
    await world.person("agent", Party())
    caller, channel = await answered_call(world)
    leg = await dial_agent(world)
    await leg.answered()
    bridge = await world.telephony.create_bridge(BridgeId("call-1.bridge1"))
    await bridge.add(channel, leg)
    path = world.data.recordings / "2026-11" / "talk.wav"
    await bridge.start_recording(path)
    await caller.speak()
    with pytest.raises(TimeoutError):
        await channel.until(leg.wait_gone(), 0.6)
    await caller.hang_up()
    await channel.wait_gone()
    await leg.hangup()
    await bridge.destroy()
    await bridge.destroy()
    assert path.stat().st_size > 44
    async with asyncio.timeout(SOON_S):
        await leg.wait_gone()


async def talk_of_two(world: World) -> tuple[Caller, Channel, DialledChannel, Bridge]:
    """Caller and agent, connected."""
    await world.person("agent", Party())
    caller, channel = await answered_call(world)
    leg = await dial_agent(world)
    await leg.answered()
    bridge = await world.telephony.create_bridge(BridgeId("call-1.bridge1"))
    await bridge.add(channel, leg)
    return caller, channel, leg, bridge


async def test_a_party_taken_out_of_a_bridge_is_ours_and_can_come_back(world: World) -> None:
    caller, channel, _, bridge = await talk_of_two(world)
    await bridge.remove(channel)
    await bridge.remove(channel)
    await channel.say(["short"])
    await channel.start_music()
    await channel.stop_music()
    await bridge.add(channel)
    await caller.hang_up()
    await channel.wait_gone()
    with pytest.raises(ChannelGone) as gone:
        await bridge.remove(channel)
    assert gone.value.channel_id == channel.id
    await bridge.destroy()


async def test_those_in_a_bridge_hear_it_ring_until_it_is_stopped(world: World) -> None:
    _, _, _, bridge = await talk_of_two(world)
    await bridge.start_ringing()
    await bridge.start_ringing()
    await bridge.stop_ringing()
    await bridge.stop_ringing()
    await bridge.destroy()


async def test_a_recording_is_paused_goes_on_and_ends_while_another_runs(world: World) -> None:
    caller, _, _, bridge = await talk_of_two(world)
    first, second = world.data.recordings / "talk.wav", world.data.recordings / "talk-2.wav"
    with pytest.raises(TelephonyError):
        await bridge.pause_recording(first)
    await bridge.start_recording(first)
    await caller.speak()
    await asyncio.sleep(0.4)
    await bridge.pause_recording(first)
    await bridge.start_recording(second)
    await asyncio.sleep(1.5)
    await bridge.resume_recording(first)
    await asyncio.sleep(0.4)
    await bridge.stop_recording(first)
    assert 0.4 <= seconds_of(first) <= 1.4, "what was said in the pause is in the file"
    await bridge.stop_recording(first)
    await asyncio.sleep(0.4)
    await bridge.destroy()
    assert seconds_of(second) >= 1.0


def seconds_of(path: Path) -> float:
    return (path.stat().st_size - 44) / 16_000


async def test_after_the_last_words_a_party_is_gone_out_of_its_bridge(world: World) -> None:
    await world.person("agent", Party())
    _, channel = await answered_call(world)
    leg = await dial_agent(world)
    await leg.answered()
    bridge = await world.telephony.create_bridge(BridgeId("call-1.bridge1"))
    await bridge.add(channel, leg)
    await leg.hangup()
    began = asyncio.get_running_loop().time()
    await channel.say_goodbye(["short", "long"])
    assert 0.2 <= asyncio.get_running_loop().time() - began <= 1.5, "the first to its end, the last only begins"
    assert channel.gone
    with pytest.raises(ChannelGone):
        await channel.start_playback(["short"])
    await bridge.destroy()


async def test_keys_of_a_talk_are_not_ours(world: World) -> None:
    caller, channel = await answered_call(world)
    channel.expect_digits(False)
    await caller.press("12")
    assert await channel.next_input(None, 0.3) is None
    channel.expect_digits(True)
    await caller.press("3")
    heard = await channel.next_input(None, SOON_S)
    assert isinstance(heard, Digit) and heard.digit == "3"


async def test_a_telephone_asks_for_a_transfer_and_is_told_how_it_goes(world: World) -> None:
    _, channel, leg, bridge = await talk_of_two(world)
    asked = asyncio.create_task(leg.next_transfer())
    await world.refer("8002")
    async with asyncio.timeout(SOON_S):
        wish = await asked
    assert (wish.to, wish.with_channel) == ("8002", None)
    await leg.transfer_progress("failed")
    assert not leg.gone and not channel.gone
    await world.refer("13912345678")
    async with asyncio.timeout(SOON_S):
        wish = await leg.next_transfer()
    assert wish.to == "13912345678"
    await leg.transfer_progress("done")
    await leg.hangup()
    await bridge.destroy()
    assert not channel.gone


async def test_who_has_left_cannot_be_bridged(world: World) -> None:
    await world.person("agent", Party())
    caller, channel = await answered_call(world)
    leg = await dial_agent(world)
    await leg.answered()
    bridge = await world.telephony.create_bridge(BridgeId("call-1.bridge1"))
    await caller.hang_up()
    with pytest.raises(ChannelGone) as gone:
        async with asyncio.timeout(SOON_S):
            await bridge.add(channel, leg)
            # Asterisk confirms a BYE before it takes notice: who was still let in is gone the moment after.
            await channel.until(asyncio.Event().wait())
    assert gone.value.channel_id == channel.id
    await leg.hangup()
    await bridge.destroy()


async def test_a_leg_that_is_added_to_a_bridge_leaves_the_one_before(world: World) -> None:
    _, channel = await answered_call(world)
    first = await world.telephony.create_bridge(BridgeId("call-1.bridge1"))
    second = await world.telephony.create_bridge(BridgeId("call-1.bridge2"))
    await first.add(channel)
    await second.add(channel)
    await world.lose_connection()
    async with asyncio.timeout(SOON_S):
        snapshot = await world.snapshots.get()
    inside = {bridge.bridge_id: bridge.channel_ids for bridge in snapshot.bridges}
    assert inside == {first.id: (), second.id: (channel.id,)}
    await first.destroy()
    await second.destroy()
    assert not channel.gone


# --- snooping ---


@pytest.mark.parametrize("whisper", [False, True])
async def test_a_snoop_is_a_leg_that_can_be_bridged_and_goes_with_its_party(world: World, whisper: bool) -> None:
    await world.person("agent", Party())
    caller, channel = await answered_call(world)
    listener = await dial_agent(world)
    await listener.answered()
    snoop = await world.telephony.snoop(channel, snoop_id=ChannelId("call-1.snoop1"), whisper=whisper)
    found = await world.telephony.find_channel(snoop.id)
    assert found is not None
    assert (found.role, found.up, found.prepared) == ("dialled", True, False)
    bridge = await world.telephony.create_bridge(BridgeId("call-1.bridge1"))
    await bridge.add(listener, snoop)
    await caller.hang_up()
    async with asyncio.timeout(SOON_S):
        await snoop.wait_gone()
    assert not listener.gone
    await listener.hangup()
    await bridge.destroy()
    assert await world.telephony.find_channel(snoop.id) is None


async def test_a_snoop_that_is_hung_up_leaves_its_party_alone(world: World) -> None:
    _, channel = await answered_call(world)
    snoop = await world.telephony.snoop(channel, snoop_id=ChannelId("call-1.snoop1"), whisper=True)
    await snoop.hangup()
    async with asyncio.timeout(SOON_S):
        await snoop.wait_gone()
    await channel.say(["short"])
    assert not channel.gone


async def test_who_has_left_cannot_be_snooped_on(world: World) -> None:
    caller, channel = await answered_call(world)
    await caller.hang_up()
    await channel.wait_gone()
    with pytest.raises(ChannelGone) as gone:
        await world.telephony.snoop(channel, snoop_id=ChannelId("call-1.snoop1"), whisper=False)
    assert gone.value.channel_id == channel.id


async def test_a_message_ends_at_the_hash_key(world: World) -> None:
    caller, channel = await answered_call(world)
    path = world.data.messages / "m1.wav"
    await caller.speak()
    recording = asyncio.create_task(channel.record_message(path, max_s=20, silence_s=10))
    await asyncio.sleep(1.0)
    await caller.press("#")
    async with asyncio.timeout(SOON_S):
        result = await recording
    assert result.path == path
    assert 0.8 <= result.duration_s <= 2.0
    assert path.stat().st_size > 44


async def test_a_message_that_ends_by_hanging_up_counts(world: World) -> None:
    caller, channel = await answered_call(world)
    await caller.speak()
    recording = asyncio.create_task(channel.record_message(world.data.messages / "m2.wav", max_s=20, silence_s=10))
    await asyncio.sleep(1.0)
    await caller.hang_up()
    async with asyncio.timeout(SOON_S):
        result = await recording
    assert 0.8 <= result.duration_s <= 2.0


async def test_silence_is_no_message(world: World) -> None:
    _, channel = await answered_call(world)
    async with asyncio.timeout(SOON_S):
        result = await channel.record_message(world.data.messages / "m3.wav", max_s=10, silence_s=1)
    assert result.duration_s == 0.0


# --- connections ---


async def test_after_a_lost_connection_a_live_call_is_named_but_does_not_arrive_again(world: World) -> None:
    caller, channel = await answered_call(world)
    await world.lose_connection()
    async with asyncio.timeout(SOON_S):
        snapshot = await world.snapshots.get()
    assert [live.channel_id for live in snapshot.channels] == [channel.id]
    live = snapshot.channels[0]
    assert (live.role, live.up, live.dnis, live.ani) == ("inbound", True, LINE, CALLER)
    assert world.telephony.adopt_channel(live).id == channel.id
    await channel.say(["short"])
    assert world.arrivals.empty()
    await caller.hang_up()
    async with asyncio.timeout(SOON_S):
        await channel.wait_gone()


async def test_a_channel_that_left_before_its_adoption_is_gone(world: World) -> None:
    caller, channel = await answered_call(world)
    await world.lose_connection()
    snapshot = await world.snapshots.get()
    await caller.hang_up()
    await channel.wait_gone()
    with pytest.raises(ChannelGone):
        await world.telephony.adopt_channel(snapshot.channels[0]).answer()


async def test_what_does_not_exist_is_not_found(world: World) -> None:
    assert await world.telephony.find_channel(ChannelId("nobody")) is None
