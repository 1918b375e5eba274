"""What the calls of a period come to (rules): counts that add up, and figures that are one count over another.

The one place where a figure has its formula. Live, from the store and from the journal alone: all count by this file.
A call counts with the interval of its INVITE, with its line, and with the queue it was last in, so that nothing is
counted twice and the parts of a whole add up to it (field.md §3, item 4). TEL-1, TEL-2, RPT-1
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final, Literal

Sums = list[tuple[str, int]]
"""Names of fields of a Tally, and how much each has."""

MICROSECOND: Final = timedelta(microseconds=1)
ABANDONED: Final = frozenset({"abandoned_ringing", "abandoned_menu", "abandoned_queue"})
"""How a call ends whose caller gave up before anybody helped."""
PLACE_KEPT: Final = "place_kept"
"""How a call ends whose caller keeps the place and hangs up."""
SATISFIED: Final = 4
"""From this key on a caller is satisfied (QUA-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What calls are judged by. Rings count as TEL-1 says: the first one begins with the INVITE."""

    ring_limit: int = 3
    ring_period_s: float = 5.0
    threshold_s: float = 10.0
    short_abandon_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A call at an agent's telephone. `missed`: why it was not taken (rona, busy, rejected, unreachable …), or None."""

    agent: str
    missed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """An agent's whole work on one call, finished: talk, hold and wrap-up, however often the call came back."""

    agent: str
    talk: timedelta = timedelta(0)
    hold: timedelta = timedelta(0)
    wrap_up: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One inbound call as figures need it, open or ended. Instants are aware; what did not happen is None.

    `agent`: who answered it last. `queued_at`, `agent_answered_at` and `talk_at`: the first time.
    """

    call_id: str
    invited_at: datetime
    line: str = ""
    level: str = ""
    queue: str | None = None
    agent: str | None = None
    answered_at: datetime | None = None
    rings: int | None = None
    queued_at: datetime | None = None
    agent_answered_at: datetime | None = None
    talk_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    satisfaction: int | None = None
    """1 to 5, as the caller pressed (QUA-1)."""
    offers: tuple[Offer, ...] = ()
    handles: tuple[Handle, ...] = ()


def wait_begins(call: CallRecord) -> datetime | None:
    """Where the clock of TEL-2 starts: the queue entry; the INVITE where people answer first.

    On such a line the call is in the queue before anybody, the system included, has answered it.
    """
    if call.queued_at is None:
        return None
    people_first = call.answered_at is None or call.queued_at <= call.answered_at
    return call.invited_at if people_first else call.queued_at


def wait(call: CallRecord) -> timedelta | None:
    """From there until an agent answered, or until the caller was gone; None when never queued, or waiting still."""
    begun, over = wait_begins(call), call.agent_answered_at or call.ended_at
    return None if begun is None or over is None else max(over - begun, timedelta(0))


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of calls, and times in whole microseconds, so that sums are the same in whatever order they are made."""

    offered: int = 0
    """Calls that arrived."""
    answered_by_system: int = 0
    """The line was picked up before an agent answered: greeting, menu or queue (TEL-1)."""
    within_three_rings: int = 0
    """Of those, the ones with `rings ≤ ring_limit`."""
    answered: int = 0
    """A queued call that an agent answered (Asterisk: completed)."""
    person_within_three_rings: int = 0
    """Of those, the ones where the agent answered before `ring_limit` ring periods from the INVITE were over."""
    queued: int = 0
    """Callers who asked for a person."""
    connected: int = 0
    """Caller and agent heard each other."""
    within_threshold: int = 0
    """`answered`, and the wait was not longer than the threshold (TEL-2)."""
    abandoned: int = 0
    """The caller gave up before an agent, at any step: answered or abandoned, never both."""
    abandoned_in_queue: int = 0
    """The caller gave up in the queue."""
    abandoned_in_threshold: int = 0
    """… and within the threshold (Asterisk: callsabandonedinsl)."""
    short_abandons: int = 0
    """… and within `short_abandon_s`: a wrong number rather than a lost customer."""
    waiting: int = 0
    """Queued, not answered, not ended."""
    offers: int = 0
    """Times a call was offered to an agent."""
    rona: int = 0
    """Rang out at the agent's telephone (ring, no answer)."""
    refused: int = 0
    """The agent's telephone refused."""
    busy: int = 0
    """The agent's telephone was busy."""
    unreachable: int = 0
    """The agent's telephone was not there."""
    handled: int = 0
    """Finished handles: once for each agent who had the call, however often it came back to the same one."""
    place_kept: int = 0
    """Callers who hung up to be called when it is their turn (virtual hold); they count as queued, not as abandoned."""
    surveyed: int = 0
    """Callers who pressed a key when asked how it was (QUA-1)."""
    satisfied: int = 0
    """Of those, the ones who pressed 4 or 5."""
    wait: int = 0
    """Of `answered` calls, µs."""
    talk: int = 0
    """Of finished handles, µs; from the agent's answer, so with the announcement of the agent's number (TEL-3)."""
    hold: int = 0
    """Of finished handles, µs."""
    wrap_up: int = 0
    """Of finished handles, µs: as long as it really took, ended early or extended."""
    longest_wait: int = 0
    """The longest wait that is over, answered or not, µs."""

    def __bool__(self) -> bool:
        """Whether anything is counted: whatever is begins with a call, an offer or a handle."""
        return bool(self.offered or self.offers or self.handled)

    def add(self, other: "Tally") -> None:
        self.add_sums(other.sums(), other.longest_wait)

    def take_back(self, other: "Tally") -> None:
        """Undo `add`, all but the longest wait: what was the next one is for whoever adds to know."""
        self.take_sums_back(other.sums())

    def sums(self) -> "Sums":
        """The counts and times that are anything, without the longest wait: of one call a dozen of the thirty."""
        return [(name, counted) for name, counted in zip(_SUMS, _ALL_SUMS(self), strict=True) if counted]

    def add_sums(self, sums: "Sums", longest_wait: int) -> None:
        """As `add`, for who adds the same to many."""
        for name, more in sums:
            setattr(self, name, getattr(self, name) + more)
        if longest_wait > self.longest_wait:
            self.longest_wait = longest_wait

    def take_sums_back(self, sums: "Sums") -> None:
        """As `take_back`."""
        for name, less in sums:
            setattr(self, name, getattr(self, name) - less)


TIMES: Final = ("wait", "talk", "hold", "wrap_up", "longest_wait")
"""The fields of a Tally that are microseconds."""
COUNTS: Final = tuple(field.name for field in fields(Tally) if field.name not in TIMES)
"""The others: calls, offers and handles."""
_SUMS: Final = tuple(field.name for field in fields(Tally) if field.name != "longest_wait")
_ALL_SUMS: Final = attrgetter(*_SUMS)
_MISSED: Final = {"rona": "rona", "rejected": "refused", "busy": "busy", "unreachable": "unreachable"}


def tally(call: CallRecord, limits: Limits) -> Tally:
    """What one call adds to every whole it is part of."""
    counted = fate(call, limits)
    counted.add(work(call.offers, call.handles))
    return counted


def fate(call: CallRecord, limits: Limits) -> Tally:
    """What became of the caller, without what agents did for it."""
    waited = wait(call)
    answered = call.agent_answered_at is not None and waited is not None
    gave_up = call.outcome in ABANDONED and call.agent_answered_at is None
    lost = gave_up and waited is not None
    by_system = _picked_up_by_system(call)
    return Tally(
        offered=1,
        answered_by_system=by_system,
        within_three_rings=by_system and call.rings is not None and call.rings <= limits.ring_limit,
        answered=answered,
        person_within_three_rings=answered and _person_in_time(call, limits),
        queued=call.queued_at is not None,
        connected=call.talk_at is not None,
        within_threshold=answered and _at_most(waited, limits.threshold_s),
        abandoned=gave_up,
        abandoned_in_queue=lost,
        abandoned_in_threshold=lost and _at_most(waited, limits.threshold_s),
        short_abandons=lost and _at_most(waited, limits.short_abandon_s),
        place_kept=call.outcome == PLACE_KEPT,
        surveyed=call.satisfaction is not None,
        satisfied=call.satisfaction is not None and call.satisfaction >= SATISFIED,
        waiting=call.queued_at is not None and call.agent_answered_at is None and call.ended_at is None,
        wait=_us(waited) if answered and waited else 0,
        longest_wait=_us(waited) if waited else 0,
    )


def work(offers: Iterable[Offer], handles: Iterable[Handle]) -> Tally:
    """What agents did with calls, all of them or one."""
    counted = Tally()
    for offer in offers:
        counted.offers += 1
        if (name := _MISSED.get(offer.missed or "")) is not None:
            setattr(counted, name, getattr(counted, name) + 1)
    for handle in handles:
        counted.handled += 1
        counted.talk += _us(handle.talk)
        counted.hold += _us(handle.hold)
        counted.wrap_up += _us(handle.wrap_up)
    return counted


def _picked_up_by_system(call: CallRecord) -> bool:
    if call.answered_at is None:
        return False
    return call.agent_answered_at is None or call.answered_at < call.agent_answered_at


def _person_in_time(call: CallRecord, limits: Limits) -> bool:
    """rings = 1 + ⌊(answered − INVITE) ÷ ring period⌋ ≤ limit, as TEL-1 counts them."""
    assert call.agent_answered_at is not None
    return call.agent_answered_at - call.invited_at < timedelta(seconds=limits.ring_limit * limits.ring_period_s)


def _at_most(waited: timedelta | None, seconds: float) -> bool:
    return waited is not None and waited <= timedelta(seconds=seconds)


def _us(time: timedelta) -> int:
    return time // MICROSECOND


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure with what it is made of, so that it can be explained. Times are in microseconds, `value` in seconds."""

    numerator: int
    denominator: int
    unit: Literal["share", "seconds"] = "share"

    @property
    def value(self) -> float | None:
        """None when there was nothing to count."""
        if self.denominator <= 0:
            return None
        return self.numerator / self.denominator / (1_000_000 if self.unit == "seconds" else 1)


def service_level(t: Tally) -> Ratio:
    """Ours (TEL-2): answered within the threshold ÷ (queued − short abandons). Who waits still is not answered yet."""
    return Ratio(t.within_threshold, t.queued - t.short_abandons)


def asterisk_service_level(t: Tally) -> Ratio:
    """app_queue's ServicelevelPerf: answered within the threshold ÷ answered. Whoever gave up does not count at all."""
    return Ratio(t.within_threshold, t.answered)


def asterisk_service_level_2(t: Tally) -> Ratio:
    """app_queue's ServicelevelPerf2: (answered + abandoned within the threshold) ÷ (answered + abandoned)."""
    return Ratio(t.within_threshold + t.abandoned_in_threshold, t.answered + t.abandoned_in_queue)


def answer_rate(t: Tally) -> Ratio:
    """GB/T 33358-2016 接通率, at least 95 % in any 24 hours: answered by a person ÷ callers who asked for one.

    The standard gives no formula; this is the strict reading: nothing is left out of the denominator.
    """
    return Ratio(t.answered, t.queued)


def abandon_rate(t: Tally) -> Ratio:
    """Gave up at any step ÷ calls that arrived."""
    return Ratio(t.abandoned, t.offered)


def queue_abandon_rate(t: Tally) -> Ratio:
    """(Gave up in the queue − short abandons) ÷ (queued − short abandons)."""
    return Ratio(t.abandoned_in_queue - t.short_abandons, t.queued - t.short_abandons)


def three_rings_rate(t: Tally) -> Ratio:
    """TEL-1, the line: picked up by the system within three rings ÷ picked up by the system."""
    return Ratio(t.within_three_rings, t.answered_by_system)


def person_three_rings_rate(t: Tally) -> Ratio:
    """TEL-1, a person: answered by an agent within three rings from the INVITE ÷ answered by an agent."""
    return Ratio(t.person_within_three_rings, t.answered)


def average_speed_of_answer(t: Tally) -> Ratio:
    """Waits of answered calls ÷ answered calls; who gave up is left out."""
    return Ratio(t.wait, t.answered, "seconds")


def average_handle_time(t: Tally) -> Ratio:
    """(Talk + hold + wrap-up) ÷ handled."""
    return Ratio(t.talk + t.hold + t.wrap_up, t.handled, "seconds")


def average_talk(t: Tally) -> Ratio:
    """Talk ÷ handled."""
    return Ratio(t.talk, t.handled, "seconds")


def average_hold(t: Tally) -> Ratio:
    """Hold ÷ handled."""
    return Ratio(t.hold, t.handled, "seconds")


def average_wrap_up(t: Tally) -> Ratio:
    """Wrap-up ÷ handled."""
    return Ratio(t.wrap_up, t.handled, "seconds")


def satisfaction(t: Tally) -> Ratio:
    """QUA-1, target 85 %: keys 4 and 5 ÷ keys pressed."""
    return Ratio(t.satisfied, t.surveyed)


FIGURES: Final[Mapping[str, Callable[[Tally], Ratio]]] = {
    made.__name__: made
    for made in (
        service_level,
        asterisk_service_level,
        asterisk_service_level_2,
        answer_rate,
        abandon_rate,
        queue_abandon_rate,
        three_rings_rate,
        person_three_rings_rate,
        average_speed_of_answer,
        average_handle_time,
        average_talk,
        average_hold,
        average_wrap_up,
        satisfaction,
    )
}
"""All figures by name."""
