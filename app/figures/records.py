"""From the words of the journal to those of the figures (rules): routing does not know crm, so this is the bridge."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from config.schema import Site
from crm.calls.record import fold
from crm.journal.events import AgentMissed, AgentOffered, AgentStateChanged, CallEvent, OutsideTalkStarted
from routing.statistics.agent_time import StateChange
from routing.statistics.figures import CallRecord, Handle, Limits, Offer

RING_LIMIT = 3
"""TEL-1: within three rings."""


def limits_of(site: Site) -> Limits:
    """What this site's calls are judged by."""
    level = site.service_level
    return Limits(
        ring_limit=RING_LIMIT,
        ring_period_s=site.ring_period_s,
        threshold_s=level.threshold_s,
        short_abandon_s=level.short_abandon_s,
    )


def midnight(now: datetime, site: Site) -> datetime:
    """The start of today where the site is."""
    return now.astimezone(site.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def next_midnight(now: datetime, site: Site) -> datetime:
    """The end of that day: 23 to 25 hours after its start, where clocks are changed."""
    start = midnight(now, site)
    return midnight(start.replace(hour=12) + timedelta(days=1), site)


def change_of(event: AgentStateChanged) -> StateChange:
    return StateChange(agent=event.agent, at=event.at, state=event.state, reason=event.reason, call_id=event.call_id)


def call_record(story: Sequence[CallEvent], handles: tuple[Handle, ...], site: Site) -> CallRecord | None:
    """The call of these events; None for one that did not come in from a customer, or whose arrival is not told yet."""
    row = fold(story)
    if row is None or row.direction != "inbound":
        return None
    line = site.line_for(row.dnis)
    outside = next((event.at for event in story if isinstance(event, OutsideTalkStarted)), None)
    return CallRecord(
        call_id=row.call,
        invited_at=row.invited_at,
        line=row.line or "",
        level=line.level if line else "",
        queue=row.queue,
        agent=row.agent,
        answered_at=row.answered_at,
        rings=row.rings,
        queued_at=row.queued_at,
        agent_answered_at=row.agent_answered_at or outside,  # on duty at home is a person too (TEL-6)
        talk_at=row.talk_at or outside,
        ended_at=row.ended_at,
        outcome=row.outcome,
        satisfaction=row.satisfaction,
        offers=_offers(story),
        handles=handles,
    )


def _offers(story: Sequence[CallEvent]) -> tuple[Offer, ...]:
    """Each offer with what became of it; also one that is known by its failure alone."""
    offers: list[Offer] = []
    for event in story:
        if isinstance(event, AgentOffered):
            offers.append(Offer(agent=event.agent))
        elif isinstance(event, AgentMissed):
            missed = Offer(agent=event.agent, missed=event.reason)
            try:
                offers[len(offers) - 1 - offers[::-1].index(Offer(agent=event.agent))] = missed
            except ValueError:
                offers.append(missed)
    return tuple(offers)
