"""Figures of a running hotline on real Asterisk: on the wallboard within a second (P10), and explained. RPT-1"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest

from app.phone.system import SystemFile
from crm.journal.events import AgentAnswered, AgentStateChanged, CallArrived, CallEnded, CallQueued
from tests.integration.harness.api import Item, until
from tests.integration.harness.phones import agent_telephone, call
from tests.integration.harness.processes import SANXIANG, Program
from tests.integration.harness.running import RunningSystem
from tests.integration.story import Story

pytestmark = [pytest.mark.asterisk]

HOTLINE, AGENT = "4008100002", "8001"
SECOND = 1.0
COUNTED = {CallArrived: "offered", CallQueued: "queued", AgentAnswered: "answered"}


class Wall:
    """A wallboard that keeps every picture with the moment it came."""

    def __init__(self) -> None:
        self.pictures: list[tuple[datetime, Item]] = []

    async def watch(self, answer: aiohttp.ClientResponse) -> None:
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("data: ") and '"wallboard"' in line:
                self.pictures.append((datetime.now(UTC), json.loads(line.removeprefix("data: "))))

    def first_with(self, figure: str, count: int) -> datetime | None:
        """When a picture first showed so many."""
        for at, picture in self.pictures:
            if picture["figures"] and picture["figures"]["total"][figure] >= count:
                return at
        return None


@asynccontextmanager
async def wallboard(system: RunningSystem) -> AsyncIterator[Wall]:
    facts = SystemFile.read(system.data)
    wall = Wall()
    headers = {"Authorization": f"Bearer {facts.token}"}
    async with aiohttp.ClientSession(facts.base_url, headers=headers, read_bufsize=2**22) as session:
        async with session.get("/api/live/wallboard", timeout=aiohttp.ClientTimeout(total=None)) as answer:
            watching = asyncio.create_task(wall.watch(answer))
            try:
                yield wall
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)


@pytest.mark.req("RPT-1")
async def test_a_figure_is_on_the_wallboard_within_a_second_and_the_journal_tells_the_same_numbers() -> None:
    async with RunningSystem() as system:
        system.site.queue("*", wrap_up_s=1)
        await system.up()
        story = Story(system.data)
        async with wallboard(system) as wall, agent_telephone(system, AGENT) as agent:
            for number in range(3):
                await call(system, HOTLINE, "--keys", "1", "--talk", "1", "--from", f"1380000000{number}")
            await agent.finished(3)
            await story.until_count(CallEnded, 3)
            await story.until(lambda told: told.states(AGENT)[-1].state == "available", 10, "the end of wrap-up")
            api = await system.api()

            async def handled() -> Item | None:
                found = await api.get("/api/figures")
                return found if found["total"]["handled"] == 3 else None

            live = await until(handled, 5, "three finished handles")
        late = {
            (figure, number): (shown - event.at).total_seconds() if (shown := wall.first_with(figure, number)) else None
            for kind, figure in COUNTED.items()
            for number, event in enumerate(story.of(kind), start=1)
        }
        assert len(late) == 9
        assert all(seconds is not None and seconds <= SECOND for seconds in late.values()), late

        arguments = ["figures", "--data", str(system.data.root), "--site", str(system.site.path), "--json"]
        async with Program([SANXIANG, *arguments], system.directory / "figures") as program:
            assert await program.wait(30) == 0, program.last_words()
            replayed = json.loads(program.said())
        for part in ("total", "lines", "levels", "queues"):
            assert replayed[part] == live[part]

        history = await api.get(f"/api/agents/{AGENT}/history")
        told = [event.state for event in story.of(AgentStateChanged) if event.agent == AGENT]
        assert [span["state"] for span in history["spans"]][: len(told)] == told
        calls = await api.every("/api/calls", figure="handled", agent=AGENT)
        assert {each["call"] for each in calls} == {event.call_id for event in story.of(CallEnded)}
