"""The bench's laboratory: both sides up in one run, loads made on either, and what several figures share, made once."""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from socket import SOCK_DGRAM
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

from tests.bench import sipp
from tests.bench.measure import Climb
from tests.bench.sides import AppQueue, Ours, Side
from tests.bench.sipp import Result, SippProcess
from tests.integration.harness.rtp_pcap import KeyPress, write_key
from tests.integration.harness.running import free_port

STEP_S = 13.0
PAIR_S = 15.0
PAIRS = 3
BEFORE_KEY_S = 0.4
"""In which the caller's telephone sends silence, as telephones do: `Answer` of Asterisk waits for the first of it."""
REST_S = 20.0
PATIENCE_S = 30.0
FIRST_RATE = 60.0
FAILURES = Path(__file__).parents[2] / "var" / "bench" / "last-failure.log"
KNOWN = "SANXIANG_BENCH_MAXIMA"
"""`ours,peer` in calls a second: skips the search, for trying out a part."""


@dataclass(frozen=True)
class Run:
    """A load on one side, and what it cost: CPU seconds of Asterisk and of the controller until all was done."""

    result: Result
    asterisk_s: float
    controller_s: float

    @property
    def asterisk_ms(self) -> float:
        """A call."""
        return 1000 * self.asterisk_s / max(1, self.result.served)

    @property
    def controller_ms(self) -> float:
        """A call, everything included."""
        return 1000 * self.controller_s / max(1, self.result.served)


