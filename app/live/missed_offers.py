"""How often each agent has missed an offer today, by reason: RONA, refused, busy, unreachable. Made from events."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from crm.journal.events import AgentMissed, Event
from crm.quality.file import MISSED_REASONS


class MissedOffers:
    """Counts of the site's present day."""

    def __init__(self, zone: ZoneInfo, now: Callable[[], datetime], past: Iterable[Event] = ()) -> None:
        self._zone, self._now = zone, now
        self._day: date | None = None
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        for event in past:
            if isinstance(event, AgentMissed):
                self.missed(event)

    def of(self, agent: str) -> Mapping[str, int]:
        """By reason; reasons that did not happen are left out."""
        self._turn_to(self._now())
        return dict(self._counts[agent])

    def missed(self, event: AgentMissed) -> None:
        self._turn_to(event.at)
        if event.reason in MISSED_REASONS and event.at.astimezone(self._zone).date() == self._day:
            self._counts[event.agent][event.reason] += 1

    def _turn_to(self, at: datetime) -> None:
        day = at.astimezone(self._zone).date()
        if self._day is None or day > self._day:
            self._day = day
            self._counts.clear()
