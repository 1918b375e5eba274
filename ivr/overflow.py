"""When a waiting caller is moved on, and the record of it (flow's side of routing/waiting/overflow.py). LNE-7.

Where the caller is taken is carried out by `ivr.call_flow.connect`; the arrival time goes along, and with it the turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from config.calls.actions import Action, DutyAction, MenuAction, QueueAction, ultimate
from config.schema import Line, Queue
from crm.journal.events import CallOverflowed
from ivr.call import Call
from ivr.hotline import Hotline
from ivr.opening import is_open_now
from routing.waiting.overflow import Situation, condition_of, look_again_s, step_now

SOONEST_S = 0.01


@dataclass
class MovedOn(Exception):
    """The caller does not wait here any longer. `why`: an overflow condition, or max_wait."""

    why: str
    play: Sequence[str]
    to: Action


class Lookout:
    """Watches for one waiting caller whether to move on; asked again and again while the caller waits."""

    def __init__(self, hotline: Hotline, call: Call, queue: Queue) -> None:
        assert call.here_since, "a call is in a queue before it looks out"
        self._hotline, self._call, self._queue = hotline, call, queue
        self._since = call.here_since
        self._until = self._since + timedelta(seconds=queue.max_wait_s)
        self._coming_in, call.coming_in = call.coming_in, False

    def patience_s(self) -> float:
        """For how many seconds to wait before asking again. Raises MovedOn when it is time to go."""
        now, queue = self._hotline.now(), self._queue
        waited_s = (now - self._since).total_seconds()
        if queue.overflow and (step := step_now(queue.overflow, self._situation(waited_s))):
            raise MovedOn(condition_of(step), step.play, step.to)
        self._coming_in = False
        left_s = (self._until - now).total_seconds()
        if left_s <= 0:
            raise MovedOn("max_wait", (), queue.on_max_wait)
        look_s = look_again_s(queue.overflow, waited_s)
        return max(SOONEST_S, min(left_s, look_s if look_s is not None else left_s))

    def _situation(self, waited_s: float) -> Situation:
        acd, line = self._hotline.acd, line_of(self._hotline, self._queue) or self._call.line
        assert self._call.queue
        return Situation(
            waited_s=waited_s,
            ahead=acd.ahead_of(self._call.id) if self._coming_in else None,
            staffed=acd.staffed(self._call.queue),
            open=is_open_now(self._hotline, line),
        )


def line_of(hotline: Hotline, queue: Queue) -> Line | None:
    """The line that a queue belongs to: of its kind, and of its level if it names one."""
    own = (line for line in hotline.site.lines if line.kind == queue.kind and queue.level in (None, line.level))
    return next(own, None)


def note_moved(hotline: Hotline, call: Call, moved: MovedOn) -> None:
    """The ticket tells the way the call took (LNE-7); the next queue takes the arrival time over."""
    assert call.queue and call.queued_at
    at = hotline.now()
    hotline.tickets.record(
        CallOverflowed(
            call_id=call.id,
            at=at,
            from_queue=call.queue,
            to=name_of(moved.to),
            why=moved.why,
            waited_s=round((at - call.queued_at).total_seconds(), 1),
        )
    )
    call.on_the_way = True


def name_of(action: Action) -> str:
    """Where an action leads, in one word: `queue:hotline`, `duty:night`, `menu:aid`, `message`, `hangup`."""
    match ultimate(action):
        case QueueAction(queue=name):
            return f"queue:{name}"
        case DutyAction(duty=name):
            return f"duty:{name}"
        case MenuAction(menu=name):
            return f"menu:{name}"
        case other:
            return other.go
