"""Taking over a call that outlived its controller (flow): talks go on untouched, waiting callers keep place and clock,
callers in a menu hear it again. Design A3; the issue's kill test."""

import logging
from dataclasses import dataclass
from typing import Literal

from config.ids import AgentId, ChannelId
from crm.journal.events import CallAdopted, SupervisorLeft
from ivr.answer import set_language
from ivr.call import Call, Step, only_supervises, owner_of
from ivr.call_flow import connect, go_on, in_service, pick_up, ring_duty, serve, tell_place_kept
from ivr.history import CallFacts
from ivr.hotline import Hotline
from ivr.message import leave_message
from ivr.talk import partner_of, stay
from ivr.talk_control import connected
from ivr.talk_recording import record_talk
from ivr.talks import LiveTalk, Partner, Target
from ivr.telephony import Channel, Snapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HeldTalk:
    """Who talks in a call that goes on: nobody (`partner` None), an agent, perhaps one who has a third party there.

    `inside`: who is in the bridge.
    """

    partner: Partner | None = None
    third: Partner | None = None
    inside: frozenset[ChannelId] = frozenset()

    @property
    def legs(self) -> set[ChannelId]:
        """Those that are not strays."""
        return {party.leg.id for party in (self.partner, self.third) if party}


NO_TALK = HeldTalk()


def hold_talk(hotline: Hotline, facts: CallFacts, snapshot: Snapshot) -> HeldTalk:
    """The other side of a talk that goes on. At once, so that nobody else gets those agents."""
    bridge = next((bridge for bridge in snapshot.bridges if bridge.bridge_id == facts.bridge_id), None)
    if bridge is None:
        return NO_TALK
    partner = _party(hotline, facts, snapshot, facts.agent_channel_id, facts.agent, facts.outside)
    third = _party(hotline, facts, snapshot, facts.third_channel_id, facts.third, facts.third_number)
    if partner:
        partner.bridge = hotline.telephony.adopt_bridge(bridge)
    elif third:
        third.bridge = hotline.telephony.adopt_bridge(bridge)
    return HeldTalk(partner, third, frozenset(bridge.channel_ids))


def _party(
    hotline: Hotline,
    facts: CallFacts,
    snapshot: Snapshot,
    channel_id: ChannelId | None,
    agent: AgentId | None,
    number: str | None,
) -> Partner | None:
    live = next((live for live in snapshot.channels if live.channel_id == channel_id), None)
    if live is None or not (number or (agent and facts.queue)):
        return None
    if number:
        return Partner(hotline.telephony.adopt_channel(live), None, number=number)
    assert agent and facts.queue
    if only_supervises(live.channel_id):
        return Partner(hotline.telephony.adopt_channel(live), None, supervisor=agent)
    if not hotline.acd.knows(agent, facts.queue):
        log.warning("An agent's talk is not of this site any more.", extra={"action": "talk_not_adopted"})
        return None
    reservation = hotline.acd.adopt_talk(agent, facts.call_id, facts.queue)
    return Partner(hotline.telephony.adopt_channel(live), reservation)


async def adopt_inbound(
    hotline: Hotline, facts: CallFacts, channel: Channel, held: HeldTalk, snapshot: Snapshot
) -> None:
    """Go on from where the journal says the call was. `held` is what `hold_talk` gave."""
    call = call_from(hotline, facts, channel)
    talking = held.partner or held.third
    hotline.tickets.record(CallAdopted(call_id=call.id, at=hotline.now(), agent=talking.agent_id if talking else None))
    async with in_service(hotline, call):
        await clear_strays(hotline, call, held, snapshot)
        supervisor_lost(hotline, facts)
        if talking:
            return await adopt_talk(hotline, call, facts, held)
        await channel.hush()
        if facts.bridge_id:  # the agent has left meanwhile
            call.finish("answered", "agent")
            return await channel.say(["goodbye"])
        if not facts.answered and call.line.answer_by == "system":
            await pick_up(hotline, call)
        if facts.place_handed_on:
            return await tell_place_kept(call)
        if facts.duty_missed:
            return await leave_message(hotline, call)
        if facts.duty and facts.duty in {duty.id for duty in hotline.site.duty}:
            return await ring_duty(hotline, call, hotline.site.duty_roster(facts.duty))
        if facts.queue:
            return await connect(hotline, call, hotline.site.queue(facts.queue))
        await serve(hotline, call)


async def adopt_talk(hotline: Hotline, call: Call, facts: CallFacts, held: HeldTalk) -> None:
    """Stay with a talk that went on without a controller, and with what comes after it."""
    partner = held.partner or held.third
    assert partner, "there is a talk"
    call.step = Step.TALKING
    async with partner_of(hotline, call, partner) as live:
        live.recording, live.recording_paused = facts.recording, facts.recording_paused
        await put_right(hotline, live, facts, held)
        ended = await stay(hotline, live)
    await go_on(hotline, call, ended)


async def put_right(hotline: Hotline, live: LiveTalk, facts: CallFacts, held: HeldTalk) -> None:
    """Who is in the bridge and who hears music, as the journal says, wherever the controller before us was stopped."""
    bridge = connected(live)
    if held.partner is None:  # the agent left meanwhile: whom the agent consulted takes over
        await record_talk(hotline, live, bridge)
    elif held.third:
        kind: Literal["agent", "number"] = "agent" if held.third.agent_id else "number"
        live.third, live.target = held.third, Target(kind, held.third.agent_id or held.third.number or "")
        if held.third.leg.id not in held.inside:
            await bridge.add(held.third.leg)
    if facts.held:
        await bridge.stop_ringing()
    if facts.held and held.partner:
        live.held = True
        if live.partner.reservation:
            hotline.acd.held(live.partner.reservation)
        await bridge.remove(live.caller)
        await live.caller.hush()
        await live.caller.start_music()
    elif live.caller.id not in held.inside:
        await live.caller.hush()
        await bridge.add(live.caller)


def call_from(hotline: Hotline, facts: CallFacts, channel: Channel) -> Call:
    """The call in progress that these facts describe."""
    call = Call(
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
        duty=facts.duty,
        asked=set(facts.asked),
        legs=facts.offers,
        talks=facts.talks,
        outcome="answered" if facts.talks else None,
    )
    if facts.language != call.language:
        set_language(call, facts.language)
    return call


async def clear_strays(hotline: Hotline, call: Call, held: HeldTalk, snapshot: Snapshot) -> None:
    """Telephones that were ringing or half connected for this call: hang up first, then the bridges (design D3)."""
    kept = {call.channel.id} | held.legs
    for live in snapshot.channels:
        if owner_of(live.channel_id) == call.id and live.channel_id not in kept:
            await hotline.telephony.adopt_channel(live).hangup()
    for bridge in snapshot.bridges:
        if owner_of(bridge.bridge_id) == call.id and (not held.legs or only_supervises(bridge.bridge_id)):
            await hotline.telephony.adopt_bridge(bridge).destroy()


def supervisor_lost(hotline: Hotline, facts: CallFacts) -> None:
    """Nobody goes on with a supervision: its telephone was hung up as a stray, or has gone with the call."""
    if facts.supervisor:
        left = SupervisorLeft(call_id=facts.call_id, at=hotline.now(), supervisor=facts.supervisor, reason="recovered")
        hotline.tickets.record(left)
