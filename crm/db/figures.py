"""The day's figures, in one SQL pass over the calls. Formulas: crm.calls.model.FigureRow. TEL-1, TEL-2."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.calls.model import FigureRow, Figures
from crm.db.schema import call

ABANDONED: Final = ("abandoned_ringing", "abandoned_menu", "abandoned_queue")


async def figures(
    connection: AsyncConnection,
    since: datetime,
    until: datetime | None,
    ring_limit: int,
    threshold_s: float,
    short_abandon_s: float,
) -> Figures:
    """Inbound calls that arrived in [since, until). A call counts with its line, and with the queue it was last in."""
    query = (
        select(call.c.line, call.c.queue, *_sums(ring_limit, threshold_s, short_abandon_s))
        .where(call.c.direction == "inbound", call.c.invited_at >= since)
        .group_by(call.c.line, call.c.queue)
    )
    if until is not None:
        query = query.where(call.c.invited_at < until)
    rows = list(await connection.execute(query))
    by_line: dict[str, list[Row[Any]]] = defaultdict(list)
    by_queue: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_line[row.line or ""].append(row)
        if row.queue is not None:
            by_queue[row.queue].append(row)
    return Figures(
        since=since,
        ring_limit=ring_limit,
        threshold_s=threshold_s,
        short_abandon_s=short_abandon_s,
        total=_together(rows),
        lines={name: _together(parts) for name, parts in sorted(by_line.items())},
        queues={name: _together(parts) for name, parts in sorted(by_queue.items())},
    )


def _sums(ring_limit: int, threshold_s: float, short_abandon_s: float) -> list[ColumnElement[Any]]:
    c = call.c
    in_queue = c.outcome == "abandoned_queue"
    agent_answered = c.agent_answered_at.is_not(None)
    counted = {
        "answered_by_system": c.answered_at.is_not(None),
        "within_three_rings": c.rings <= ring_limit,
        "queued": c.queued_at.is_not(None),
        "connected": c.talk_at.is_not(None),
        "within_threshold": and_(agent_answered, c.wait_s <= threshold_s),
        "abandoned": c.outcome.in_(ABANDONED),
        "abandoned_in_queue": in_queue,
        "short_abandons": and_(in_queue, c.wait_s <= short_abandon_s),
        "waiting": and_(c.queued_at.is_not(None), c.agent_answered_at.is_(None), c.ended_at.is_(None)),
        "waited": and_(agent_answered, c.wait_s.is_not(None)),
        "talked": c.talk_s.is_not(None),
    }
    return [
        func.count().label("offered"),
        *(func.sum(case((condition, 1), else_=0)).label(name) for name, condition in counted.items()),
        func.sum(case((agent_answered, c.wait_s), else_=None)).label("waited_s"),
        func.sum(c.talk_s).label("talked_s"),
        func.max(c.wait_s).label("longest_wait_s"),
    ]


_COUNTS: Final = (
    "offered",
    "answered_by_system",
    "within_three_rings",
    "queued",
    "connected",
    "within_threshold",
    "abandoned",
    "abandoned_in_queue",
    "short_abandons",
    "waiting",
)


def _together(rows: Iterable[Row[Any]]) -> FigureRow:
    """Adds up groups: sums and counts first, ratios from them."""
    parts = [row._mapping for row in rows]
    counts = {name: sum(int(part[name] or 0) for part in parts) for name in _COUNTS}
    waits = [part["longest_wait_s"] for part in parts if part["longest_wait_s"] is not None]
    return FigureRow(
        **counts,
        average_speed_of_answer_s=_ratio(_sum(parts, "waited_s"), _sum(parts, "waited")),
        longest_wait_s=max(waits, default=None),
        average_talk_s=_ratio(_sum(parts, "talked_s"), _sum(parts, "talked")),
        three_rings_rate=_ratio(counts["within_three_rings"], counts["answered_by_system"]),
        service_level=_ratio(counts["within_threshold"], counts["queued"] - counts["short_abandons"]),
        abandon_rate=_ratio(counts["abandoned"], counts["offered"]),
    )


def _sum(parts: Iterable[Any], name: str) -> float:
    return float(sum(part[name] or 0 for part in parts))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
