"""Calls by line, level, queue, agent and quarter of an hour, and agents' time by the last two (rules). RPT-1

A call that goes on is taken back and counted anew.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import Final

from routing.statistics.agent_time import Span, StateTime
from routing.statistics.figures import MICROSECOND, CallRecord, Limits, Ratio, Sums, Tally, answer_rate, fate, work

INTERVAL: Final = timedelta(minutes=15)
DAY: Final = timedelta(hours=24)


class By(Enum):
    """What calls are grouped by."""

    TOTAL = "total"
    LINE = "line"
    LEVEL = "level"
    QUEUE = "queue"
    AGENT = "agent"
    INTERVAL = "interval"


Key = str | datetime


def interval_of(at: datetime, zone: tzinfo) -> datetime:
    """The start (UTC) of the quarter of an hour on the zone's clock in which an instant lies."""
    local = at.astimezone(zone)
    return local.replace(minute=local.minute - local.minute % 15, second=0, microsecond=0).astimezone(UTC)


def parts(call: CallRecord, limits: Limits, zone: tzinfo) -> Iterator[tuple[By, Key, Tally]]:
    """Everything a call is part of, and what it adds there.

    With an agent counts what that agent did: the answer with who gave it, offers and handles each with their own.
    """
    of_caller, whole = fate(call, limits), work(call.offers, call.handles)
    whole.add(of_caller)
    yield By.TOTAL, "", whole
    yield By.INTERVAL, interval_of(call.invited_at, zone), whole
    yield By.LINE, call.line, whole
    yield By.LEVEL, call.level, whole
    if call.queue is not None:
        yield By.QUEUE, call.queue, whole
    agents = {offer.agent for offer in call.offers} | {handle.agent for handle in call.handles}
    for agent in agents | ({call.agent} if call.agent else set()):
        own = work(
            (offer for offer in call.offers if offer.agent == agent),
            (handle for handle in call.handles if handle.agent == agent),
        )
        if agent == call.agent and call.agent_answered_at is not None:
            own.add(of_caller)
        yield By.AGENT, agent, own


class Cell:
    """The tally of one group, from which a call can be taken back: also its wait, if that was the longest."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._waits: list[int] = []
        self._gone: Counter[int] = Counter()

    def put(self, added: Tally, sums: Sums) -> None:
        """`sums`: those of `added`, which goes into several cells."""
        self.tally.add_sums(sums, added.longest_wait)
        if added.longest_wait:
            if self._gone[added.longest_wait]:
                self._gone[added.longest_wait] -= 1
            else:
                heapq.heappush(self._waits, -added.longest_wait)

    def take_back(self, added: Tally, sums: Sums) -> None:
        self.tally.take_sums_back(sums)
        if added.longest_wait:
            self._gone[added.longest_wait] += 1
        while self._waits and self._gone[-self._waits[0]]:
            self._gone[-heapq.heappop(self._waits)] -= 1
        self.tally.longest_wait = -self._waits[0] if self._waits else 0


class Board:
    """The tallies of one period."""

    def __init__(self, limits: Limits, zone: tzinfo) -> None:
        self.limits = limits
        self._zone = zone
        self._cells: dict[By, dict[Key, Cell]] = {by: {} for by in By}

    def put(self, call: CallRecord) -> None:
        for by, key, added, sums in self._parts(call):
            cell = self._cells[by].get(key)
            if cell is None:
                cell = self._cells[by][key] = Cell()
            cell.put(added, sums)

    def take_back(self, call: CallRecord) -> None:
        """Undo `put` of the same record. Raises KeyError for one that was not put."""
        for by, key, added, sums in self._parts(call):
            cell = self._cells[by][key]
            cell.take_back(added, sums)
            if not cell.tally:
                del self._cells[by][key]

    def _parts(self, call: CallRecord) -> Iterator[tuple[By, Key, Tally, Sums]]:
        """What adds anything, each with its sums: five parts of a call are all of it."""
        before, sums = None, Sums()
        for by, key, added in parts(call, self.limits, self._zone):
            if added:
                if added is not before:
                    before, sums = added, added.sums()
                yield by, key, added, sums

    @property
    def total(self) -> Tally:
        return self.by(By.TOTAL).get("", Tally())

    def by(self, by: By) -> Mapping[Key, Tally]:
        """The groups that have any calls."""
        return {key: cell.tally for key, cell in self._cells[by].items()}


class TimeBook:
    """Agents' time per state and reason in [since, until), by agent and by quarter of an hour. Open spans come last."""

    def __init__(self, since: datetime, until: datetime, zone: tzinfo) -> None:
        self.since, self.until, self._zone = since, until, zone
        self._latest: datetime | None = None
        self.agents: dict[Key, StateTime] = defaultdict(Counter)
        self.intervals: dict[Key, StateTime] = defaultdict(Counter)

    def add(self, span: Span) -> None:
        """The part of a closed span that lies in the period."""
        assert span.end is not None, "an open span has no length yet"
        start, end = max(span.start, self.since), min(span.end, self.until)
        key = (span.state, span.reason)
        if start < end:
            self.agents[span.agent][key] += (end - start) // MICROSECOND
        while start < end:
            quarter = self._quarter(start)
            piece = min(end, quarter + INTERVAL)
            self.intervals[quarter][key] += (piece - start) // MICROSECOND
            start = piece

    def _quarter(self, at: datetime) -> datetime:
        """As `interval_of`; nearly always that of the time before."""
        if self._latest is None or not self._latest <= at < self._latest + INTERVAL:
            self._latest = interval_of(at, self._zone)
        return self._latest

    def with_open(self, open_spans: Iterable[Span], now: datetime) -> "TimeBook":
        """The same, and the spans that last still counted until now."""
        book = TimeBook(self.since, self.until, self._zone)
        book.agents.update({agent: times.copy() for agent, times in self.agents.items()})
        book.intervals.update({start: times.copy() for start, times in self.intervals.items()})
        for span in open_spans:
            if span.start < now:
                book.add(replace(span, end=now))
        return book

    @property
    def total(self) -> StateTime:
        together: StateTime = Counter()
        for times in self.agents.values():
            together.update(times)
        return together


def rolling_answer_rate(intervals: Mapping[Key, Tally], ends: Sequence[datetime]) -> dict[Key, Ratio]:
    """GB/T 33358's 接通率 of the 24 hours up to and including each of these quarters of an hour (by their starts)."""
    rates: dict[Key, Ratio] = {}
    for last in ends:
        day = Tally()
        for start, counted in intervals.items():
            if isinstance(start, datetime) and last - DAY < start <= last:
                day.add(counted)
        rates[last] = answer_rate(day)
    return rates
