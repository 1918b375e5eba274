"""Connections to a real Asterisk that break: nothing is lost, nothing is named twice, a hang is noticed (faults A4)."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from app.phone.sound.audio import dominant_hz
from config.ids import BridgeId, ChannelId
from ivr.ari.telephony import AriTelephony
from ivr.port.telephony import Arrival, Bridge, Channel, DialledChannel
from ivr.port.values import ChannelGone
from tests.fakes.channel import Party
from tests.fakes.destinations import destination, permit
from tests.fakes.telephone_world import AGENT, CALLER, CUSTOMER, LINE, AsteriskWorld, Caller, asterisk_world

pytestmark = pytest.mark.asterisk

LEG = ChannelId("call-1.agent1.8001")
CUSTOMER_LEG = ChannelId("call-2.customer")
BRIDGE = BridgeId("call-1.bridge1")
SOON_S = 5.0
RESTART_S = 20.0


@pytest.fixture
async def world() -> AsyncIterator[AsteriskWorld]:
    async with asterisk_world() as real:
        yield real


@pytest.fixture(autouse=True)
async def in_time() -> AsyncIterator[None]:
    async with asyncio.timeout(30):
        yield


async def arrival(world: AsteriskWorld) -> tuple[Caller, Arrival]:
    caller = await world.caller()
    async with asyncio.timeout(SOON_S):
        return caller, await world.arrivals.get()


async def talk(world: AsteriskWorld) -> tuple[Caller, Channel, DialledChannel, Bridge]:
    await world.person("agent", Party())
    caller, arrived = await arrival(world)
    await arrived.channel.answer()
    leg = await world.telephony.dial_agent(AGENT, channel_id=LEG, caller_id=CALLER, ring_timeout_s=15)
    await leg.answered()
    bridge = await world.telephony.create_bridge(BRIDGE)
    await bridge.add(arrived.channel, leg)
    return caller, arrived.channel, leg, bridge


async def test_a_new_controller_finds_the_talk_of_one_that_was_killed(world: AsteriskWorld) -> None:
    caller, channel, _, _ = await talk(world)
    await world.kill_controller()
    world.new_controller()
    snapshot = await world.start_controller()
    assert {(live.channel_id, live.role, live.up) for live in snapshot.channels} == {
        (channel.id, "inbound", True),
        (LEG, "dialled", True),
    }
    assert [(bridge.bridge_id, set(bridge.channel_ids)) for bridge in snapshot.bridges] == [(BRIDGE, {channel.id, LEG})]
    adopted = {live.channel_id: world.telephony.adopt_channel(live) for live in snapshot.channels}
    leaving = asyncio.create_task(caller.hang_up())
    with pytest.raises(ChannelGone):
        async with asyncio.timeout(SOON_S):
            await adopted[channel.id].until(adopted[LEG].wait_gone())
    await leaving
    await adopted[LEG].hangup()
    await world.telephony.adopt_bridge(snapshot.bridges[0]).destroy()
    assert world.arrivals.empty()


async def test_what_a_killed_controller_left_playing_is_hushed(world: AsteriskWorld) -> None:
    _, arrived = await arrival(world)
    await arrived.channel.answer()
    await arrived.channel.start_playback(["long"])
    await world.kill_controller()
    world.new_controller()
    live = (await world.start_controller()).channels[0]
    adopted = world.telephony.adopt_channel(live)
    await adopted.hush()
    async with asyncio.timeout(2.0):
        await adopted.say(["short"])


async def test_calls_that_came_while_nobody_listened_are_named_once_each(world: AsteriskWorld) -> None:
    await world.kill_controller()
    staying, leaving = await world.caller(), await world.caller()
    await staying.rings()
    await leaving.rings()
    await leaving.hang_up()
    world.new_controller()
    snapshot = await world.start_controller()
    async with asyncio.timeout(SOON_S):
        abandoned = await world.arrivals.get()
    assert len(snapshot.channels) == 1
    assert snapshot.channels[0].channel_id != abandoned.channel.id
    await abandoned.channel.wait_gone()
    assert abandoned.channel.gone_at is not None
    assert timedelta(0) <= abandoned.channel.gone_at - abandoned.invited_at < timedelta(seconds=SOON_S)
    stayed = world.telephony.adopt_channel(snapshot.channels[0])
    await stayed.answer()
    await stayed.say(["short"])
    assert world.arrivals.empty()
    await staying.hang_up()


async def test_commands_outlive_a_cut_of_the_socket(world: AsteriskWorld, times: Callable[[int], int]) -> None:
    """Asterisk 22.10.1 dies now and then of a cut while it writes (docs/faults.md, F4): more cuts are for soak."""
    _, arrived = await arrival(world)
    answering = asyncio.create_task(arrived.channel.answer())
    await asyncio.sleep(0)
    world.socket.cut()
    async with asyncio.timeout(SOON_S):
        await answering
    for _ in range(times(10)):
        world.socket.cut()
        await arrived.channel.say(["short"])


async def test_a_hang_up_during_a_gap_is_learnt_at_the_next_connection(world: AsteriskWorld) -> None:
    caller, channel, leg, _ = await talk(world)
    world.socket.cut()
    leaving = asyncio.create_task(caller.hang_up())
    async with asyncio.timeout(SOON_S):
        await channel.wait_gone()
    await leaving
    await leg.hangup()


async def test_a_prepared_channel_is_dialled_once_over_a_crash(world: AsteriskWorld) -> None:
    await world.person("customer", Party(after_s=0.3))
    await world.telephony.prepare_out(destination(CUSTOMER), channel_id=CUSTOMER_LEG, caller_id=LINE)
    await world.kill_controller()
    world.new_controller()
    snapshot = await world.start_controller()
    adopted = world.telephony.adopt_channel(snapshot.channels[0])
    await adopted.dial(permit(adopted.id), 10)
    await adopted.answered()
    assert world.rang == [LINE]
    await adopted.hangup()


async def test_a_dialled_channel_is_not_dialled_again_by_who_adopts_it(world: AsteriskWorld) -> None:
    await world.person("customer", Party(after_s=0.8))
    leg = await world.telephony.prepare_out(destination(CUSTOMER), channel_id=CUSTOMER_LEG, caller_id=LINE)
    await leg.dial(permit(leg.id), 10)
    await world.kill_controller()
    world.new_controller()
    snapshot = await world.start_controller()
    adopted = world.telephony.adopt_channel(snapshot.channels[0])
    await adopted.dial(permit(adopted.id), 10)
    async with asyncio.timeout(SOON_S):
        await adopted.answered()
    assert world.rang == [LINE]
    await adopted.hangup()


async def test_a_hung_asterisk_is_noticed_within_five_seconds_and_survived(world: AsteriskWorld) -> None:
    _, arrived = await arrival(world)
    await arrived.channel.answer()
    pid = world.pbx.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(5.0):
            await world.unresponsive.wait()
    finally:
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(SOON_S):
        snapshot = await world.snapshots.get()
    assert [live.channel_id for live in snapshot.channels] == [arrived.channel.id]
    await arrived.channel.say(["short"])


async def test_a_killed_asterisk_ends_every_call(world: AsteriskWorld) -> None:
    _, channel, leg, _ = await talk(world)
    await world.pbx.kill()
    await world.pbx.start()
    async with asyncio.timeout(RESTART_S):
        await channel.wait_gone()
        await leg.wait_gone()


async def test_the_customer_hears_the_prompt_and_sees_our_number(world: AsteriskWorld) -> None:
    await world.person("customer", Party())
    leg = await world.telephony.prepare_out(destination(CUSTOMER), channel_id=CUSTOMER_LEG, caller_id=LINE)
    await leg.dial(permit(leg.id), 10)
    await leg.answered()
    await leg.say(["short", "short", "short"])
    assert world.rang == [LINE]
    heard = world.calls[-1].media.heard.samples()
    assert dominant_hz(heard[-4000:]) == pytest.approx(500.0, abs=10)


async def test_an_inbound_call_with_an_agent_costs_few_commands(world: AsteriskWorld) -> None:
    """performance.md: each command costs Asterisk thread switches. Timer, answer, prompt, dial, bridge, add, 2 ends."""
    assert isinstance(world.telephony, AriTelephony)
    await world.person("agent", Party())
    before = world.telephony.commands_sent
    caller, arrived = await arrival(world)
    await arrived.channel.answer()
    await arrived.channel.say(["short"])
    leg = await world.telephony.dial_agent(AGENT, channel_id=LEG, caller_id=CALLER, ring_timeout_s=15)
    await arrived.channel.until(leg.answered())
    bridge = await world.telephony.create_bridge(BRIDGE)
    await bridge.add(arrived.channel, leg)
    await caller.hang_up()
    await arrived.channel.wait_gone()
    await leg.hangup()
    await bridge.destroy()
    assert world.telephony.commands_sent - before == 8
