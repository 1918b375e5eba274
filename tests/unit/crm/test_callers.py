"""How a caller stands with us: from memory, or within a budget."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from config.numbering import normalise
from crm.errors import StoreAway
from crm.use_cases.by_clock.callers import STRANGER, KnownCallers, Standing

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass
class Source:
    """A store that may be away or slow."""

    key: frozenset[str] = frozenset({normalise("13812345678", "0571").normalised})
    open_ticket: tuple[str, ...] = ()
    last: tuple[str, ...] = ("8002",)
    refusing: frozenset[str] = frozenset({"13811112222"})
    away: bool = False
    delay_s: float = 0.0

    async def _answer(self) -> None:
        await asyncio.sleep(self.delay_s)
        if self.away:
            raise StoreAway("away")

    async def key_numbers(self) -> frozenset[str]:
        await self._answer()
        return self.key

    async def refusing_numbers(self) -> frozenset[str]:
        await self._answer()
        return self.refusing

    async def refuses_calls(self, number: str) -> bool:
        await self._answer()
        return number in self.refusing

    async def who_has_open_ticket(self, number: str) -> tuple[str, ...]:
        await self._answer()
        return self.open_ticket

    async def who_spoke_last(self, number: str, since: datetime) -> tuple[str, ...]:
        await self._answer()
        assert since < NOW
        return self.last


async def known(source: Source) -> KnownCallers:
    callers = KnownCallers(source, "0571", lambda: NOW)
    await callers.refresh()
    return callers


async def test_a_key_customer_is_known_in_any_notation() -> None:
    callers = await known(Source())
    for number in ("13812345678", "+8613812345678", "0086 138 1234 5678"):
        assert await callers.standing(number, with_agents=False) == Standing(True)
    assert await callers.standing("13900000000", with_agents=False) == STRANGER
    assert await callers.standing("", with_agents=True) == STRANGER


async def test_who_has_the_case_goes_before_who_spoke_last() -> None:
    callers = await known(Source(open_ticket=("8004",)))
    assert (await callers.standing("13812345678", with_agents=True)).agents == ("8004",)
    callers = await known(Source())
    assert (await callers.standing("13812345678", with_agents=True)).agents == ("8002",)


async def test_a_store_that_is_away_or_slow_costs_only_the_known_agent() -> None:
    source = Source()
    callers = await known(source)
    source.away = True
    await callers.refresh()
    assert await callers.standing("13812345678", with_agents=True) == Standing(True)
    source.away, source.delay_s = False, 10.0
    async with asyncio.timeout(1):
        assert await callers.standing("13812345678", with_agents=True) == Standing(True)


async def test_a_do_not_call_flag_is_read_at_that_moment_and_remembered_while_the_store_is_away() -> None:
    source = Source()
    callers = await known(source)
    assert await callers.refuses_calls("+86 138 1111 2222")
    assert not await callers.refuses_calls("13800000001")
    source.refusing = frozenset({"13800000001"})
    assert await callers.refuses_calls("13800000001"), "set since the last refresh"
    source.away = True
    assert await callers.refuses_calls("13811112222"), "as it was at the last refresh"
