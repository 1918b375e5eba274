"""How a caller stands with us, as far as the match needs it: key customer, and who knows the case (flow). CUS-1.

Key customers are few: their numbers are kept in memory. Who knows the case is asked of the store, within a budget: a
slow store costs the caller the known agent, never a second of waiting.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from config.numbering import normalise
from crm.errors import StoreAway

log = logging.getLogger(__name__)

BUDGET_S = 0.2
REMEMBERED = timedelta(days=30)
"""So long a talk makes its agent the one who knows the caller."""


@dataclass(frozen=True)
class Standing:
    """`agents`: who have an open ticket of this caller; without one, who spoke with the caller last."""

    key_customer: bool = False
    agents: tuple[str, ...] = ()


STRANGER = Standing()


class CallerSource(Protocol):
    """`crm.db.calls.callers.CallerQueries`. All raise StoreAway."""

    async def key_numbers(self) -> frozenset[str]: ...

    async def refusing_numbers(self) -> frozenset[str]: ...

    async def refuses_calls(self, number: str) -> bool: ...

    async def who_has_open_ticket(self, number: str) -> tuple[str, ...]: ...

    async def who_spoke_last(self, number: str, since: datetime) -> tuple[str, ...]: ...


class Callers(Protocol):
    """What the call flow asks."""

    async def standing(self, number: str, *, with_agents: bool) -> Standing: ...

    async def refuses_calls(self, number: str) -> bool:
        """Whether a card says that this number must not be called (拒绝外呼)."""


class KnownCallers:
    """`refresh` reads the key customers again; call it now and then."""

    def __init__(self, source: CallerSource, area_code: str, clock: Callable[[], datetime]) -> None:
        self._source, self._area_code, self._clock = source, area_code, clock
        self._key_numbers: frozenset[str] = frozenset()
        self._refusing: frozenset[str] = frozenset()

    async def refresh(self) -> None:
        try:
            self._key_numbers = await self._source.key_numbers()
            self._refusing = await self._source.refusing_numbers()
        except StoreAway as exc:
            log.warning(
                "Key customers and do-not-call flags are as they were: %s", exc, extra={"action": "key_customers_stale"}
            )

    async def standing(self, number: str, *, with_agents: bool) -> Standing:
        """Of a number in any notation. `with_agents`: also who knows the case, which asks the store."""
        known = normalise(number, self._area_code).normalised
        if not known:
            return STRANGER
        is_key = known in self._key_numbers
        if not with_agents:
            return Standing(is_key)
        try:
            async with asyncio.timeout(BUDGET_S):
                agents = await self._source.who_has_open_ticket(known)
                agents = agents or await self._source.who_spoke_last(known, self._clock() - REMEMBERED)
        except (StoreAway, TimeoutError) as exc:
            log.warning("Who knows a caller is not known: %r", exc, extra={"action": "known_agent_unknown"})
            return Standing(is_key)
        return Standing(is_key, agents)

    async def refuses_calls(self, number: str) -> bool:
        """As the store says this moment; while it is slow or away, as it said at the last `refresh`."""
        known = normalise(number, self._area_code).normalised
        try:
            async with asyncio.timeout(BUDGET_S):
                return await self._source.refuses_calls(known)
        except (StoreAway, TimeoutError) as exc:
            log.warning("A do-not-call flag is as it was: %r", exc, extra={"action": "do_not_call_stale"})
            return known in self._refusing


class Strangers:
    """Nobody is known: a hotline without a store."""

    async def standing(self, number: str, *, with_agents: bool) -> Standing:
        return STRANGER

    async def refuses_calls(self, number: str) -> bool:
        return False
