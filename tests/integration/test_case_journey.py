"""A complaint by telephone on the running system: registered after the talk, a promise kept by a call, told on time."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.integration.harness.api import Api, Item, until
from tests.integration.harness.invariants import assert_nothing_left, assert_one_end_each, journal_events
from tests.integration.harness.logins import logged_in
from tests.integration.harness.people import OUTSIDE, Customer, caller, desk
from tests.integration.harness.phones import agent_telephone
from tests.integration.harness.running import RunningSystem, free_port
from tests.integration.test_journey import AGENT_HZ, until_tone

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

HOTLINE, AGENT, NUMBER = "4008100002", "8001", "13800000070"
CUSTOMERS_PORT = free_port(socket.SOCK_DGRAM, OUTSIDE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline() -> AsyncIterator[RunningSystem]:
    async with RunningSystem() as system:
        system.site.outbound(OUTSIDE, CUSTOMERS_PORT).queue("*", wrap_up_s=1)
        await system.up()
        yield system
        await assert_nothing_left(system)
        assert_one_end_each(journal_events(system.data))


async def take(api: Api, number: str, step: str, **fields: Any) -> Item:
    case = await api.get(f"/api/tickets/{number}/case")
    body = {"version": case["version"], "step": step, **fields}
    taken: Item = (await api.post(f"/api/tickets/{number}/steps", body))["case"]
    return taken


@pytest.mark.req("TKT-5", "TKT-6", "CPL-1", "CUS-2")
async def test_a_complaint_is_registered_after_the_talk_and_a_promise_is_kept_by_a_call(hotline: RunningSystem) -> None:
    async with (
        Customer(hotline, CUSTOMERS_PORT) as customer,
        desk(hotline, AGENT) as page,
        agent_telephone(hotline, AGENT, "--answer-after", "0.5") as telephone,
        logged_in(hotline, AGENT) as agent,
    ):
        async with caller(hotline, NUMBER, dials=HOTLINE) as person:
            await person.begins_to_hear("menu-hotline")
            await person.presses("1")
            assert (await page.pop_of(NUMBER))["open_cases"] == []
            await until_tone(person, AGENT_HZ)
            await person.hangs_up()
        await telephone.finished(1)
        ticket = await (await hotline.api()).ticket_of(NUMBER)
        number = ticket["number"]
        case = await take(agent, number, "registered", kind="complaint", nature="排队")
        assert (case["holder"]["id"], case["stage"]) == ("hotline:hall", "received")
        assert {each["clause"]: each["verdict"] for each in case["clocks"]}["TKT-4.respond"] == "kept"
        at = datetime.now(UTC) + timedelta(seconds=2)
        await take(agent, number, "promised", until=at.isoformat(), words="马上核实后回电")
        person = await customer.answers()
        (due,) = await agent.every("/api/due-calls", ticket=number)
        assert (due["kind"], due["created_by"]) == ("callback", AGENT) and "马上核实后回电" in due["note"]
        await until_tone(person, AGENT_HZ)
        await person.hangs_up()
        await telephone.finished(2)

        async def kept() -> Item | None:
            clocks = (await agent.get(f"/api/tickets/{number}/case"))["clocks"]
            promise = next(each for each in clocks if each["clause"] == "TKT-5")
            return promise if promise["verdict"] == "kept" else None

        assert (await until(kept, 10.0, "the promise to be kept"))["person"] == AGENT
        sources = {line["source"] for line in (await agent.get(f"/api/tickets/{number}"))["timeline"]}
        assert {"call", "step", "due_call", "attempt"} <= sources
