"""Callers of whom no audio comes: muted, or on a telephone that sends none in silence. They are callers, and however
many of them wait, agents are reached. TEL-5."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta

import pytest

from crm.journal.events import AgentMissed, CallEnded, CallQueued, TalkStarted
from tests.integration.crowd import Crowd
from tests.integration.harness.invariants import assert_nothing_left
from tests.integration.harness.running import RunningSystem
from tests.integration.harness.sipp import AGENTS as AGENTS_HOST
from tests.integration.harness.sipp import Sipp
from tests.integration.silent_callers import silent_callers
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

AGENTS = 2
STAYS_S = 36
"""Longer than the 30 s after which such lines were cut once."""


async def test_a_silent_caller_stays_in_the_queue(system: RunningSystem) -> None:
    await system.up()
    story = Story(system.data)
    async with Sipp(system, "silent", silent_callers(system, ["13900001001"], in_call_s=STAYS_S)) as sipp:
        await sipp.finished()  # ended by its caller
    (ended,) = await story.until_count(CallEnded, 1)
    (queued,) = story.of(CallQueued)
    assert ended.at - queued.at > timedelta(seconds=STAYS_S - 2)
    assert (ended.outcome, ended.ended_by) == ("abandoned_queue", "caller")
    await assert_nothing_left(system)


async def test_agents_are_served_whoever_waits(system: RunningSystem) -> None:
    """More callers than ports: those whom they are left for wait, the others are refused, and an agent is rung."""
    system.site.agents(AGENTS)
    system.site.section("admission", rtp_ports=40, reserved_legs=2)
    system.site.queue("*", announce_agent=False)
    await system.up()
    api, story = await system.api(), Story(system.data)
    room = (await api.status())["admission"]["legs_at_most"]
    assert AGENTS < room <= 40 // 2 - AGENTS - 2
    numbers = [str(13_900_003_000 + index) for index in range(room + 8)]
    async with Sipp(system, "silent", silent_callers(system, numbers, in_call_s=20)) as sipp:
        await story.until_count(CallQueued, room)
        refused = await story.until_count(CallEnded, len(numbers) - room)
        assert {(end.outcome, end.ended_by) for end in refused} == {("refused_overload", "system")}
        async with Crowd(system) as crowd:
            await crowd.agent("8001")
            await crowd.agent("8002")
            await story.until_count(TalkStarted, AGENTS)
            states = {(await api.agent(agent))["state"] for agent in ("8001", "8002")}
            assert states == {"talking"}
            await sipp.finished()
    await assert_nothing_left(system)


@contextmanager
def no_port_left(first: int, last: int) -> Iterator[None]:
    """Somebody else on the machine has every RTP port that Asterisk has not taken yet."""
    with ExitStack() as stack:
        for port in range(first, last, 2):
            taken = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            with suppress(OSError):
                taken.bind((AGENTS_HOST, port))
        yield


async def test_an_agent_who_cannot_be_called_for_want_of_ports_stays_in_service(system: RunningSystem) -> None:
    system.site.agents(1)
    system.site.section("admission", rtp_ports=40, reserved_legs=0)
    system.site.queue("*", announce_agent=False)
    await system.up()
    api, story = await system.api(), Story(system.data)
    first, last = (await api.status())["asterisk"]["rtp"]
    async with Sipp(system, "silent", silent_callers(system, ["13900004001"], in_call_s=12)) as sipp:
        await story.until_count(CallQueued, 1)
        async with Crowd(system) as crowd:
            with no_port_left(first, last):
                await crowd.agent("8001")
                (missed, *_) = await story.until_count(AgentMissed, 1)
                assert missed.reason == "congested"
            await story.until_count(TalkStarted, 1)
            await sipp.finished()
    assert "not_ready" not in {change.state for change in story.states("8001")}
    await assert_nothing_left(system)
