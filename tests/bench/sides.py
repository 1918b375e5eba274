"""The two sides of the bench, each a running system with its own ports and data: ours, and Asterisk with app_queue."""

import asyncio
import logging
import os
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Protocol

from config.paths import DataDir
from ivr.pbx.ports import ports_wanted
from ivr.pbx.prefix.install import find_asterisk
from ivr.pbx.private_files import agent_secrets
from ivr.pbx.process import AsteriskProcess
from ivr.pbx.settings import PbxSettings
from ivr.pbx.state import load_state
from tests.bench import sipp
from tests.bench.app_queue import WRAP_UP_S, render_app_queue
from tests.bench.measure import cpu_s, resident_mb
from tests.integration.harness.api import Api, until
from tests.integration.harness.processes import console, end_asterisk
from tests.integration.harness.running import RunningSystem, free_port

log = logging.getLogger(__name__)

LINE = "4008100002"
AGENTS = int(os.environ.get("SANXIANG_BENCH_AGENTS", "700"))
"""For the figures 700; fewer are ready sooner, for trying out a part."""
GOODBYE_S = 0.1
AT_ONCE = 16


class Side(Protocol):
    """A system that the journey is made on."""

    name: str
    line: str
    agents_port: int
    media_port: int
    """Of the agents' telephones; those behind it are theirs too."""
    accounts: dict[str, str]
    """The agents' telephones: SIP user → secret."""

    @property
    def server(self) -> tuple[str, int]:
        """Where its SIP is."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def at_rest(self, within_s: float) -> bool:
        """True once no call is left and everything that happened is stored; False when that took too long."""

    async def recover(self) -> None:
        """Every agent is available again, whatever the load before did to them."""

    def last_words(self) -> str:
        """The ends of its logs."""

    def cpu_s(self) -> tuple[float, float]:
        """CPU used so far: Asterisk's, the controller's."""

    def memory_mb(self) -> tuple[float, float]:
        """Resident: Asterisk's, the controller's."""

    async def bridges(self) -> list[str]:
        """The technology of each bridge with two legs."""

    async def calls(self) -> int:
        """How many callers' calls are up."""


def free_media_port() -> int:
    """The first of several free ports, as SIPp binds some for sound and some for pictures."""
    for first in range(60_000, 65_000, 8):
        with ExitStack() as probes:
            try:
                for port in range(first, first + 8):
                    probe = probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    probe.bind((sipp.AGENTS, port))
            except OSError:
                continue
            return first
    raise OSError("no ports are free for the agents' sound")


async def channels(data: DataDir) -> int:
    """How many channels that Asterisk has."""
    found = re.search(r"(\d+) active channels?", await console(data, "core show channels count"))
    return int(found[1]) if found else 0


async def trunk_channels(data: DataDir) -> int:
    """How many of them are callers'."""
    listed = await console(data, "core show channels concise")
    return sum(line.startswith("PJSIP/trunk-") for line in listed.splitlines())


async def technologies(data: DataDir) -> list[str]:
    """Columns: id, channels, type, technology, duration."""
    rows = (line.split() for line in (await console(data, "bridge show all")).splitlines()[1:])
    return [row[3] for row in rows if len(row) >= 4 and row[1] == "2"]


