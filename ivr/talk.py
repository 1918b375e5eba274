"""The talk of a caller and an agent (flow): announcement, bridge, recording, clean end. TEL-3, TEL-5, TEL-10.

What may be done with a talk meanwhile is in `ivr.talk_control`; a party that takes over stays within it.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from config.ids import BridgeId, CallId
from crm.journal.events import AgentMissed
from ivr.call import Call, Step
from ivr.desk_telephone import telephone_asks
from ivr.grammars import GRAMMARS
from ivr.hotline import Hotline
from ivr.survey import farewell, is_asked
from ivr.talk_control import partner_left, third_left, third_reached
from ivr.talk_recording import record_talk
from ivr.talks import Ended, Happening, Left, LiveTalk, Partner, Reached, Request
from ivr.telephony import ChannelGone, TelephonyError, TransferWish
from ivr.third import let_go, release

log = logging.getLogger(__name__)


@asynccontextmanager
async def partner_of(hotline: Hotline, call: Call, partner: Partner) -> AsyncIterator[LiveTalk]:
    """From the agent's answer to wrap-up, however the talk ends; in between it can be found in `hotline.talks`."""
    live = LiveTalk(call, partner)
    try:
        with hotline.talks.entered(live):
            yield live
    finally:
        if live.reaching:
            await let_go(hotline, call.id, live.reaching)
        if live.third:
            await release(hotline, call.id, live.third)
        await part(hotline, call.id, live.partner)


async def part(hotline: Hotline, call_id: CallId, partner: Partner) -> None:
    """The agent's wrap-up begins. Hang up first, then delete the bridge (design D3)."""
    await release(hotline, call_id, partner)
    try:
        if partner.bridge:
            await partner.bridge.destroy()
    except TelephonyError:
        log.exception("A talk could not be taken down.", extra={"action": "talk_not_ended", "call_id": call_id})


async def announce(hotline: Hotline, call: Call, partner: Partner) -> bool:
    """Tell the caller who answers (TEL-3), before they are connected. False when the agent has left meanwhile."""
    told = partner.reservation is not None and hotline.site.queue(partner.reservation.queue).announce_agent
    prompts = list(GRAMMARS[call.language].agent(partner.agent_id)) if told and partner.agent_id else []
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
        if partner.agent_id:
            left = AgentMissed(call_id=call.id, at=hotline.now(), agent=partner.agent_id, reason="left")
            hotline.tickets.record(left)
        return False
    return True


async def talk(hotline: Hotline, live: LiveTalk) -> Ended:
    """Connect them, record it, stay until the agent's side leaves: the caller can be thanked, or goes on elsewhere."""
    call, partner = live.call, live.partner
    call.enter(Step.TALKING)
    call.finish("answered", "caller")
    try:
        partner.bridge = await hotline.telephony.create_bridge(BridgeId(f"{call.id}.bridge{uuid4().hex[:8]}"))
        await partner.bridge.add(call.channel, partner.leg)
        await record_talk(hotline, live, partner.bridge)
    except ChannelGone as gone:
        if gone.channel_id != partner.leg.id:
            raise
        call.finish("answered", "agent")
        return Ended(agent=partner.agent_id)
    return await stay(hotline, live)


async def stay(hotline: Hotline, live: LiveTalk) -> Ended:
    """Until the agent's side leaves, doing what is asked meanwhile; then thanks, if nothing else follows (TEL-5).

    Raises ChannelGone when the caller leaves first.
    """
    live.call.finish("answered", "caller")
    while live.ended is None:
        for channel in (live.caller, live.agent_leg):
            channel.expect_digits(False)
        happened = await live.happens()
        try:
            await deal_with(hotline, live, happened)
        except ChannelGone as gone:
            if gone.channel_id == live.caller.id:
                raise
    live.caller.expect_digits(True)
    if live.held:
        with suppress(ChannelGone):  # whoever goes on with the call finds out, and lets go of whom it rings
            await live.caller.stop_music()
    if not live.ended.handover and not is_asked(hotline, live.call, live.ended):
        await farewell(hotline, live.call, live.ended)  # who is in the bridge need not be taken out of it first
    return live.ended


async def deal_with(hotline: Hotline, live: LiveTalk, happened: Happening) -> None:
    """One thing that happened in a talk. Raises ChannelGone of whoever left meanwhile: that comes next."""
    match happened:
        case Left.CALLER:
            raise ChannelGone(live.caller.id)
        case Left.PARTNER:
            await partner_left(hotline, live)
        case Left.THIRD:
            await third_left(hotline, live)
        case Reached():
            await third_reached(hotline, live)
        case TransferWish():
            await telephone_asks(hotline, live, happened)
        case Request():
            await live.carry_out(happened)
