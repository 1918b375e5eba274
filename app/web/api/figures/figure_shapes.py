"""The outside shape of figures: each with what it is made of, so that it can be explained (data and translation). RPT-1

Times are seconds here, counts are calls. The formulas stand in routing/statistics/figures.py and nowhere else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from app.figures.period import Period
from app.web.http.contract import In, Key, Moment, Out
from app.web.wire.encoding import instant
from routing.agent import AgentState
from routing.statistics.agent_time import Span, StateTime, occupancy, within
from routing.statistics.figure_board import Board, By, rolling_answer_rate
from routing.statistics.figure_board import Key as GroupKey
from routing.statistics.figures import COUNTS, FIGURES, Ratio, Tally

ByName = Literal["total", "line", "level", "queue", "agent", "interval"]


class RatioOut(Out, frozen=True, kw_only=True):
    """numerator ÷ denominator = value, null when there was nothing to count. `unit`: the numerator's."""

    value: float | None
    numerator: float
    denominator: float
    unit: Literal["share", "seconds"]


class FigureRow(Out, frozen=True, kw_only=True):
    """Counts of inbound calls, and the figures made of them (`ratios` by name). A ratio of nothing is null."""

    offered: int = 0
    answered_by_system: int = 0
    within_three_rings: int = 0
    answered: int = 0
    person_within_three_rings: int = 0
    queued: int = 0
    connected: int = 0
    within_threshold: int = 0
    abandoned: int = 0
    abandoned_in_queue: int = 0
    abandoned_in_threshold: int = 0
    short_abandons: int = 0
    waiting: int = 0
    offers: int = 0
    rona: int = 0
    refused: int = 0
    busy: int = 0
    unreachable: int = 0
    handled: int = 0
    place_kept: int = 0
    surveyed: int = 0
    satisfied: int = 0
    average_speed_of_answer_s: float | None = None
    average_talk_s: float | None = None
    longest_wait_s: float | None = None
    three_rings_rate: float | None = None
    service_level: float | None = None
    abandon_rate: float | None = None
    ratios: dict[str, RatioOut]


class StateTimeOut(Out, frozen=True, kw_only=True):
    """Time in a state; `reason` tells why not ready."""

    state: AgentState
    reason: str | None
    seconds: float


class FigureGroupOut(Out, frozen=True, kw_only=True):
    """One line, level, queue, agent, or quarter of an hour (`key`: its start). Agents' time is told where it can be:
    in total, per agent and per interval. `answer_rate_24h`: 接通率 of the 24 hours that end with the interval."""

    key: str
    figures: FigureRow
    time: list[StateTimeOut] | None = None
    occupancy: RatioOut | None = None
    answer_rate_24h: RatioOut | None = None


class FiguresOut(Out, frozen=True, kw_only=True):
    """Figures of the calls that arrived in [since, until), with the limits they were judged by."""

    since: datetime
    until: datetime
    at: datetime
    ring_limit: int
    threshold_s: float
    short_abandon_s: float
    total: FigureRow
    lines: dict[str, FigureRow]
    levels: dict[str, FigureRow]
    queues: dict[str, FigureRow]
    by: ByName | None
    groups: list[FigureGroupOut]


class FiguresQuery(In, frozen=True, kw_only=True):
    """`since`: default is today's midnight at the site; `until`: now. `by`: what `groups` are."""

    since: Moment | None = None
    until: Moment | None = None
    by: ByName = "total"


class HistoryQuery(In, frozen=True, kw_only=True):
    """`since`: default is today's midnight at the site; `until`: now."""

    since: Moment | None = None
    until: Moment | None = None


class SpanOut(Out, frozen=True, kw_only=True):
    """One state from `start` to `end`, which is null for the present one. `seconds`: of it, in the period asked for."""

    state: AgentState
    reason: str | None
    call: str | None
    start: datetime
    end: datetime | None
    seconds: float


class HistoryOut(Out, frozen=True, kw_only=True):
    """An agent's states in a period, the time in each, and the occupancy."""

    agent: Key
    since: datetime
    until: datetime
    spans: list[SpanOut]
    time: list[StateTimeOut]
    occupancy: RatioOut