class Ours:
    """`sanxiang up` on the demo site with many agents: no recording, no announcement of the agent, ring 0."""

    name = "sanxiang"
    line = LINE

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._system = RunningSystem()
        self._api: Api | None = None
        self.agents: list[str] = []
        self.agents_port = free_port(socket.SOCK_DGRAM)
        self.media_port = free_media_port()
        self.accounts: dict[str, str] = {}

    @property
    def server(self) -> tuple[str, int]:
        return self._system.sip

    @property
    def prompts(self) -> Path:
        """Its sound files."""
        return self._system.site.prompts

    @property
    def controller_pid(self) -> int:
        return self._system.program.process.pid

    async def start(self) -> None:
        system = await self._stack.enter_async_context(self._system)
        self.agents = system.site.agents(AGENTS)
        system.site.queue("*", wrap_up_s=WRAP_UP_S, announce_agent=False)
        system.site.section("recording", enabled=False, notice=False).sounds(GOODBYE_S, "goodbye")
        await system.up(120)
        self._api = await system.api()
        secrets = agent_secrets(system.data, self.agents)
        self.accounts = {f"agent-{agent}": secrets[agent] for agent in self.agents}

    async def stop(self) -> None:
        await self._stack.aclose()

    async def at_rest(self, within_s: float) -> bool:
        async def rest() -> bool | None:
            await asyncio.sleep(0.2)
            parts = await self.api.status()
            stored = parts["store"].get("behind_bytes", 0) == 0
            return True if stored and not parts["calls"]["served"] and not await channels(self._system.data) else None

        return await in_time(rest, within_s)

    async def recover(self) -> None:
        items = (await self.api.get("/api/agents"))["items"]
        lost = [item["agent"] for item in items if item["state"] in ("logged_out", "not_ready")]
        lost = [agent for agent in lost if agent in self._known]
        for first in range(0, len(lost), AT_ONCE):
            await asyncio.gather(*(self.api.set_state(agent, "available") for agent in lost[first : first + AT_ONCE]))

    @property
    def _known(self) -> set[str]:
        return set(self.agents)

    @property
    def api(self) -> Api:
        if self._api is None:
            raise RuntimeError("not started")
        return self._api

    @property
    def _asterisk_pid(self) -> int:
        """Of the Asterisk that runs now: the controller starts another one when it fails."""
        state = load_state(self._system.data)
        if state is None or state.process is None:
            raise RuntimeError("no Asterisk runs")
        return state.process.pid

    def cpu_s(self) -> tuple[float, float]:
        return cpu_s(self._asterisk_pid), cpu_s(self.controller_pid)

    def memory_mb(self) -> tuple[float, float]:
        return resident_mb(self._asterisk_pid), resident_mb(self.controller_pid)

    async def bridges(self) -> list[str]:
        return await technologies(self._system.data)

    async def calls(self) -> int:
        return await trunk_channels(self._system.data)

    async def commands_sent(self) -> int:
        """ARI commands so far."""
        return int((await self.api.status())["ari"]["commands_sent"])

    def last_words(self) -> str:
        return self._system.last_words()


class AppQueue:
    """Asterisk alone, with `app_queue` and as many members."""

    name = "app_queue"
    line = LINE

    def __init__(self, directory: Path, prompts: Path, agents: Sequence[str]) -> None:
        """`prompts`: the same sound files as ours."""
        self._data = DataDir(directory / "q")
        self._prompts, self._agents = prompts, agents
        self._process: AsteriskProcess | None = None
        self._sip_port = free_port(socket.SOCK_DGRAM)
        self.agents_port = free_port(socket.SOCK_DGRAM)
        self.media_port = free_media_port()
        self.accounts: dict[str, str] = {}

    @property
    def server(self) -> tuple[str, int]:
        return "127.0.0.1", self._sip_port

    async def start(self) -> None:
        secrets = agent_secrets(self._data, self._agents)
        self.accounts = {f"agent-{agent}": secret for agent, secret in secrets.items()}
        host, port = self.server
        settings = PbxSettings(
            data=self._data,
            site_prompts=self._prompts,
            sip_host=host,
            sip_port=port,
            controller_host="127.0.0.1",
            controller_port=9,
            trunk_match=("127.0.0.2",),
            agents=secrets,
            rtp_ports=ports_wanted(len(self._agents), 1000, 20),
        )
        self._process = AsteriskProcess(find_asterisk(), settings, render_app_queue)
        await self._process.start()

    async def stop(self) -> None:
        await end_asterisk(self._data)

    async def at_rest(self, within_s: float) -> bool:
        async def rest() -> bool | None:
            await asyncio.sleep(0.2)
            return True if not await channels(self._data) else None

        return await in_time(rest, within_s)

    async def recover(self) -> None:
        """app_queue pauses nobody here."""

    def last_words(self) -> str:
        path = self._data.asterisk / "log" / "messages.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-40:]) if path.exists() else ""

    @property
    def _pid(self) -> int:
        if self._process is None or self._process.pid is None:
            raise RuntimeError("the peer's Asterisk does not run")
        return self._process.pid

    def cpu_s(self) -> tuple[float, float]:
        return cpu_s(self._pid), 0.0

    def memory_mb(self) -> tuple[float, float]:
        return resident_mb(self._pid), 0.0

    async def bridges(self) -> list[str]:
        return await technologies(self._data)

    async def calls(self) -> int:
        return await trunk_channels(self._data)


async def in_time(ask: Callable[[], Awaitable[bool | None]], within_s: float) -> bool:
    """False instead of an error."""
    try:
        return await until(ask, within_s, "rest")
    except AssertionError:
        return False
