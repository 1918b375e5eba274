"""Calls counted by line, level, queue, agent and quarter of an hour (rules). A call that goes on is counted anew."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import Final

from routing.figures import CallRecord, Limits, Ratio, Tally, answer_rate, tally, work

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
    whole = tally(call, limits)
    yield By.TOTAL, "", whole
    yield By.INTERVAL, interval_of(call.invited_at, zone), whole
    yield By.LINE, call.line, whole
    yield By.LEVEL, call.level, whole
    if call.queue is not None:
        yield By.QUEUE, call.queue, whole
    answered = call.agent_answered_at is not None
    answers = tally(replace(call, offers=(), handles=()), limits) if answered else Tally()
    agents = {offer.agent for offer in call.offers} | {handle.agent for handle in call.handles}
    for agent in agents | ({call.agent} if call.agent else set()):
        own = work(
            (offer for offer in call.offers if offer.agent == agent),
            (handle for handle in call.handles if handle.agent == agent),
        )
        if agent == call.agent:
            own.add(answers)
        yield By.AGENT, agent, own


class Board:
    """The tallies of one period."""

    def __init__(self, limits: Limits, zone: tzinfo) -> None:
        self.limits = limits
        self._zone = zone
        self._tallies: dict[By, dict[Key, Tally]] = {by: defaultdict(Tally) for by in By}

    def put(self, call: CallRecord) -> None:
        for by, key, added in parts(call, self.limits, self._zone):
            self._tallies[by][key].add(added)

    def take_back(self, call: CallRecord) -> None:
        """Undo `put` of the same record."""
        for by, key, added in parts(call, self.limits, self._zone):
            self._tallies[by][key].take_back(added)

    @property
    def total(self) -> Tally:
        return self._tallies[By.TOTAL][""]

    def by(self, by: By) -> Mapping[Key, Tally]:
        return self._tallies[by]


def rolling_answer_rate(intervals: Mapping[Key, Tally], ends: Sequence[datetime]) -> dict[datetime, Ratio]:
    """GB/T 33358's 接通率 of the 24 hours up to and including each of these quarters of an hour (by their starts)."""
    rates = {}
    for last in ends:
        day = Tally()
        for start, counted in intervals.items():
            if isinstance(start, datetime) and last - DAY < start <= last:
                day.add(counted)
        rates[last] = answer_rate(day)
    return rates
