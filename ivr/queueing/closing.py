"""Closing a queue in an emergency, and opening it again, by a supervisor (flow). It survives a restart.

Who calls or waits hears an announcement and gets the site's way out; nobody meets a dead end (`wait.turn_away`).
"""

import msgspec

from config.ids import QueueName
from crm.journal.events import QueueClosed, QueueOpened, new_event_id
from ivr.live.hotline import Hotline
from ivr.live.waiting import NotWaiting, TurnedAway


def close_queue(hotline: Hotline, queue: QueueName, *, reason: str, by: str, prompt: str | None = None) -> QueueClosed:
    """From now on; who waits is turned away. One that is closed already gets the new reason and words."""
    known, now = hotline.closed.of(queue), hotline.now()
    event = QueueClosed(at=now, queue=queue, reason=reason, by=by, prompt=prompt, since=known.since if known else now)
    _tell(hotline, event)
    for call in hotline.acd.waiting(queue):
        try:
            hotline.waiting.call_away(call.call_id, TurnedAway())
        except NotWaiting:
            continue  # not on the line: a callback, an agent's transfer
    return event


def open_queue(hotline: Hotline, queue: QueueName, *, by: str) -> None:
    """Callers are served again. Does nothing when it is open."""
    if hotline.closed.open(queue):
        hotline.tickets.record(QueueOpened(at=hotline.now(), queue=queue, by=by))


async def restate(hotline: Hotline) -> None:
    """What is closed for long is told again (a scheduler's work)."""
    for event in hotline.closed.stale(hotline.now()):
        _tell(hotline, msgspec.structs.replace(event, at=hotline.now(), event_id=new_event_id()))


def _tell(hotline: Hotline, event: QueueClosed) -> None:
    hotline.closed.put(event)
    hotline.tickets.record(event)
