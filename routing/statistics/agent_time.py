"""What agents did with their time (rules): spans of states, time per state, occupancy, and their work on each call.

The states are those of routing.agent, by value: what comes from a record may be of a state that is not known here yet.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from routing.statistics.figures import MICROSECOND, Handle, Ratio

HANDLING: Final = frozenset({"talking", "hold", "wrap_up"})
"""States in which an agent works on a call: their time is the handle time."""
BUSY: Final = HANDLING | {"reserved", "ringing"}
"""States in which an agent can take no other call, and has not asked for it."""

StateTime = Counter[tuple[str, str | None]]
"""Microseconds per (state, reason): what adherence is judged by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    agent: str
    at: datetime
    state: str
    reason: str | None = None
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An agent was in one state. `end` None: still is. The wrap-up belongs to the call it follows."""

    agent: str
    state: str
    start: datetime
    end: datetime | None = None
    reason: str | None = None
    call_id: str | None = None


class AgentClock:
    """Each agent's present span. Changes go in in the order in which they happened."""

    def __init__(self) -> None:
        self._now: dict[str, Span] = {}

    def change(self, change: StateChange) -> Span | None:
        """The span that this change ends; None for a first one, and for one that says what was known.

        Wishes, prolonged wrap-ups and controllers that come back tell a state again: that ends nothing.
        """
        before = self._now.get(change.agent)
        call_id = change.call_id
        if change.state == "wrap_up" and call_id is None and before is not None and before.state in HANDLING:
            call_id = before.call_id
        if before is not None and (before.state, before.reason, before.call_id) == (
            change.state,
            change.reason,
            call_id,
        ):
            return None
        start = change.at if before is None else max(change.at, before.start)
        self._now[change.agent] = Span(
            agent=change.agent, state=change.state, start=start, reason=change.reason, call_id=call_id
        )
        if before is None:
            return None
        return Span(
            agent=before.agent,
            state=before.state,
            start=before.start,
            end=start,
            reason=before.reason,
            call_id=before.call_id,
        )

    def span(self, agent: str) -> Span | None:
        """The agent's open span; None before anything was told."""
        return self._now.get(agent)

    def present(self) -> Iterable[Span]:
        """Everybody's open span."""
        return self._now.values()

    def handles(self, agent: str, call_id: str) -> bool:
        """Whether the agent is at work on this call now."""
        span = self._now.get(agent)
        return span is not None and span.call_id == call_id and span.state in HANDLING


def spans(changes: Iterable[StateChange]) -> Iterator[Span]:
    """The history: closed spans as they end, then the open ones."""
    clock = AgentClock()
    for change in changes:
        if (ended := clock.change(change)) is not None:
            yield ended
    yield from clock.present()


@dataclass
class Handles:
    """Agents' work on calls, summed up per call and agent, so that no call is handled twice by whom it came back to."""

    _of: dict[str, dict[str, Handle]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, span: Span) -> None:
        """Take note of a closed span; only work on a call counts."""
        if span.state not in HANDLING or span.call_id is None or span.end is None:
            return
        lasted, agents = span.end - span.start, self._of[span.call_id]
        known = agents.get(span.agent) or Handle(agent=span.agent)
        agents[span.agent] = Handle(
            agent=span.agent,
            talk=known.talk + lasted if span.state == "talking" else known.talk,
            hold=known.hold + lasted if span.state == "hold" else known.hold,
            wrap_up=known.wrap_up + lasted if span.state == "wrap_up" else known.wrap_up,
        )

    def finished(self, call_id: str, clock: AgentClock) -> tuple[Handle, ...]:
        """Of this call, without those who are at it still."""
        found = self._of.get(call_id, {})
        return tuple(handle for agent, handle in sorted(found.items()) if not clock.handles(agent, call_id))

    def forget(self, call_id: str) -> None:
        self._of.pop(call_id, None)


def within(span: Span, since: datetime, until: datetime) -> timedelta:
    """How much of a span lies in [since, until); an open one lasts until the end of it."""
    start, end = max(span.start, since), until if span.end is None else min(span.end, until)
    return max(end - start, timedelta(0))


def time_in_states(history: Iterable[Span], since: datetime, until: datetime) -> StateTime:
    """Time per state and reason in [since, until)."""
    times: StateTime = Counter()
    for span in history:
        if time := within(span, since, until) // MICROSECOND:
            times[span.state, span.reason] += time
    return times


def occupancy(times: Mapping[tuple[str, str | None], int]) -> Ratio:
    """Busy (reserved, ringing, talking, hold, wrap-up) ÷ (busy + available). Not ready counts for nothing."""
    busy = sum(time for (state, _), time in times.items() if state in BUSY)
    free = sum(time for (state, _), time in times.items() if state == "available")
    return Ratio(busy, busy + free)
