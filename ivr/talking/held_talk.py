"""A talk that outlived the controller that began it (flow): who is in it, and how it is taken up again. Design A3."""

import logging
from typing import Literal

from config.ids import AgentId
from crm.calls.state import CallState, PartnerState
from ivr.live.call import only_supervises
from ivr.live.hotline import Hotline
from ivr.live.parties import NO_TALK, HeldTalk, Partner, Target
from ivr.live.talks import LiveTalk
from ivr.port.values import Snapshot
from ivr.talking.control import connected
from ivr.talking.recording import record_talk

log = logging.getLogger(__name__)


def hold_talk(hotline: Hotline, state: CallState, snapshot: Snapshot) -> HeldTalk:
    """The other side of a talk that goes on. At once, so that nobody else gets those agents."""
    bridge = next((bridge for bridge in snapshot.bridges if bridge.bridge_id == state.bridge_id), None)
    if bridge is None:
        return NO_TALK
    partner = _party(hotline, state, snapshot, state.partner)
    third = _party(hotline, state, snapshot, state.third)
    if talking := partner or third:
        talking.bridge = hotline.telephony.adopt_bridge(bridge)
    return HeldTalk(partner, third, frozenset(bridge.channel_ids))


def _party(hotline: Hotline, state: CallState, snapshot: Snapshot, party: PartnerState | None) -> Partner | None:
    live = next((live for live in snapshot.channels if party and live.channel_id == party.channel_id), None)
    if live is None or party is None:
        return None
    leg = hotline.telephony.adopt_channel(live)
    if party.number:
        return Partner(leg, None, number=party.number)
    if party.agent is None or state.queue is None:
        return None
    if only_supervises(live.channel_id):
        return Partner(leg, None, supervisor=party.agent)
    if not hotline.acd.knows(party.agent, state.queue):
        log.warning("An agent's talk is not of this site any more.", extra={"action": "talk_not_adopted"})
        return None
    return Partner(leg, hotline.acd.adopt_talk(AgentId(party.agent), state.call_id, state.queue))


async def take_up(hotline: Hotline, live: LiveTalk, held: HeldTalk) -> None:
    """Go on with the talk: who is in the bridge and who hears music, as the call's state says, wherever the controller
    before us was stopped."""
    bridge, state = connected(live), live.call.state
    live.recording, live.recording_paused = state.recording, state.recording_paused
    if held.partner is None:  # the agent left meanwhile: whom the agent consulted takes over
        await record_talk(hotline, live, bridge)
    elif held.third:
        kind: Literal["agent", "number"] = "agent" if held.third.agent_id else "number"
        live.third, live.target = held.third, Target(kind, held.third.agent_id or held.third.number or "")
        if held.third.leg.id not in held.inside:
            await bridge.add(held.third.leg)
    if state.held:
        await bridge.stop_ringing()
    if state.held and held.partner:
        live.held = True
        if live.partner.reservation:
            hotline.acd.held(live.partner.reservation)
        await bridge.remove(live.caller)
        await live.caller.hush()
        await live.caller.start_music()
    elif live.caller.id not in held.inside:
        await live.caller.hush()
        await bridge.add(live.caller)
