"""Figures of today and of other times, and agents' histories (adapter). Today's are live, the store tells the rest."""

from datetime import datetime, timedelta
from typing import Final

from app.figures.records import change_of, midnight
from app.web.api.figures.figure_shapes import (
    FiguresOut,
    FiguresQuery,
    HistoryOut,
    HistoryQuery,
    figures_out,
    history_out,
)
from app.web.http.contract import Nothing
from app.web.http.operations import Ask
from app.web.wire.problems import Problem, invalid
from routing.statistics.agent_time import spans, time_in_states

LONGEST: Final = timedelta(days=92)
"""So long a period may be: a quarter of a year."""


async def get_figures(ask: Ask[FiguresQuery, Nothing]) -> FiguresOut:
    """Today's without a query: from memory, to the last event. Any other period, and the start, from the store."""
    query, services = ask.query, ask.services
    now = services.clock()
    since, until = period_of(query.since, query.until, ask)
    today = midnight(now, services.site)
    period = services.figures.today() if query.until is None and since == today else None
    if period is None:
        earlier = query.by == "interval"
        period = await ask.acts.reports.figures(since, until, earlier=earlier)
    return figures_out(period, now, query.by)


async def agent_history(ask: Ask[HistoryQuery, Nothing]) -> HistoryOut:
    """What states an agent was in, and how long: one's own, or as a supervisor anybody's."""
    agent = ask.path("id")
    since, until = period_of(ask.query.since, ask.query.until, ask)
    changes = await ask.acts.reports.agent_states(since, until, agent)
    if agent not in {known.id for known in ask.services.site.agents}:
        raise Problem("not_found", f"No agent {agent}.")
    history = list(spans(change_of(change) for change in changes))
    return history_out(agent, history, time_in_states(history, since, until), since, until)


def period_of(
    since: datetime | None, until: datetime | None, ask: Ask[FiguresQuery, Nothing] | Ask[HistoryQuery, Nothing]
) -> tuple[datetime, datetime]:
    """From today's midnight until now, unless asked otherwise. Raises Problem for one that is none, or too long."""
    now = ask.services.clock()
    start, end = since or midnight(now, ask.services.site), min(until or now, now)
    if end < start:
        raise invalid("until", "after `since`, which is not in the future")
    if end - start > LONGEST:
        raise invalid("since", f"at most {LONGEST.days} days before `until`")
    return start, end
