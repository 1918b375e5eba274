"""`sanxiang call` and `sanxiang agent` as programs of their own, and what they printed as JSON."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import Any

from tests.integration.harness.api import until
from tests.integration.harness.processes import SANXIANG, Program
from tests.integration.harness.running import RunningSystem

Told = dict[str, Any]
_serial = count()


def instant(text: str | None) -> datetime:
    """A moment of the JSON. Raises AssertionError when it did not happen."""
    assert text is not None, "this did not happen"
    return datetime.fromisoformat(text)


def apart_s(earlier: str | None, later: str | None) -> float:
    """Seconds from one moment of the JSON to another."""
    return (instant(later) - instant(earlier)).total_seconds()


@asynccontextmanager
async def calling(system: RunningSystem, number: str, *options: str) -> AsyncIterator[Program]:
    """`sanxiang call NUMBER … --json` under way."""
    arguments = ["call", number, "--data", str(system.data.root), "--json", *options]
    async with Program([SANXIANG, *arguments], system.directory / f"call-{next(_serial)}") as program:
        yield program


async def call(system: RunningSystem, number: str, *options: str, timeout_s: float = 60.0) -> Told:
    """A whole call: what `sanxiang call` told at its end."""
    async with calling(system, number, *options) as program:
        return await told(program, timeout_s)


async def told(program: Program, timeout_s: float = 60.0) -> Told:
    """The one JSON object of a `sanxiang call`, once it has ended well."""
    code = await program.wait(timeout_s)
    assert code == 0, f"exit code {code}: {program.last_words()}"
    answer: Told = json.loads(program.said())
    return answer


class AgentTelephone:
    """A running `sanxiang agent … --json`."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @property
    def calls(self) -> list[Told]:
        """The calls it has finished so far."""
        return [json.loads(line) for line in self.program.said().splitlines()]

    async def finished(self, number: int = 1, timeout_s: float = 30.0) -> list[Told]:
        """Its calls, once there are so many."""

        async def enough() -> list[Told] | None:
            if not self.program.runs and len(self.calls) < number:
                raise AssertionError(f"the agent's telephone ended: {self.program.last_words()}")
            return self.calls if len(self.calls) >= number else None

        return await until(enough, timeout_s, f"{number} finished calls of an agent")


@asynccontextmanager
async def agent_telephone(system: RunningSystem, agent: str, *options: str) -> AsyncIterator[AgentTelephone]:
    """`sanxiang agent AGENT … --json`, from the moment the agent is available until Ctrl-C at the end."""
    arguments = ["agent", agent, "--data", str(system.data.root), "--json", *options]
    async with Program([SANXIANG, *arguments], system.directory / f"agent-{agent}-{next(_serial)}") as program:
        api = await system.api()
        telephone = AgentTelephone(program)

        async def available() -> bool | None:
            if not program.runs:
                raise AssertionError(f"the agent's telephone ended: {program.last_words()}")
            # A caller who waits already may be given to this agent at once.
            return True if (await api.agent(agent))["state"] not in ("logged_out", "not_ready") else None

        await until(available, 15.0, f"agent {agent} to be available")
        yield telephone
        await program.stop()
