"""Handing a call over to somebody who is rung while the caller waits (flow). TEL-5.

A transfer that nobody answers costs the caller nothing but time: `ivr.call_flow` puts the caller back into the queue.
"""

from crm.journal.events import TransferFailed
from ivr.call import Call
from ivr.hotline import Hotline
from ivr.talk import announce, partner_of, talk
from ivr.talks import Ended, Handover, Partner
from ivr.third import NotReached, let_go, start_reaching


async def hand_over(hotline: Hotline, call: Call, handover: Handover) -> Ended | None:
    """The caller hears 请您稍等 and music while the target is rung, then talks. None: nobody was reached.

    Raises Refused when there is no such target (any more), ChannelGone (caller).
    """
    try:
        partner = await reached(hotline, call, handover)
    except NotReached as failed:
        not_reached(hotline, call, handover, failed.reason)
        return None
    async with partner_of(hotline, call, partner) as live:
        await call.channel.stop_music()
        if not await announce(hotline, call, partner):
            not_reached(hotline, call, handover, "left")
            return None
        return await talk(hotline, live)


async def reached(hotline: Hotline, call: Call, handover: Handover) -> Partner:
    """Who answered. Raises NotReached, Refused, ChannelGone (caller); then nobody rings any more."""
    reaching = handover.reaching or start_reaching(hotline, call, handover.target)
    try:
        await call.channel.say(["hold-please"])
        await call.channel.start_music()
        try:
            return await call.channel.until(reaching)
        except NotReached:
            await call.channel.stop_music()
            raise
    except NotReached:
        raise
    except BaseException:
        await let_go(hotline, call.id, reaching)
        raise


def not_reached(hotline: Hotline, call: Call, handover: Handover, reason: str) -> None:
    """On the ticket's timeline."""
    failed = TransferFailed(call_id=call.id, at=hotline.now(), agent=handover.by, reason=reason)
    hotline.tickets.record(failed)
