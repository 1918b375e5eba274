"""Tells people in time that a clock runs out, once each, also after the system was down (flow). CPL-6.

What was told is written in the transaction that tells it, so two watchers, or one that dies, tell nothing twice.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from crm.cases.decide import warn
from crm.db.store import Store
from crm.errors import StoreAway
from crm.messages.model import ColleagueMessage
from crm.use_cases.cases import CaseService

log = logging.getLogger(__name__)

AT_ONCE = 200
"""So many tickets a round; the rest is told in the next."""


class Watch:
    """`tell` shows a notice on the pages that are open; it must not block."""

    def __init__(
        self,
        service: CaseService,
        store: Store,
        clock: Callable[[], datetime],
        tell: Callable[[ColleagueMessage], None] = lambda message: None,
    ) -> None:
        self._service, self._store, self._clock, self._tell = service, store, clock, tell

    async def tick(self) -> int:
        """One round; returns how many notices went out. A store that is away now is asked again in the next."""
        sent = 0
        try:
            for number in await self._store.cases.due(self._clock(), AT_ONCE):
                sent += await self._warn(number)
            self._service.at_risk = await self._store.cases.lists.risks(self._clock())
        except StoreAway as exc:
            log.warning("Nobody is told of deadlines now: %s", exc, extra={"action": "watch_without_store"})
        return sent

    async def _warn(self, number: str) -> int:
        """One broken case holds up no other."""
        rules = self._service.rules
        try:
            messages = await self._store.cases.warn(number, lambda file: warn(file, self._clock(), rules))
        except StoreAway:
            raise
        except Exception:
            log.exception("The clocks of %s cannot be told", number, extra={"action": "watch_failed", "ticket": number})
            return 0
        for message in messages:
            self._tell(message)
        return len(messages)
