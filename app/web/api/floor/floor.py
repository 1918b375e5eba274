"""What supervisors do on the floor: supervise a talk, move a waiting caller, close a queue (adapter). QUA-5, TEL-6.

What is not possible now is a 409 that says why.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from app.web.api.common.shown import queue_with_callers
from app.web.http.contract import ClosingWish, MoveWish, Nothing, QueueWithCallers, SuperviseWish, SupervisionOut
from app.web.http.operations import Ask, B, Q
from app.web.wire.problems import Problem, invalid
from ivr.live.talks import Refused
from ivr.live.waiting import NotWaiting
from ivr.port.values import TelephonyError


@contextmanager
def in_words() -> Iterator[None]:
    """Refusals as problems."""
    try:
        yield
    except (Refused, NotWaiting) as exc:
        raise Problem("conflict", f"{exc}") from exc
    except TelephonyError as exc:
        raise Problem("conflict", f"The telephones did not carry it out: {exc}") from exc


async def supervise(ask: Ask[Nothing, SuperviseWish]) -> SupervisionOut:
    """Rings the supervisor's own telephone; once that is answered, changes the mode at once."""
    wish, people = ask.body, {agent.id: agent for agent in ask.services.site.agents}
    supervisor = wish.supervisor or ask.who.agent
    if supervisor != ask.who.agent and ask.who.role != "administrator":
        raise Problem("forbidden", "You can supervise with your own telephone only.")
    if supervisor is None or supervisor not in people:
        raise invalid("supervisor", "say who supervises")
    if not people[supervisor].telephone:
        raise invalid("supervisor", f"{supervisor} has no telephone")
    if people[supervisor].role == "agent":
        raise invalid("supervisor", f"{supervisor} is no supervisor")
    await ask.seen.calls.check_to_listen(ask.path("call"))
    with in_words():
        return await ask.services.floor.supervise(ask.path("call"), supervisor, wish.mode)


async def stop_supervising(ask: Ask[Nothing, Nothing]) -> SupervisionOut:
    """Whoever it is: a supervisor may send another one out."""
    call = ask.path("call")
    await ask.seen.calls.check_to_listen(call)
    found = ask.services.floor.supervision(call)
    if found is None:
        raise Problem("not_found", f"Nobody supervises call {call}.")
    with in_words():
        await ask.services.floor.stop(call)
    return found


async def move_call(ask: Ask[Nothing, MoveWish]) -> MoveWish:
    """The caller keeps the turn. While an agent's telephone rings for it: only if that agent does not answer."""
    await ask.seen.calls.check_to_listen(ask.path("call"))
    wish, queues = ask.body, {view.queue: view for view in ask.services.acd.queues()}
    if wish.queue not in queues:
        raise invalid("queue", f"one of {', '.join(queues)}")
    if ask.path("call") in {entry.call for entry in queues[wish.queue].entries}:
        raise Problem("conflict", f"Call {ask.path('call')} waits in {wish.queue} already.")
    with in_words():
        ask.services.floor.move(ask.path("call"), wish.queue, ask.who.name)
    return wish


async def close_queue(ask: Ask[Nothing, ClosingWish]) -> QueueWithCallers:
    """An emergency: who calls or waits is told, and goes the way out that the site has for it."""
    wish = ask.body
    if not wish.reason.strip():
        raise invalid("reason", "say why")
    if wish.prompt is not None and wish.prompt not in ask.services.site.prompts:
        raise invalid("prompt", "the id of one of the site's prompts")
    queue = _queue(ask)
    ask.services.floor.close_queue(queue, reason=wish.reason.strip(), by=ask.who.name, prompt=wish.prompt)
    return _shown(ask, queue)


async def open_queue(ask: Ask[Nothing, Nothing]) -> QueueWithCallers:
    """It serves callers again; nothing happens when it does already."""
    queue = _queue(ask)
    ask.services.floor.open_queue(queue, by=ask.who.name)
    return _shown(ask, queue)


def _queue(ask: Ask[Q, B]) -> str:
    queue = ask.path("queue")
    if queue not in {known.name for known in ask.services.site.queues}:
        raise Problem("not_found", f"No queue {queue}.")
    return queue


def _shown(ask: Ask[Q, B], queue: str) -> QueueWithCallers:
    (view,) = [view for view in ask.services.acd.queues() if view.queue == queue]
    return ask.seen.calls.waiting(queue_with_callers(view, ask.services.site))
