"""The step of a caller who waits in a queue (flow): join it, wait for an agent, put on record what came of it."""

from config.schema import Queue
from crm.journal.events import CallMoved, CallNoted, CallQueued, CallRouted, CallTurnedAway
from crm.journal.steps import Message, Say, Wait, step_of
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.live.parties import Partner
from ivr.live.waiting import Moved, TurnedAway
from ivr.queueing.announcer import CallerChoice
from ivr.queueing.offer import find_agent
from ivr.queueing.overflow import MovedOn, move_on
from ivr.queueing.priority import set_priority

QUEUE_CLOSED = "queue-closed"
"""What callers of a queue on hold are told, unless the supervisor has other words."""


async def wait(hotline: Hotline, call: Call, step: Wait) -> None:
    """Wait until an agent answers, who is the call's partner then; or until the caller goes elsewhere.

    An agent lost before the talk begins costs the caller nothing: same place, next agent. A caller whom nobody has
    answered yet waits from the INVITE on (TEL-2), and is answered when an agent is there. Raises ChannelGone.
    """
    queue, turn = hotline.site.queue(step.queue), call.turn
    if hotline.closed.of(queue.name) and turn is None:
        return turn_away(hotline, call, queue)
    joined = join(hotline, call, queue)
    await set_priority(hotline, call, queue)
    call.turn = None
    with hotline.waiting.entered(call.id) as elsewhere:
        came_of_it = await find_agent(hotline, call, queue, elsewhere, turn, coming_in=joined)
    match came_of_it:
        case Partner():
            call.partner = came_of_it
        case MovedOn():
            move_on(hotline, call, came_of_it)
        case CallerChoice.MESSAGE:
            hotline.tickets.record(CallRouted(call_id=call.id, at=hotline.now(), then=Message(), why="wants_message"))
        case CallerChoice.PLACE_KEPT:
            pass  # on record since the place was handed on
        case TurnedAway():
            turn_away(hotline, call, queue)
        case Moved(queue=to, by=by):
            move(hotline, call, hotline.site.queue(to), by)


def join(hotline: Hotline, call: Call, queue: Queue) -> bool:
    """Begin the wait, or go on with it here for a caller who was moved on: the turn goes by the first arrival (LNE-7).
    False for one who waits here already."""
    state = call.state
    if state.queue == queue.name and state.queued_at and not state.on_the_way:
        return False
    first_ring = not state.answered and state.queue is None
    at = call.invited_at if first_ring else hotline.now()
    hotline.tickets.record(CallQueued(call_id=call.id, at=at, queue=queue.name))
    return True


def move(hotline: Hotline, call: Call, queue: Queue, by: str) -> None:
    """Put the waiting call into another queue, for somebody: the time of its arrival goes with it."""
    moved = CallMoved(call_id=call.id, at=hotline.now(), queue=queue.name, from_queue=call.queue or "", by=by)
    hotline.tickets.record(moved)


def turn_away(hotline: Hotline, call: Call, queue: Queue) -> None:
    """Send the caller of a closed queue the site's way out, with words. Nobody is sent round in circles."""
    closing = hotline.closed.of(queue.name)
    met_before = queue.name in call.state.turned_away
    then = Message() if met_before else step_of(queue.on_closed)
    if closing and not met_before:
        note = f"{queue.title}：{closing.reason}"
        hotline.tickets.record(CallNoted(call_id=call.id, at=hotline.now(), action="queue_closed", text=note))
        then = Say((closing.prompt or QUEUE_CLOSED,), then)
    hotline.tickets.record(CallTurnedAway(call_id=call.id, at=hotline.now(), queue=queue.name, then=then))
