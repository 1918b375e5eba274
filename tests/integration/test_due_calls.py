"""A due call is dialled once, whatever the moment at which the controller dies; who is busy is rung again later.

Design D6; FUP-1, FUP-6; faults A4 #22, #23.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.phone.call import PhoneCall
from app.phone.media import Tone
from app.phone.sip import TestPhone
from crm.journal.events import CallAdopted, TalkStarted
from tests.integration.crowd import CALLERS, Crowd, loop_time, running
from tests.integration.harness.api import Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.req("FUP-1", "FUP-6")]

KILLS = 10
SOAK_S = 1200
"""Fifty kills with their restarts take some eight minutes; a quick run makes five."""
GAP = timedelta(seconds=2)
SETTLED_S = 20.0
QUIET_S = 3.0
"""So long after everything is settled nobody may ring again."""
REMINDER = "reminder-menu"
MOMENTS = ("due_tick", "due_claimed", "due_dialling", "due_originated", "due_answered")
_numbers = count(13_700_000_001)


@dataclass
class Customers:
    """One telephone for all who are rung through the trunk; `busy`: how often a number refuses before it answers."""

    phone: TestPhone
    busy: dict[str, int] = field(default_factory=dict)
    invites: dict[str, list[PhoneCall]] = field(default_factory=dict)

    async def serve(self) -> None:
        while True:
            call = await self.phone.next_call()
            number = called(call)
            rung = self.invites.setdefault(number, [])
            rung.append(call)
            if len(rung) <= self.busy.get(number, 0):
                self.phone.reject(call, 486)
            else:
                call.media.source = Tone(500.0)
                self.phone.answer(call)

    async def rung(self, number: str, times: int = 1) -> PhoneCall:
        """The call that made it so many."""

        async def there() -> PhoneCall | None:
            calls = self.invites.get(number, [])
            return calls[times - 1] if len(calls) >= times else None

        return await until(there, SETTLED_S, f"the customer to be rung {times} times")

    def assert_rung(self, number: str, times: int) -> None:
        assert len(self.invites.get(number, [])) == times, f"{number} was not rung {times} times: {self.invites}"


def called(call: PhoneCall) -> str:
    """The number that an INVITE is for."""
    to = call.leg.invite.to_addr
    return (to.uri.user or "") if to and to.uri else ""


@asynccontextmanager
async def customers(system: RunningSystem) -> AsyncIterator[Customers]:
    """They can be reached before the system comes up: the trunk leads to them."""
    async with TestPhone(CALLERS) as phone:
        host, port = phone.address
        often = {"per_number": {"hour": 20, "day": 20}}  # the gap is one of seconds here
        system.site.outbound(host, port, gap_s=round(GAP.total_seconds()), attempts=3, limits=often)
        system.site.sounds(2.0, REMINDER)  # long enough to be known by its beginning
        reached = Customers(phone)
        async with running(reached.serve()):
            yield reached


def arm(armed: Path, moment: str) -> None:
    armed.write_text(moment, encoding="ascii")


def has_fired(armed: Path) -> bool:
    return not armed.exists()


async def promise(system: RunningSystem, kind: str, number: str, in_s: float = 0.0) -> Item:
    """A call to that number, due in so many seconds."""
    api = await system.api()
    due_at = datetime.now(UTC) + timedelta(seconds=in_s)
    due = {"kind": kind, "number": number, "due_at": due_at.isoformat()}
    return await api.post("/api/due-calls", {**due, "queue": "hotline", "note": "参观预约"})


async def settled(system: RunningSystem, due: Item, timeout_s: float = SETTLED_S) -> Item:
    """The due call once it is over."""
    api = await system.api()

    async def over() -> Item | None:
        items = await api.every("/api/due-calls")
        (mine,) = [item for item in items if item["id"] == due["id"]]
        return mine if mine["state"] in ("done", "failed", "cancelled") else None

    return await until(over, timeout_s, f"due call {due['id']} to be over")


async def confirm(crowd: Crowd, call: PhoneCall) -> None:
    """The customer hears the reminder and presses 1."""

    async def asked() -> bool | None:
        return True if crowd.hears(call, REMINDER) else None

    await until(asked, SETTLED_S, "the customer to hear the reminder")
    await call.press("1")


async def killed_at(moment: str, system: RunningSystem, reached: Customers, crowd: Crowd, armed: Path) -> str:
    """One reminder, one death on the way, one INVITE; the number that was rung."""
    number = str(next(_numbers))
    due = await promise(system, "reminder", number, in_s=1.0)
    arm(armed, moment)
    await system.program.wait(SETTLED_S)
    assert has_fired(armed), "the controller died of something else"
    await system.restart()
    await confirm(crowd, await reached.rung(number))
    over = await settled(system, due)
    assert (over["state"], over["outcome"], over["attempts"]) == ("done", "confirmed", 1), moment
    reached.assert_rung(number, 1)
    return number


@pytest.mark.timeout(SOAK_S)
async def test_killed_on_the_way(times: Callable[[int], int]) -> None:
    with TemporaryDirectory(prefix="due") as directory:
        armed = Path(directory) / "armed"
        entry = (sys.executable, "-m", "tests.integration.dying_controller", armed)
        async with RunningSystem(entry=entry) as system, customers(system) as reached:
            await system.up()
            async with Crowd(system) as crowd:
                moments = MOMENTS * times(KILLS)
                numbers = [await killed_at(moment, system, reached, crowd, armed) for moment in moments]
                await asyncio.sleep(QUIET_S)
                for number in numbers:
                    reached.assert_rung(number, 1)
                await assert_nothing_left(system)
            assert_one_end_each(Story(system.data).events)


async def test_who_is_busy_is_rung_again_after_the_gap(system: RunningSystem) -> None:
    """Once busy: reached at the second attempt. Always busy: given up after the third."""
    once, always = str(next(_numbers)), str(next(_numbers))
    async with customers(system) as reached:
        reached.busy = {once: 1, always: 99}
        await system.up()
        async with Crowd(system) as crowd:
            due, hopeless = await promise(system, "reminder", once), await promise(system, "reminder", always)
            first, second = await reached.rung(once), await reached.rung(once, 2)
            assert first.ended_at is not None
            assert second.invited_at - first.ended_at >= GAP
            await confirm(crowd, second)
            over = await settled(system, due)
            assert (over["state"], over["outcome"], over["attempts"]) == ("done", "confirmed", 2)
            given_up = await settled(system, hopeless)
            assert (given_up["state"], given_up["outcome"], given_up["attempts"]) == ("failed", "busy", 3)
            await asyncio.sleep(GAP.total_seconds() + 1)
            reached.assert_rung(always, 3)
            await assert_nothing_left(system)
        assert_one_end_each(Story(system.data).events)


async def test_killed_while_a_callback_talks(system: RunningSystem) -> None:
    """The talk goes on; whoever hangs up afterwards ends it for both, and the promise is kept."""
    system.site.agents(1)
    number = str(next(_numbers))
    async with customers(system) as reached:
        await system.up()
        async with Crowd(system) as crowd:
            agent = await crowd.agent("8001")
            due = await promise(system, "callback", number)
            api, story = await system.api(), Story(system.data)

            async def accepted() -> Item | None:
                try:
                    return await api.post(f"/api/due-calls/{due['id']}/accept")
                except AssertionError:
                    return None

            await until(accepted, 10, "the offer to be on the desk")
            customer = await reached.rung(number)
            await story.until_count(TalkStarted, 1)
            began = loop_time()
            await system.kill9()
            await system.restart()
            await asyncio.sleep(1.5)  # time for what is left to be claimed again
            (leg,), now = agent.calls, loop_time()
            gaps = [crowd.longest_gap_s(call, began, now) for call in (customer, leg)]
            assert max(gaps) <= 0.1, f"the talk was interrupted: {gaps}"
            await reached.phone.hang_up(customer)
            await leg.wait_ended(3)
            over = await settled(system, due)
            assert (over["state"], over["outcome"]) == ("done", "talked")
            await (await system.api()).agent_becomes("8001", "wrap_up", 5)
            await assert_nothing_left(system)
        reached.assert_rung(number, 1)
        assert_one_end_each(story.events)
        assert len(story.of(CallAdopted)) <= 1
