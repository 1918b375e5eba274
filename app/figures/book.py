"""Figures as events happen (rules): events in, in the order of the journal; the figures of each day out.

The same book serves the live pages and the replay of a journal. What is remembered of a call that is over are its
counts; its events are forgotten a little later, so that memory grows with the calls of a minute, not of a day.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from app.figures.period import Period
from app.figures.records import call_record, change_of, limits_of, midnight, next_midnight
from config.schema import Site
from crm.journal.events import AgentStateChanged, CallEnded, CallEvent, Event
from routing.statistics.agent_time import HANDLING, AgentClock, Handles
from routing.statistics.figure_board import Board, TimeBook
from routing.statistics.figures import CallRecord

LATE: Final = timedelta(seconds=20)
"""So long after its end a call's events are kept for what may still be told of it."""
AT_ONCE: Final = 2
"""Then they are counted and forgotten, a few with each event: all together would hold up the calls going on."""
MAY_TURN_OUT_OTHERWISE: Final = frozenset({"abandoned_message"})
"""Outcomes that may change much later: the message is found when Asterisk has finished it."""


@dataclass(slots=True)
class _Call:
    """A call's events, and the record that was counted last."""

    story: list[CallEvent] = field(default_factory=list)
    counted: CallRecord | None = None
    ended: bool = False


@dataclass(slots=True)
class _Day:
    board: Board
    times: TimeBook


class FigureBook:
    """Not thread-safe. `hear` costs microseconds. A call is counted when it is over, and before that when somebody asks
    and it has changed since."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._limits = limits_of(site)
        self._days: dict[date, _Day] = {}
        self._latest: _Day | None = None
        """The day that was asked for last: nearly always the one of the next event too."""
        self._calls: dict[str, _Call] = {}
        self._changed: set[str] = set()
        self._ended: deque[tuple[datetime, str]] = deque()
        self._clock, self._handles = AgentClock(), Handles()
        self._at_work: Counter[str] = Counter()
        """How many agents work on a call now."""
        self._first = date.min
        """The first day that somebody may ask for."""
        self._last: datetime | None = None

    def hear(self, event: Event) -> None:
        """Take note. Any event of a call counts as a change of it: what it means is for the call's record to say."""
        if self._last is None or event.at > self._last:
            self._last = event.at
        if isinstance(event, AgentStateChanged):
            self._agent_changed(event)
        elif isinstance(event, CallEvent):
            call = self._calls.get(event.call_id)
            if call is None:
                call = self._calls[event.call_id] = _Call()
            call.story.append(event)
            self._changed.add(event.call_id)
            if isinstance(event, CallEnded) and not call.ended:
                call.ended = True
                self._ended.append((event.at, event.call_id))
        self._settle(self._last - LATE)

    def day(self, moment: datetime, now: datetime) -> Period:
        """The figures of the local day in which `moment` lies, as of now."""
        self._count()
        asked = self._day(moment)
        return Period(
            since=asked.times.since,
            until=min(now, asked.times.until),
            limits=self._limits,
            board=asked.board,
            times=asked.times.with_open(self._clock.present(), now),
            earlier=self._day(asked.times.since - timedelta(hours=1)).board,
        )

    def forget_before(self, moment: datetime) -> None:
        """Days before the local day of this moment are not asked for any more."""
        first = self._first = self._local(moment)
        for day in [day for day in self._days if day < first]:
            del self._days[day]
        self._latest = None
        for call_id in [call_id for call_id, call in self._calls.items() if self._local(call.story[0].at) < first]:
            self._forget(call_id)

    def _agent_changed(self, event: AgentStateChanged) -> None:
        self._day(event.at)
        before = self._clock.span(event.agent)
        ended = self._clock.change(change_of(event))
        after = self._clock.span(event.agent)
        for span, step in ((before, -1), (after, +1)):
            if ended is not before and span is not None and span.call_id and span.state in HANDLING:
                self._at_work[span.call_id] += step
                self._changed.add(span.call_id)
        if ended is not None and ended.end is not None:
            for day in self._days_of(ended.start, ended.end):
                day.times.add(ended)
            self._handles.add(ended)

    def _count(self) -> None:
        """Counts what has changed."""
        for call_id in self._changed:
            self._count_call(call_id)
        self._changed.clear()

    def _count_call(self, call_id: str) -> None:
        call = self._calls.get(call_id)
        if call is None:
            if not self._at_work[call_id]:
                self._handles.forget(call_id)
            return
        record = call_record(call.story, self._handles.finished(call_id, self._clock), self._site)
        if record != call.counted:
            self._put(call.counted, record)
            call.counted = record

    def _settle(self, until: datetime) -> None:
        """Counts calls that ended before then, a few of them, and forgets their events."""
        for _ in range(AT_ONCE):
            if not self._ended or self._ended[0][0] >= until:
                return
            ended_at, call_id = self._ended.popleft()
            if self._at_work[call_id]:
                self._ended.append((ended_at + LATE, call_id))
                continue
            if call_id in self._changed:
                self._changed.discard(call_id)
                self._count_call(call_id)
            call = self._calls.get(call_id)
            if call is None or call.counted is None or call.counted.outcome not in MAY_TURN_OUT_OTHERWISE:
                self._forget(call_id)

    def _put(self, before: CallRecord | None, after: CallRecord | None) -> None:
        if before is not None and self._is_kept(before):
            self._day(before.invited_at).board.take_back(before)
        if after is not None and self._is_kept(after):
            self._day(after.invited_at).board.put(after)

    def _forget(self, call_id: str) -> None:
        self._calls.pop(call_id, None)
        self._at_work.pop(call_id, None)
        self._handles.forget(call_id)

    def _is_kept(self, call: CallRecord) -> bool:
        return self._first == date.min or self._local(call.invited_at) >= self._first

    def _local(self, at: datetime) -> date:
        return at.astimezone(self._site.zone).date()

    def _days_of(self, start: datetime, end: datetime) -> Iterator[_Day]:
        """The days from an instant to another, those that are still asked for."""
        if self._latest is not None and self._latest.times.since <= start and end < self._latest.times.until:
            yield self._latest
            return
        day = max(self._local(start), self._first)
        while day <= self._local(end):
            yield self._day(datetime.combine(day, time(12), self._site.zone))
            day += timedelta(days=1)

    def _day(self, at: datetime) -> _Day:
        if self._latest is not None and self._latest.times.since <= at < self._latest.times.until:
            return self._latest
        day = self._local(at)
        if day not in self._days:
            since, until = midnight(at, self._site), next_midnight(at, self._site)
            self._days[day] = _Day(Board(self._limits, self._site.zone), TimeBook(since, until, self._site.zone))
        self._latest = self._days[day]
        return self._latest
