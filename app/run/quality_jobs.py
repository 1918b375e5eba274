"""What quality control does by the clock (flow): days gathered onto files, suggestions followed up, cards entered.

Each may be called at any time and again: what is done is not done twice. While the store is away, it is left for the
next time. QUA-6, SUG-1, CPL-10.
"""

import logging
from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from config.schema import Site
from crm.db.store import Store
from crm.errors import StoreAway
from crm.use_cases import suggestions as suggestions
from crm.use_cases.quality import gather_days

log = logging.getLogger(__name__)

T = TypeVar("T")


class Behind(Protocol):
    """Of the projector: whether the store has what the journal has."""

    def status(self) -> Mapping[str, object]: ...


async def gather_finished_days(store: Store, projector: Behind, site: Site, now: datetime) -> None:
    """Yesterday, and every day before that no controller was there for; once the store has all events of them."""
    if projector.status()["behind_bytes"] == 0:
        days = await _when_there(gather_days(store, site, now), "gather days")
        if days:
            log.info("Gathered %d days onto the agents' files.", days, extra={"action": "days_gathered"})


async def follow_suggestions(store: Store, site: Site, now: datetime) -> None:
    """Proposers who have been told, departments that are late."""
    await _when_there(suggestions.follow_up(store, site, now), "follow suggestions")


async def ship_cards(store: Store, site: Site) -> None:
    """The site's own knowledge cards, those that were never entered."""
    await _when_there(store.knowledge.ship(site.knowledge.cards), "enter knowledge cards")


async def _when_there(work: Awaitable[T], what: str) -> T | None:
    try:
        return await work
    except StoreAway as exc:
        log.warning("To %s waits for the store: %s", what, exc, extra={"action": "job_store_away"})
        return None
