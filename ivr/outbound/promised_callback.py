"""A promised callback (flow): the agent first, then the customer. TKT-5, FUP-1."""

import asyncio

from crm.followups.model import Outcome
from crm.journal.events import AgentOffered, CallQueued
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.live.parties import Partner
from ivr.outbound.attempt import Attempt, reach
from ivr.port.telephony import DialledChannel
from ivr.port.values import ChannelGone
from ivr.queueing.ring import PickedUp, answered, miss, ring_agent


async def callback(attempt: Attempt, call: Call, channel: DialledChannel) -> Outcome | None:
    """Agent first: sees the card, presses accept, is rung; only then is the customer dialled (TKT-5)."""
    hotline = attempt.hotline
    hotline.tickets.record(CallQueued(call_id=call.id, at=hotline.now(), queue=attempt.due.queue))
    partner = await find_accepting_agent(attempt, call)
    call.partner = partner
    try:
        await partner.leg.say(["please-wait"])
        await partner.leg.ring()
        await partner.leg.until(reach(attempt, call, channel))
    except ChannelGone as gone:
        if gone.channel_id != partner.leg.id:
            raise
        return Outcome.AGENT_LOST
    await call.channel.say(callback_words(hotline))
    call.introduced = True
    return None


def callback_words(hotline: Hotline) -> list[str]:
    """Who calls, and the recording notice (TEL-10)."""
    notice = hotline.site.recording.enabled and hotline.site.recording.notice
    return ["callback-customer", "recording-notice"] if notice else ["callback-customer"]


async def find_accepting_agent(attempt: Attempt, call: Call) -> Partner:
    """The longest idle agent who accepts on the page and then answers the telephone; else not ready (RONA)."""
    assert call.queue and call.state.queued_at, "a callback is queued before it looks for an agent"
    hotline, due = attempt.hotline, attempt.due
    queue = hotline.site.queue(call.queue)
    points = hotline.site.routing.promised_points
    with hotline.acd.enqueue(call.id, call.queue, call.state.queued_at, points=points) as place:
        while True:
            reservation, *others = await asyncio.wait_for(place.reserved(), queue.max_wait_s)
            for other in others:  # one card on one desk: a callback is nobody's race
                hotline.acd.released(other)
            agent_id = reservation.agent_id
            leg_id = call.next_agent_leg(agent_id)
            with attempt.accepts.expected(due.id, agent_id) as accepted:
                at = hotline.now()
                offered = AgentOffered(call_id=call.id, at=at, agent=agent_id, channel_id=leg_id, asks=True)
                hotline.tickets.record(offered)
                said_yes = await accepted.within(hotline.site.outbound.accept_timeout_s)
            if not said_yes:
                miss(hotline, call, reservation, "not_accepted")
                continue
            answer = await ring_agent(hotline, call, reservation, leg_id=leg_id, watch=call.channel.until)
            if isinstance(answer, PickedUp):
                return answered(hotline, call, reservation, answer)
