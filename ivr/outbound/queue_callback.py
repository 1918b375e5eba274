"""A callback in turn (flow): the place of somebody who hung up, kept in the line, and called when an agent is reserved.

Nobody is dialled before an agent is held for the call, so there are never more of these calls than agents for them; and
as the place is of the same age as the one that was given up, nobody is overtaken. FUP-1.
"""

import asyncio
import logging
from contextlib import ExitStack, suppress
from typing import cast, get_args

from config.ids import QueueName
from config.values.fields import Language
from crm.followups.model import Outcome
from ivr.arrivals.reception import place_token
from ivr.caller.answer import switch_language
from ivr.caller.routes import lead_to_people
from ivr.live.call import Call
from ivr.live.parties import Turn
from ivr.outbound.attempt import Attempt, is_meant, reach
from ivr.outbound.flow import make_attempt
from ivr.port.telephony import DialledChannel
from routing.queue import ANYBODY, needs_of
from routing.site_rules import LANGUAGE

log = logging.getLogger(__name__)

CHOSEN = tuple(language for language in get_args(Language) if language != "zh")
"""Languages that a caller has only by choosing them; Mandarin needs nobody in particular."""
HANGS_UP_WITHIN_S = 20.0
"""So long a caller may take to hang up after hearing that the place is kept, before the call is made all the same."""


async def call_in_turn(attempt: Attempt) -> Outcome:
    """Wait in the line, then make the attempt with the agent who is held. Raises as `make_attempt` does."""
    hotline, due = attempt.hotline, attempt.due
    assert due.queued_at, "a queue callback has a place since some time"
    queue = QueueName(due.queue)
    standing = await hotline.callers.standing(due.number_key, with_agents=False)
    points = hotline.site.routing.key_customer_points if standing.key_customer else 0
    needs = needs_of({f"{LANGUAGE}{due.language}": 1}) if due.language in CHOSEN else ANYBODY
    with ExitStack() as leaving:
        place = hotline.acd.enqueue(attempt.call_id, queue, due.queued_at, points=points, needs=needs)
        leaving.enter_context(place)
        turn = asyncio.ensure_future(place.reserved())
        leaving.callback(turn.cancel)
        await asyncio.sleep(0)  # it waits by now
        attempt.in_line.set()
        hotline.acd.expect_no_more(place_token(due.id))
        held, *others = await turn
        for other in others:  # one telephone for one customer: a callback is nobody's race
            hotline.acd.released(other)
        if attempt.hangs_up:
            with suppress(TimeoutError):
                await asyncio.wait_for(attempt.hangs_up.wait_gone(), HANGS_UP_WITHIN_S)
        log.info("It is a kept place's turn.", extra={"action": "place_turn", "call_id": attempt.call_id})
        turn_now = Turn(place, (held,), ("callback-turn",))
        attempt.in_turn = lambda call, channel: reach_in_turn(attempt, call, channel, turn_now, leaving)
        return await make_attempt(attempt)


async def reach_in_turn(attempt: Attempt, call: Call, channel: DialledChannel, turn: Turn, leaving: ExitStack) -> None:
    """Dial the customer; once there, the held agent's telephone rings. Raises DialFailed."""
    due, hotline = attempt.due, attempt.hotline
    lead_to_people(hotline, call, due.queue, since=due.queued_at)
    if due.language in CHOSEN:
        switch_language(hotline, call, cast(Language, due.language))
    await reach(attempt, call, channel)
    if not await is_meant(attempt, call):
        return leaving.close()
    leaving.pop_all()  # from here on the step that waits leaves the place
    call.turn = turn
