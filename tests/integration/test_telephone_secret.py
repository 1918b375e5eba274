"""The secret of an agent's telephone is renewed in the middle of a talk, on real Asterisk. ACC-4

The talk goes on; the old secret opens nothing from then on, and who had registered with it gets no call more.
"""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from app.phone.account import Account
from app.phone.call import PhoneCall
from app.phone.errors import RegistrationRefused
from app.phone.sip import TestPhone
from tests.integration.crowd import Crowd
from tests.integration.harness.api import Refusal
from tests.integration.harness.processes import SANXIANG, Program
from tests.integration.harness.running import RunningSystem

pytestmark = pytest.mark.asterisk

AGENT = "8001"
HEARD_ON = 75
"""Packets of 20 ms: so much is heard after the renewal, both ways."""


async def goes_on(call: PhoneCall) -> None:
    """Returns when so much more was heard. Raises TimeoutError."""
    before = len(call.media.heard.arrivals)
    await call.media.heard.until(lambda heard: len(heard.arrivals) >= before + HEARD_ON, 5)
    assert call.ended_at is None


async def registers(system: RunningSystem, secret: str) -> None:
    """Raises RegistrationRefused."""
    async with TestPhone("127.0.0.1") as phone:
        await phone.register(Account(f"agent-{AGENT}", secret, system.sip))


@pytest.mark.req("ACC-4", "TEL-1")
async def test_a_renewed_secret_cuts_no_talk_and_leaves_nothing_to_the_old_one() -> None:
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(RunningSystem())
        system.site.queue("*", wrap_up_s=0.5, announce_agent=False)
        await system.up()
        crowd, api = await stack.enter_async_context(Crowd(system)), await system.api()
        old = await crowd.agent(AGENT)
        secret = (await api.get(f"/api/agents/{AGENT}/telephone"))["secret"]
        caller = await crowd.caller(keys="1")
        talk = await old.ring_after(0)
        await asyncio.gather(goes_on(talk), goes_on(caller.call))

        renewed = await api.post(f"/api/agents/{AGENT}/telephone/renew", {})

        assert renewed["secret"] != secret and renewed["username"] == f"agent-{AGENT}"
        with pytest.raises(RegistrationRefused):
            await registers(system, secret)
        await asyncio.gather(goes_on(talk), goes_on(caller.call))
        await caller.hang_up()
        await api.agent_becomes(AGENT, "available")

        second = await crowd.caller(keys="1")
        missed = await api.agent_becomes(AGENT, "not_ready")
        assert missed["reason"] == "unreachable" and len(old.calls) == 1, "nobody is registered any more"
        new = await crowd.agent(AGENT)
        await asyncio.gather(goes_on(await new.ring_after(0)), goes_on(second.call))
        assert len(old.calls) == 1
        rows = await api.every("/api/audit", subject=f"telephone {AGENT}")
        assert [(row["by"], row["action"]) for row in rows] == [("token:administrator", "secret_renewed")]


@pytest.mark.req("ACC-4")
async def test_a_renewed_secret_outlives_controller_and_asterisk() -> None:
    async with RunningSystem() as system:
        await system.up()
        first = (await (await system.api()).get(f"/api/agents/{AGENT}/telephone"))["secret"]
        command = [SANXIANG, "telephone", "renew", AGENT, "--data", str(system.data.root), "--json"]
        async with Program(command, system.directory / "renew") as program:
            assert await program.wait(20) == 0, program.last_words()
            second = json.loads(program.said())["secret"]
        for leave in (system.kill9, system.stop):
            await registers(system, second)
            with pytest.raises(RegistrationRefused):
                await registers(system, first)
            await leave()
            await system.restart()
        await registers(system, second)
        with pytest.raises(Refusal, match="404"):
            await (await system.api()).post("/api/agents/8901/telephone/renew", {})


async def test_renewals_at_the_same_time_end_with_one_secret_that_opens() -> None:
    async with RunningSystem() as system:
        await system.up()
        api = await system.api()
        answers = await asyncio.gather(*(api.post(f"/api/agents/{AGENT}/telephone/renew", {}) for _ in range(3)))
        holds = (await api.get(f"/api/agents/{AGENT}/telephone"))["secret"]
        assert holds in {answer["secret"] for answer in answers}
        for answer in answers:
            if answer["secret"] == holds:
                await registers(system, holds)
            else:
                with pytest.raises(RegistrationRefused):
                    await registers(system, answer["secret"])
