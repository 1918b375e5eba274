"""Guesses at telephones' secrets, on real Asterisk: after some nobody reads them; all others are served. OPS-7"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.phone.account import Account
from app.phone.errors import RegistrationRefused
from app.phone.sip import TestPhone
from crm.journal.events import CallEnded, TalkStarted
from ivr.sip.guesses import TOLD_AT
from tests.integration.crowd import Crowd
from tests.integration.harness.api import until
from tests.integration.harness.invariants import assert_nothing_left
from tests.integration.harness.running import RunningSystem
from tests.integration.harness.scanner import scanner
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.req("OPS-7")]

GUESSER, DESK, AGENT = "127.0.0.66", "127.0.0.1", "8001"


@pytest.fixture
async def hotline(system: RunningSystem) -> AsyncIterator[RunningSystem]:
    system.site.queue("*", announce_agent=False, wrap_up_s=0.5)
    await system.up()
    yield system


async def answer_to(system: RunningSystem, address: str, secret: str) -> str:
    """Asterisk's to a registration from there."""
    async with TestPhone(address) as phone:
        try:
            await phone.register(Account(f"agent-{AGENT}", secret, system.sip))
        except RegistrationRefused as refused:
            return str(refused)
    return "200"


async def guesses_from(system: RunningSystem, address: str) -> None:
    for number in range(TOLD_AT):
        assert "200" not in await answer_to(system, address, f"guess-{number}")


async def shut_out(system: RunningSystem, count: int) -> None:
    """Returns when so many addresses are."""
    api = await system.api()

    async def there() -> bool | None:
        return True if (await api.status())["asterisk"]["shut_out"] == count else None

    await until(there, 5.0, f"{count} to be shut out")


async def test_who_guesses_is_read_no_more_and_everybody_else_is_served(hotline: RunningSystem) -> None:
    secret = (await (await hotline.api()).get(f"/api/agents/{AGENT}/telephone"))["secret"]
    async with Crowd(hotline) as crowd:
        await crowd.agent(AGENT)
        await guesses_from(hotline, GUESSER)
        await shut_out(hotline, 1)
        assert "403" in await answer_to(hotline, GUESSER, secret), "even the right one is not looked at"
        await guesses_from(hotline, DESK)
        await asyncio.sleep(1.5)  # the list is looked at each second
        await shut_out(hotline, 1)
        assert await answer_to(hotline, DESK, secret) == "200", "a telephone with the right secret is there"
        await crowd.agent(AGENT)
        caller = await crowd.caller(keys="1")
        await Story(hotline.data).until_count(TalkStarted, 1)
        await caller.hang_up()
    told = (hotline.data.root / "security.log").read_text(encoding="utf-8")
    assert told.count('"sip_shut_out"') == 1 and told.count('"sip_secrets_refused"') == 2
    await assert_nothing_left(hotline)


@pytest.mark.slow
async def test_ten_thousand_registrations_of_a_scanner_are_hardly_read_and_harm_no_call(hotline: RunningSystem) -> None:
    """At 1 000 a second, each with a nonce that is good, while people call."""
    story = Story(hotline.data)
    async with Crowd(hotline) as crowd, scanner(hotline.sip, GUESSER, f"agent-{AGENT}") as guesser:
        await crowd.agent(AGENT)
        guessing = asyncio.create_task(guesser.guess(10_000, 1000))
        callers = 0
        while not guessing.done():
            caller = await crowd.caller(keys="1")
            callers += 1
            await story.until_count(TalkStarted, callers)
            await caller.hang_up()
            await story.until_count(CallEnded, callers)
            await (await hotline.api()).agent_becomes(AGENT, "available")
        await guessing
    assert callers >= 2 and [end.outcome for end in story.of(CallEnded)] == ["answered"] * callers
    assert guesser.statuses[200] == 0 and guesser.statuses[401] < 3000 < 6000 < guesser.statuses[403], guesser.statuses
    await assert_nothing_left(hotline)


async def test_a_new_controller_lets_in_whom_the_one_before_had_shut_out(hotline: RunningSystem) -> None:
    secret = (await (await hotline.api()).get(f"/api/agents/{AGENT}/telephone"))["secret"]
    await guesses_from(hotline, GUESSER)
    await shut_out(hotline, 1)
    await hotline.kill9()
    assert "403" in await answer_to(hotline, GUESSER, secret), "Asterisk goes on without us"
    await hotline.restart()

    async def is_let_in() -> bool | None:
        return True if await answer_to(hotline, GUESSER, secret) == "200" else None

    await until(is_let_in, 5.0, "the list to be gone")
