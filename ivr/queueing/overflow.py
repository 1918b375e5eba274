"""When a waiting caller is moved on, and the record of it (flow's side of routing/waiting/overflow.py). LNE-7.

The arrival time goes along to the next queue, and with it the turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from config.calls.actions import Action
from config.schema import Line, Queue
from crm.journal.events import CallOverflowed, OverflowReason
from crm.journal.steps import Say, name_of, step_of
from ivr.caller.lines import is_open_now
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from routing.waiting.overflow import Situation, condition_of, look_again_s, step_now

SOONEST_S = 0.01


@dataclass(frozen=True)
class MovedOn:
    """The caller does not wait here any longer. `why`: an overflow condition, or max_wait."""

    why: OverflowReason
    play: Sequence[str]
    to: Action


class Lookout:
    """Watches for one waiting caller whether to move on; asked again and again while the caller waits."""

    def __init__(self, hotline: Hotline, call: Call, queue: Queue, *, coming_in: bool) -> None:
        """`coming_in`: the call has only just joined the queue, which may be too long for another caller."""
        assert call.state.here_since, "a call is in a queue before it looks out"
        self._hotline, self._call, self._queue = hotline, call, queue
        self._since = call.state.here_since
        self._until = self._since + timedelta(seconds=queue.max_wait_s)
        self._coming_in = coming_in

    def patience(self) -> float | MovedOn:
        """For how many seconds to wait before asking again, or where to go now."""
        now, queue = self._hotline.now(), self._queue
        waited_s = (now - self._since).total_seconds()
        if queue.overflow and (step := step_now(queue.overflow, self._situation(waited_s))):
            return MovedOn(condition_of(step), step.play, step.to)
        self._coming_in = False
        left_s = (self._until - now).total_seconds()
        if left_s <= 0:
            return MovedOn("max_wait", (), queue.on_max_wait)
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


def move_on(hotline: Hotline, call: Call, moved: MovedOn) -> None:
    """Put it on record; the ticket tells the way the call took (LNE-7)."""
    assert call.queue and call.state.queued_at, "who is moved on has waited"
    at, step = hotline.now(), step_of(moved.to)
    hotline.tickets.record(
        CallOverflowed(
            call_id=call.id,
            at=at,
            from_queue=call.queue,
            to=name_of(step),
            why=moved.why,
            waited_s=round((at - call.state.queued_at).total_seconds(), 1),
            then=Say(tuple(moved.play), step) if moved.play else step,
        )
    )
