"""Taking over a call that outlived its controller (flow): talks go on untouched, waiting callers keep place and clock,
callers in a menu hear it again. Design A3; the issue's kill test."""

import logging

from crm.events import CallAdopted
from ivr.call import Call, Step, owner_of
from ivr.call_flow import connect, in_service, lead, pick_up
from ivr.history import CallFacts
from ivr.hotline import Hotline
from ivr.talk import partner_of, stay
from ivr.talks import Partner
from ivr.telephony import Channel, LiveChannel, Snapshot

log = logging.getLogger(__name__)


def hold_agent(hotline: Hotline, facts: CallFacts, snapshot: Snapshot) -> Partner | None:
    """The agent's side of a talk that goes on; or None. At once, so that nobody else gets that agent."""
    leg = _find(snapshot.channels, facts.agent_channel_id)
    bridge = next((bridge for bridge in snapshot.bridges if bridge.bridge_id == facts.bridge_id), None)
    if not (leg and bridge and facts.agent and facts.queue):
        return None
    if not hotline.acd.knows(facts.agent, facts.queue):
        log.warning("An agent's talk is not of this site any more.", extra={"action": "talk_not_adopted"})
        return None
    reservation = hotline.acd.adopt_talk(facts.agent, facts.call_id, facts.queue)
    return Partner(hotline.telephony.adopt_channel(leg), reservation, hotline.telephony.adopt_bridge(bridge))


async def adopt_inbound(
    hotline: Hotline, facts: CallFacts, channel: Channel, partner: Partner | None, snapshot: Snapshot
) -> None:
    """Go on from where the journal says the call was. `partner` is what `hold_agent` gave."""
    call = call_from(hotline, facts, channel)
    hotline.tickets.record(CallAdopted(call_id=call.id, at=hotline.now(), agent=facts.agent if partner else None))
    async with in_service(hotline, call):
        await clear_strays(hotline, call, partner, snapshot)
        if partner:
            call.step = Step.TALKING
            async with partner_of(hotline, call, partner) as live:
                await stay(live)
            return await channel.say(["goodbye"])
        await channel.hush()
        if facts.bridge_id:  # the agent has left meanwhile
            call.finish("answered", "agent")
            return await channel.say(["goodbye"])
        if not facts.answered:
            await pick_up(hotline, call)
        if facts.queue:
            return await connect(hotline, call, hotline.site.queue(facts.queue))
        await lead(hotline, call)


def call_from(hotline: Hotline, facts: CallFacts, channel: Channel) -> Call:
    """The call in progress that these facts describe."""
    return Call(
        id=facts.call_id,
        channel=channel,
        ticket=facts.ticket,
        line=hotline.line_for(facts.dnis),
        ani=facts.ani,
        invited_at=facts.invited_at,
        step=Step.GREETING if facts.answered else Step.RINGING,
        queue=facts.queue,
        queued_at=facts.queued_at,
        here_since=facts.here_since,
        legs=facts.offers,
    )


async def clear_strays(hotline: Hotline, call: Call, partner: Partner | None, snapshot: Snapshot) -> None:
    """Telephones that were ringing or half connected for this call: hang up first, then the bridges (design D3)."""
    kept = {call.channel.id} | ({partner.leg.id} if partner else set())
    for live in snapshot.channels:
        if owner_of(live.channel_id) == call.id and live.channel_id not in kept:
            await hotline.telephony.adopt_channel(live).hangup()
    for bridge in snapshot.bridges:
        if owner_of(bridge.bridge_id) == call.id and not partner:
            await hotline.telephony.adopt_bridge(bridge).destroy()


def _find(channels: tuple[LiveChannel, ...], channel_id: str | None) -> LiveChannel | None:
    return next((live for live in channels if live.channel_id == channel_id), None)
