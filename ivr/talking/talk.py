"""The talk of a caller and an agent (flow): announcement, bridge, recording, clean end. TEL-3, TEL-5, TEL-10.

What may be done with a talk meanwhile is in `ivr.talking.control`; a party that takes over stays within it.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from config.ids import BridgeId, CallId
from crm.journal.events import AgentMissed
from crm.journal.steps import Duty, Farewell, HandOver
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.live.parties import Partner
from ivr.live.talks import Happening, Left, LiveTalk, ReachingDone, Request
from ivr.port.values import ChannelGone, TelephonyError, TransferWish
from ivr.talking.control import end_talk, partner_left, third_left, third_reached
from ivr.talking.desk_telephone import telephone_asks
from ivr.talking.duty import decline
from ivr.talking.farewell import farewell, is_surveyed
from ivr.talking.handover import come_to_nothing
from ivr.talking.held_talk import take_up
from ivr.talking.reaching import release, stop_reaching
from ivr.talking.recording import record_talk
from ivr.words.grammars import GRAMMARS

log = logging.getLogger(__name__)


async def talk(hotline: Hotline, call: Call) -> None:
    """Connect the caller with the partner who has answered, and stay until that side leaves. Raises ChannelGone
    (caller)."""
    if call.partner is None:
        call.partner = await reached_already(call)
    async with partner_of(hotline, call, call.partner) as live:
        held, call.partner, call.held = call.held, None, None
        if held:
            await take_up(hotline, live, held)
        elif not (call.introduced or await announce(hotline, call, live.partner)):
            return lost_before_talk(hotline, call, live.partner)
        else:
            await connect(hotline, live)
        await stay(hotline, live)


async def reached_already(call: Call) -> Partner:
    """Take over whom an agent had rung for the caller, and who has answered before the agent was gone. The caller is
    told all the same (TEL-5)."""
    reaching = call.reaching
    assert reaching, "who talks has answered"
    await call.channel.say(["hold-please"])
    found = await call.channel.until(reaching)
    call.reaching = None
    assert isinstance(found, Partner), "an answer is on record"
    return found


@asynccontextmanager
async def partner_of(hotline: Hotline, call: Call, partner: Partner) -> AsyncIterator[LiveTalk]:
    """From the agent's answer to wrap-up, however the talk ends; in between it can be found in `hotline.talks`."""
    live = LiveTalk(call, partner)
    try:
        with hotline.talks.entered(live):
            yield live
    finally:
        if reaching := live.take_reaching():
            await stop_reaching(hotline, call.id, reaching)
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
    prompts = list(GRAMMARS[call.state.language].agent(partner.agent_id)) if told and partner.agent_id else []
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
        return False
    return True


def lost_before_talk(hotline: Hotline, call: Call, partner: Partner) -> None:
    """Who answered has left during the announcement: on with the next one."""
    at, plan = hotline.now(), call.state.plan
    if partner.agent_id:
        hotline.tickets.record(AgentMissed(call_id=call.id, at=at, agent=partner.agent_id, reason="left"))
    if isinstance(plan, Duty):
        decline(hotline, call, hotline.site.duty_roster(plan.duty), partner.number or "", "left")
    elif isinstance(plan, HandOver):
        come_to_nothing(hotline, call, plan, "left")


async def connect(hotline: Hotline, live: LiveTalk) -> None:
    """Bring both into a bridge, on a recording."""
    call, partner = live.call, live.partner
    try:
        partner.bridge = await hotline.telephony.create_bridge(BridgeId(f"{call.id}.bridge{uuid4().hex[:8]}"))
        await partner.bridge.add(call.channel, partner.leg)
        await record_talk(hotline, live, partner.bridge)
    except ChannelGone as gone:
        if gone.channel_id != partner.leg.id:
            raise
        end_talk(hotline, live)


async def stay(hotline: Hotline, live: LiveTalk) -> None:
    """Do what is asked until the agent's side leaves; then thank, if nothing else follows (TEL-5).

    Raises ChannelGone when the caller leaves first.
    """
    if not live.ended:
        hotline.talks.stand(live)
    while not live.ended:
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
    following = live.call.state.plan
    if isinstance(following, Farewell) and not is_surveyed(hotline, live.call, following):
        await farewell(hotline, live.call, following)  # who is in the bridge need not be taken out of it first


async def deal_with(hotline: Hotline, live: LiveTalk, happened: Happening) -> None:
    """One thing that happened in a talk. Raises ChannelGone of whoever left meanwhile: that comes next."""
    match happened:
        case Left.CALLER:
            raise ChannelGone(live.caller.id)
        case Left.PARTNER:
            await partner_left(hotline, live)
        case Left.THIRD:
            await third_left(hotline, live)
        case ReachingDone():
            await third_reached(hotline, live)
        case TransferWish():
            await telephone_asks(hotline, live, happened)
        case Request():
            await live.carry_out(happened)