class Lab:
    """Use as `async with`; sides are started when first asked for."""

    def __init__(self) -> None:
        self.directory = Path(mkdtemp(prefix="bn"))
        self.key: KeyPress = write_key(self.directory / "key.pcap", "1", BEFORE_KEY_S)
        self._ours: Ours | None = None
        self._peer: AppQueue | None = None
        self._numbers = count(10_000_000)
        self._files = count(1)
        self._maxima: dict[str, float] = {}
        self._pairs: list[tuple[Run, Run]] = []
        self._telephones: dict[str, SippProcess] = {}
        self._stack = AsyncExitStack()
        if known := os.environ.get(KNOWN):
            ours, peer = (float(word) for word in known.split(","))
            self._maxima = {Ours.name: ours, AppQueue.name: peer}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
        shutil.rmtree(self.directory, ignore_errors=True)

    def say(self, line: str) -> None:
        """Progress."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def at_the_end(self, take_down: Callable[[], object]) -> None:
        """Called when all parts have been measured."""
        self._stack.callback(take_down)

    # --- the sides ---

    async def ours(self) -> Ours:
        """Ours, running, its agents registered and available."""
        if self._ours is None:
            self.say("starting sanxiang …")
            self._ours = Ours()
            self._stack.push_async_callback(self._ours.stop)
            await self._ours.start()
            await self._register(self._ours)
            await self._ours.recover()
            await self._calm(self._ours)
        return self._ours

    async def peer(self) -> AppQueue:
        """The peer, running, its members registered."""
        if self._peer is None:
            ours = await self.ours()
            self.say("starting Asterisk with app_queue …")
            self._peer = AppQueue(self.directory, ours.prompts, ours.agents)
            self._stack.push_async_callback(self._peer.stop)
            await self._peer.start()
            await self._register(self._peer)
        return self._peer

    async def _register(self, side: Side) -> None:
        """Its agents' telephones, which are there until the end."""
        await sipp.register(side.server, side.accounts, side.agents_port, self.directory / f"register-{side.name}")
        files = self.directory / f"agents-{side.name}"
        options = sipp.agents_options(side.agents_port, side.media_port, files)
        telephones = SippProcess(sipp.scenario("agent.xml", {}), side.server, files, options)
        self._telephones[side.name] = await self._stack.enter_async_context(telephones)

    async def _calm(self, ours: Ours) -> None:
        """Until the first start's own work (a password for each agent) is done."""
        while True:
            before = ours.cpu_s()[1]
            await asyncio.sleep(1.0)
            if ours.cpu_s()[1] - before < 0.15:
                return

    # --- loads ---

    async def load(
        self,
        side: Side,
        rate: float,
        seconds: float,
        *,
        line: str | None = None,
        stays_ms: int = 0,
        sound: str = "",
        meanwhile: Callable[[], Awaitable[None]] | None = None,
    ) -> Run:
        """The journey at so many calls a second. `stays_ms`: the caller hangs up first, so long after the key, and
        plays `sound` till then. `meanwhile` is done while the calls are made, before they are waited for."""
        files = self.directory / f"load{next(self._files)}"
        calls = max(1, round(rate * seconds))
        rows = files.with_suffix(".csv")
        head = "135" if stays_ms else "139"
        rows.write_text("SEQUENTIAL\n" + "".join(f"{head}{next(self._numbers)};\n" for _ in range(calls)))
        words = {
            "line": line or side.line,
            "key": self.key.path,
            "talk": sipp.part("hang_up_after.xml" if stays_ms else "until_hung_up.xml"),
            "talk_ms": stays_ms,
            "sound": sound,
        }
        agents = self._telephones[side.name]
        await sipp.statistics_settled()
        agents_before, cpu_before = agents.counts(), side.cpu_s()
        timeout_s = seconds + stays_ms / 1000 + PATIENCE_S
        options = sipp.callers_options(free_port(SOCK_DGRAM, sipp.CALLERS), files, rows, rate, calls, timeout_s)
        async with SippProcess(sipp.scenario("caller.xml", words), side.server, files, options) as callers:
            if meanwhile is not None:
                await meanwhile()
            await callers.finished(timeout_s + PATIENCE_S)
        rested = await side.at_rest(REST_S)
        cpu_after = side.cpu_s()
        await sipp.statistics_settled()
        if not agents.runs:
            raise AssertionError(f"the agents' telephones died: {agents.last_words()}")
        result = Result(
            rate=rate,
            seconds=seconds,
            callers=callers.counts(),
            agents=agents.counts().since(agents_before),
            refused=sipp.refusals(callers.log()),
            answers_ms=callers.answers_ms(),
            keys=sipp.instants(callers.log()),
            invited=sipp.instants(agents.log()),
        )
        run = Run(result, cpu_after[0] - cpu_before[0], cpu_after[1] - cpu_before[1])
        self.say(
            f"  {side.name} {result.words()}; CPU a call: Asterisk {run.asterisk_ms:.1f} ms, "
            f"controller {run.controller_ms:.1f} ms{'' if rested else '; calls are left over'}"
        )
        if result.failed or not rested:
            FAILURES.parent.mkdir(parents=True, exist_ok=True)
            words_of = (callers.last_words(), agents.last_words(), side.last_words())
            FAILURES.write_text("\n".join([result.words(), *words_of]), encoding="utf-8")
        if result.failed or result.refused or not rested:
            await side.at_rest(REST_S)
            await side.recover()
        for path in self.directory.glob(f"{files.name}*") if not os.environ.get("BENCH_KEEP") else []:
            path.unlink()
        return run

    # --- what several figures share ---

    async def maxima(self) -> tuple[float, float]:
        """Calls a second sustained: ours, the peer's. Searched side by side, so that both see the same machine."""
        sides: list[Side] = [await self.ours(), await self.peer()]
        climbs = {side.name: Climb(FIRST_RATE) for side in sides if side.name not in self._maxima}
        while climbs:
            for side in sides:
                climb = climbs.get(side.name)
                if climb is None:
                    continue
                if (rate := climb.next_rate()) is None:
                    self._maxima[side.name] = climb.good or 0.0
                    self.say(f"  {side.name}: {climb.good or 0:g} calls/s sustained, failed at {climb.bad or 0:g}")
                    del climbs[side.name]
                else:
                    climb.note(rate, (await self.load(side, rate, STEP_S)).result.sustained)
        return self._maxima[Ours.name], self._maxima[AppQueue.name]

    async def pairs(self) -> list[tuple[Run, Run]]:
        """(ours, the peer's) at half of the peer's maximum, several times."""
        if not self._pairs:
            rate = round((await self.maxima())[1] / 2)
            for _ in range(PAIRS):
                ours = await self.load(await self.ours(), rate, PAIR_S)
                peer = await self.load(await self.peer(), rate, PAIR_S)
                self._pairs.append((ours, peer))
        return self._pairs
