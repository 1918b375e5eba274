"""An agent's own telephone asks for a transfer (flow): SIP REFER, carried out as what the page's buttons do."""

import logging

from ivr.live.hotline import Hotline
from ivr.live.parties import Target
from ivr.live.talks import LiveTalk, Refused
from ivr.port.numbers import masked
from ivr.port.values import TransferWish
from ivr.talking.control import complete, transfer_blind

log = logging.getLogger(__name__)


async def telephone_asks(hotline: Hotline, live: LiveTalk, wish: TransferWish) -> None:
    """Blind to whom the telephone named; attended when it names the party that is being consulted.

    A refusal goes back to the telephone, and the talk goes on.
    """
    leg = live.agent_leg
    extra = {"action": "telephone_refer", "call_id": live.call_id}
    try:
        if wish.with_channel and (live.third or live.reaching):
            await complete(hotline, live)
        else:
            await transfer_blind(hotline, live, target_of(hotline, wish.to))
    except Refused as refused:
        log.info("A telephone's transfer to %s was refused: %s", masked(wish.to), refused, extra=extra)
        return await leg.transfer_progress("failed")
    log.info("A telephone's transfer to %s is carried out.", masked(wish.to), extra=extra)
    await leg.transfer_progress("done")


def target_of(hotline: Hotline, dialled: str) -> Target:
    """What somebody means who dials this on a telephone: an agent, a queue by name, one of our lines, or a number."""
    site = hotline.site
    if dialled in {agent.id for agent in site.agents}:
        return Target("agent", dialled)
    if dialled in {queue.name for queue in site.queues}:
        return Target("queue", dialled)
    return Target("line" if site.line_for(dialled) else "number", dialled)
