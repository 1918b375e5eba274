"""SIPp as a process: many calls or many agents' telephones at once, bounded in number and time, traced to the ms."""

import socket
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.integration.harness.processes import AHEAD_OF_OTHERS, Program, put_first
from tests.integration.harness.running import RunningSystem, free_port
from tests.integration.harness.sipp_trace import Trace, read_keys, read_trace

SCENARIOS = Path(__file__).parent / "scenarios"
SIPP = "sipp"
CALLERS, AGENTS = "127.0.0.2", "127.0.0.1"
MEDIA_PORTS = range(62_000, 65_000, 20)
"""Above the ports that others are given: audio to a telephone that does not listen hits nobody."""


def media_port(host: str) -> int:
    """One of those that no other SIPp listens on: files of tests run side by side."""
    for port in MEDIA_PORTS:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
            probe.bind((host, port))
            return port
    raise AssertionError(f"no port of {MEDIA_PORTS} is free on {host}")


SPARE_S = 10
MOST_CALLS = 2000  # an OPTIONS of the registrar counts as a call, so agents' telephones cannot be told how many to take


@dataclass(frozen=True, kw_only=True)
class Load:
    """A scenario, where it comes from, the rows that fill its fields, and how many calls at what rate.

    `words` replace `@{name}` in the scenario. `timeout_s` ends SIPp, and fails it, when not all calls are over by then.
    """

    scenario: str
    host: str
    rows: Sequence[Sequence[str]] = ()
    calls: int
    rate: float
    timeout_s: int
    port: int = 0
    words: Mapping[str, object] = field(default_factory=dict)
    options: Sequence[str] = ()


class Sipp:
    """One SIPp process. Use as `async with`; `finished()` waits for its end, `trace` and `keys` tell what it did."""

    def __init__(self, system: RunningSystem, name: str, load: Load) -> None:
        self._files = system.directory / f"sipp-{name}"
        self.port = load.port or free_port(socket.SOCK_DGRAM, load.host)
        self._timeout_s = load.timeout_s
        self._program = Program(self._arguments(system, load), self._files)

    def _arguments(self, system: RunningSystem, load: Load) -> list[str]:
        host, port = system.sip
        arguments = [*AHEAD_OF_OTHERS, SIPP, f"{host}:{port}", "-sf", str(self._scenario(load)), "-nostdin"]
        arguments += ["-i", load.host, "-p", str(self.port), "-mi", load.host, "-mp", str(media_port(load.host))]
        arguments += ["-m", str(load.calls), "-r", f"{load.rate:g}", "-l", str(max(load.calls, 1)), "-aa"]
        arguments += ["-timeout", f"{load.timeout_s}s", "-timeout_error"]
        for option, suffix in (("msg", "messages"), ("logs", "log"), ("err", "errors")):
            name = {"msg": "message", "logs": "log", "err": "error"}[option]
            arguments += [f"-trace_{option}", f"-{name}_file", str(self._files.with_suffix(f".{suffix}"))]
        if load.rows:
            rows = "\n".join(";".join(row) for row in load.rows)
            table = self._files.with_suffix(".csv")
            table.write_text(f"SEQUENTIAL\n{rows}\n", encoding="utf-8")
            arguments += ["-inf", str(table)]
        return [*arguments, *load.options]

    def _scenario(self, load: Load) -> Path:
        text = (SCENARIOS / load.scenario).read_text(encoding="utf-8")
        for name, value in load.words.items():
            text = text.replace(f"@{{{name}}}", str(value))
        path = self._files.with_suffix(".xml")
        path.write_text(text, encoding="utf-8")
        return path

    async def __aenter__(self) -> Self:
        await self._program.__aenter__()
        put_first(self._program.process.pid)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._program.__aexit__(kind, error, trace)

    async def finished(self) -> None:
        """Raises AssertionError unless every call went as the scenario says."""
        code = await self._program.wait(self._timeout_s + SPARE_S)
        errors = self._files.with_suffix(".errors")
        said = errors.read_text(errors="replace")[-3000:] if errors.exists() else ""
        assert code == 0, f"SIPp ended with {code}: {said}\n{self._program.last_words()}"

    @property
    def trace(self) -> Trace:
        return read_trace(self._files.with_suffix(".messages"))

    @property
    def keys(self) -> dict[str, datetime]:
        """When each caller's key capture was started."""
        return read_keys(self._files.with_suffix(".log"))


async def register_agents(system: RunningSystem, agents: Sequence[str]) -> int:
    """Registers these agents' telephones, all on one port of 127.0.0.1, and returns that port; nothing answers yet."""
    api = await system.api()
    rows = []
    for agent in agents:
        account = await api.get(f"/api/agents/{agent}/telephone")
        digest = f"[authentication username={account['username']} password={account['secret']}]"
        rows.append((str(account["username"]), digest))
    load = Load(scenario="agent_register.xml", host=AGENTS, rows=rows, calls=len(rows), rate=50, timeout_s=20)
    async with Sipp(system, "register", load) as sipp:
        await sipp.finished()
        return sipp.port


class AgentTelephones:
    """Many agents' telephones in one SIPp: registered, available, answering one second after they ring, echoing.

    They live for `timeout_s` seconds at most. SIPp writes each message at once, so `trace` may be asked at any time.
    """

    def __init__(self, system: RunningSystem, agents: Sequence[str], *, timeout_s: int) -> None:
        self._system, self._agents, self._timeout_s = system, agents, timeout_s
        self._stack = AsyncExitStack()
        self._sipp: Sipp | None = None

    async def __aenter__(self) -> Self:
        port = await register_agents(self._system, self._agents)
        load = Load(
            scenario="agent_answers.xml",
            host=AGENTS,
            port=port,
            calls=MOST_CALLS,
            rate=1,
            timeout_s=self._timeout_s,
            options=("-rtp_echo",),
        )
        self._sipp = await self._stack.enter_async_context(Sipp(self._system, "agents", load))
        api = await self._system.api()
        for agent in self._agents:
            await api.set_state(agent, "available")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def trace(self) -> Trace:
        if self._sipp is None:
            raise RuntimeError("use the telephones inside `async with`")
        return self._sipp.trace
