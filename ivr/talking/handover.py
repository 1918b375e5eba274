"""Handing a call over to somebody who is rung while the caller waits (flow). TEL-5.

A transfer that nobody answers costs the caller nothing but time: the call waits in its queue again, before those who
have not waited yet.
"""

from crm.journal.events import CallRouted, NotReachedReason, TransferFailed
from crm.journal.steps import EnterLine, HandOver, Say, Wait
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.live.parties import NotReached, Partner, Target
from ivr.live.talks import Refused
from ivr.talking.reaching import Reached, start_reaching


async def hand_over(hotline: Hotline, call: Call, step: HandOver) -> None:
    """Reach whom the agent named, with music for the caller; that party is the call's partner then. A queue or a line
    that nobody is being reached in yet is simply gone to. Raises ChannelGone (caller)."""
    if call.reaching is None and step.kind in ("queue", "line"):
        then = Wait(step.to) if step.kind == "queue" else EnterLine(step.to)
        routed = CallRouted(call_id=call.id, at=hotline.now(), then=then, why="transferred")
        return hotline.tickets.record(routed)
    try:
        found = await reach_with_music(hotline, call, step)
    except Refused:  # there is no such target any more
        found = NotReached("unreachable")
    if isinstance(found, Partner):
        call.partner = found
    await call.channel.stop_music()
    if isinstance(found, NotReached):
        come_to_nothing(hotline, call, step, found.reason)


async def reach_with_music(hotline: Hotline, call: Call, step: HandOver) -> Reached:
    """请您稍等 and music while the target is rung. When the caller leaves first, nobody rings any more."""
    reaching = call.reaching or start_reaching(hotline, call, Target(step.kind, step.to, step.by))
    call.reaching = reaching
    await call.channel.say(["hold-please"])
    await call.channel.start_music()
    found = await call.channel.until(reaching)
    call.reaching = None
    return found


def come_to_nothing(hotline: Hotline, call: Call, step: HandOver, reason: NotReachedReason) -> None:
    """Put it on record, and lead the caller back to the queue."""
    at = hotline.now()
    hotline.tickets.record(TransferFailed(call_id=call.id, at=at, agent=step.by, reason=reason))
    back = Say(("transfer-failed",), Wait(call.queue or call.line.fallback_queue))
    hotline.tickets.record(CallRouted(call_id=call.id, at=at, then=back, why="transfer_failed"))