def figures_out(period: Period, at: datetime, by: ByName | None = None) -> FiguresOut:
    """Everything of a period. Groups by interval are in order of time, all others by name.

    `by` None: no groups, and so nothing that moves by the second although nothing happens: for screens on walls.
    """
    limits, board = period.limits, period.board
    return FiguresOut(
        since=period.since,
        until=period.until,
        at=at,
        ring_limit=limits.ring_limit,
        threshold_s=limits.threshold_s,
        short_abandon_s=limits.short_abandon_s,
        total=figure_row(board.total),
        lines=_rows(board, By.LINE),
        levels=_rows(board, By.LEVEL),
        queues=_rows(board, By.QUEUE),
        by=by,
        groups=[] if by is None else _groups(period, By(by)),
    )


def figure_row(tally: Tally) -> FigureRow:
    ratios = {name: ratio_out(figure(tally)) for name, figure in FIGURES.items()}
    return FigureRow(
        **{name: int(getattr(tally, name)) for name in COUNTS},
        average_speed_of_answer_s=ratios["average_speed_of_answer"].value,
        average_talk_s=ratios["average_talk"].value,
        longest_wait_s=tally.longest_wait / 1e6 if tally.longest_wait else None,
        three_rings_rate=ratios["three_rings_rate"].value,
        service_level=ratios["service_level"].value,
        abandon_rate=ratios["abandon_rate"].value,
        ratios=ratios,
    )


def ratio_out(ratio: Ratio) -> RatioOut:
    scale = 1e6 if ratio.unit == "seconds" else 1
    return RatioOut(
        value=ratio.value,
        numerator=ratio.numerator / scale if scale > 1 else ratio.numerator,
        denominator=ratio.denominator,
        unit=ratio.unit,
    )


def history_out(agent: str, spans: list[Span], times: StateTime, since: datetime, until: datetime) -> HistoryOut:
    return HistoryOut(
        agent=agent,
        since=since,
        until=until,
        spans=[
            SpanOut(
                state=AgentState(span.state),
                reason=span.reason,
                call=span.call_id,
                start=span.start,
                end=span.end,
                seconds=within(span, since, until).total_seconds(),
            )
            for span in spans
        ],
        time=_time(times),
        occupancy=ratio_out(occupancy(times)),
    )


def _rows(board: Board, by: By) -> dict[str, FigureRow]:
    tallies = board.by(by)
    return {str(key): figure_row(tallies[key]) for key in sorted(tallies, key=str)}


def _groups(period: Period, by: By) -> list[FigureGroupOut]:
    tallies = dict(period.board.by(by)) or ({"": Tally()} if by is By.TOTAL else {})
    times = _times_by(period, by)
    keys = sorted(tallies.keys() | times.keys(), key=_text)
    rates = _rolling(period, [key for key in keys if isinstance(key, datetime)]) if by is By.INTERVAL else {}
    return [
        FigureGroupOut(
            key=_text(key),
            figures=figure_row(tallies.get(key, Tally())),
            time=_time(times[key]) if key in times else None,
            occupancy=ratio_out(occupancy(times[key])) if key in times else None,
            answer_rate_24h=ratio_out(rates[key]) if key in rates else None,
        )
        for key in keys
    ]


def _times_by(period: Period, by: By) -> Mapping[GroupKey, StateTime]:
    if by is By.AGENT:
        return period.times.agents
    if by is By.INTERVAL:
        return period.times.intervals
    return {"": period.times.total} if by is By.TOTAL else {}


def _rolling(period: Period, starts: list[datetime]) -> Mapping[GroupKey, Ratio]:
    if period.earlier is None:
        return {}
    intervals = {**period.earlier.by(By.INTERVAL), **period.board.by(By.INTERVAL)}
    return rolling_answer_rate(intervals, starts)


def _time(times: StateTime) -> list[StateTimeOut]:
    return [
        StateTimeOut(state=AgentState(state), reason=reason, seconds=times[state, reason] / 1e6)
        for state, reason in sorted(times, key=lambda key: (key[0], key[1] or ""))
    ]


def _text(key: GroupKey) -> str:
    return instant(key) if isinstance(key, datetime) else key
