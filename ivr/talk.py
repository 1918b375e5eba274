"""The talk of a caller and an agent (flow): announcement, bridge, recording, clean end. TEL-3, TEL-5, TEL-10."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from config.ids import BridgeId, CallId
from crm.events import AgentMissed, CallNoted, TalkStarted
from ivr.call import Call, Step
from ivr.hotline import Hotline
from ivr.speech import agent_announcement
from ivr.talks import Left, LiveTalk, Partner, Request
from ivr.telephony import Bridge, ChannelGone, TelephonyError

log = logging.getLogger(__name__)


@asynccontextmanager
async def partner_of(hotline: Hotline, call: Call, partner: Partner) -> AsyncIterator[LiveTalk]:
    """From the agent's answer to wrap-up, however the talk ends; in between it can be found in `hotline.talks`."""
    live = LiveTalk(call, partner)
    try:
        with hotline.talks.entered(live):
            yield live
    finally:
        await part(hotline, call.id, live.partner)


async def part(hotline: Hotline, call_id: CallId, partner: Partner) -> None:
    """The agent's wrap-up begins. Hang up first, then delete the bridge (design D3)."""
    hotline.acd.talk_ended(partner.reservation)
    try:
        await partner.leg.hangup()
        if partner.bridge:
            await partner.bridge.destroy()
    except TelephonyError:
        log.exception("A talk could not be taken down.", extra={"action": "talk_not_ended", "call_id": call_id})


async def announce(hotline: Hotline, call: Call, partner: Partner) -> bool:
    """Tell the caller who answers (TEL-3), before they are connected. False when the agent has left meanwhile."""
    told = hotline.site.queue(partner.reservation.queue).announce_agent
    prompts = list(agent_announcement(partner.agent_id)) if told else []
    if hotline.site.recording.enabled and hotline.site.recording.notice and not call.notice_heard:
        prompts.insert(0, "recording-notice")
    if not prompts:
        return True
    try:
        await partner.leg.until(call.channel.say(prompts))
        call.notice_heard = True
    except ChannelGone as gone:
        if gone.channel_id != partner.leg.id:
            raise
        left = AgentMissed(call_id=call.id, at=hotline.now(), agent=partner.agent_id, reason="left")
        hotline.tickets.record(left)
        return False
    return True


async def talk(hotline: Hotline, live: LiveTalk) -> bool:
    """Connect them, record it, stay until one leaves. True when the agent left first, so the caller can be thanked."""
    call, partner = live.call, live.partner
    call.enter(Step.TALKING)
    call.finish("answered", "caller")
    try:
        partner.bridge = await hotline.telephony.create_bridge(BridgeId(f"{call.id}.bridge{uuid4().hex[:8]}"))
        await partner.bridge.add(call.channel, partner.leg)
        await record_talk(hotline, live, partner.bridge)
        await stay(live)
    except ChannelGone as gone:
        if gone.channel_id != live.agent_leg.id:
            raise
        call.finish("answered", "agent")
    return True


async def stay(live: LiveTalk) -> None:
    """Until the agent leaves, doing what is asked meanwhile. Raises ChannelGone when the caller leaves first."""
    live.call.finish("answered", "caller")
    while True:
        happened = await live.happens()
        match happened:
            case Left.CALLER:
                raise ChannelGone(live.caller.id)
            case Left.AGENT:
                return live.call.finish("answered", "agent")
            case Request():
                await live.carry_out(happened)


async def record_talk(hotline: Hotline, live: LiveTalk, bridge: Bridge) -> None:
    """TEL-10. A talk that cannot be recorded goes on, and the ticket says so."""
    call, partner = live.call, live.partner
    name = hotline.recording_name(call.ticket, call.id) if hotline.site.recording.enabled else None
    if name:
        try:
            await bridge.start_recording(hotline.data.recordings / name)
        except TelephonyError as exc:
            log.error("A talk is not recorded: %s", exc, extra={"action": "recording_failed", "call_id": call.id})
            hotline.tickets.record(
                CallNoted(call_id=call.id, at=hotline.now(), action="recording_failed", text="录音未能开始")
            )
            name = None
    live.recording = name
    hotline.tickets.record(
        TalkStarted(
            call_id=call.id,
            at=hotline.now(),
            agent=partner.agent_id,
            agent_channel_id=partner.leg.id,
            bridge_id=bridge.id,
            recording=name,
        )
    )
