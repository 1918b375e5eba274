"""A whole running hotline: `sanxiang up` as a process of its own, with its Asterisk, on ports of its own."""

import asyncio
import logging
import shutil
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from types import TracebackType
from typing import Self

import aiohttp

from config.paths import DataDir
from tests.integration.harness.api import POLL_S, Api
from tests.integration.harness.processes import SANXIANG, Program, end_asterisk
from tests.integration.harness.site_builder import SiteBuilder

log = logging.getLogger(__name__)

READY_S = 40.0


def free_port(kind: socket.SocketKind, host: str = "127.0.0.1") -> int:
    """A port that nothing uses at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class RunningSystem:
    """One system in one directory of its own. Use as `async with RunningSystem() as system`, then `await system.up()`.

    `site` may be changed until `up`. Leaving takes everything down, its Asterisk too, and removes the directory.
    `entry` replaces the command `sanxiang` (a test's own entry point that calls it).
    """

    def __init__(self, *, own_sounds: bool = True, entry: Sequence[str | Path] = (SANXIANG,)) -> None:
        # Short: Asterisk's control socket lies below, and a socket's path may have 107 bytes.
        self.directory = Path(mkdtemp(prefix="sx"))
        self.data = DataDir(self.directory / "d")
        self.site = SiteBuilder(self.directory, own_sounds=own_sounds)
        self.http_port = free_port(socket.SOCK_STREAM)
        self.sip_port = free_port(socket.SOCK_DGRAM)
        self.page_faults_expected = False
        self._entry = tuple(entry)
        self._program: Program | None = None
        self._api: Api | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._forget_api()
            if self._program is not None:
                self._program.signal(signal.SIGCONT)
                await self._program.__aexit__(kind, error, trace)
            if error is None:
                self._no_page_fault()
            else:
                log.warning("The system's last words:\n%s", self.last_words())
        finally:
            await end_asterisk(self.data)
            shutil.rmtree(self.directory, ignore_errors=True)

    def _no_page_fault(self) -> None:
        """Raises AssertionError when a page was not told something; `page_faults_expected`: it is meant."""
        files = sorted(self.data.root.glob("sanxiang.log*"))
        said = [line for file in files for line in file.read_text(encoding="utf-8").splitlines(keepends=True)]
        faults = [line for line in said if '"page_fault": true' in line]
        if bool(faults) != self.page_faults_expected:
            raise AssertionError(f"{len(faults)} times a page was not told what happened:\n{''.join(faults[:3])}")

    # --- its life ---

    async def up(self, timeout_s: float = READY_S) -> float:
        """Starts `sanxiang up` and waits until /status says 200; returns the seconds that took."""
        began = monotonic()
        await self.launch()
        await self.ready(timeout_s)
        return monotonic() - began

    async def launch(self) -> Program:
        """Starts `sanxiang up` without waiting for anything."""
        program = Program(self.up_arguments(), self.directory / "up")
        self._program = await program.__aenter__()
        return program

    def up_arguments(self) -> list[str | Path]:
        """What is run: every path and port is this test's own."""
        options = ["--http", f"127.0.0.1:{self.http_port}", "--sip", f"127.0.0.1:{self.sip_port}"]
        return [*self._entry, "up", "--site", self.site.path, "--data", self.data.root, *options]

    async def ready(self, timeout_s: float = READY_S) -> None:
        """Returns at /status 200. Raises AssertionError when the program ends first, or is not ready in time."""
        deadline = monotonic() + timeout_s
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            while not await self._says_200(session):
                if not self.program.runs:
                    raise AssertionError(f"`up` ended ({self.program.process.returncode}):\n{self.last_words()}")
                if monotonic() > deadline:
                    raise AssertionError(f"not ready after {timeout_s:g} s:\n{self.last_words()}")
                await asyncio.sleep(POLL_S)

    async def _says_200(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"http://127.0.0.1:{self.http_port}/status") as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def stop(self) -> int:
        """Ctrl-C: ends the controller and its Asterisk; the exit code."""
        await self._forget_api()
        return await self.program.stop()

    async def kill9(self) -> None:
        """The controller dies without a word; its Asterisk goes on."""
        await self._forget_api()
        await self.program.kill()

    def sigstop(self) -> None:
        """The controller hangs until `sigcont` or `kill9`."""
        self.program.signal(signal.SIGSTOP)

    def sigcont(self) -> None:
        self.program.signal(signal.SIGCONT)

    async def restart(self, timeout_s: float = READY_S) -> float:
        """A new controller on the same data directory; seconds until it was ready."""
        await self._forget_api()
        return await self.up(timeout_s)

    # --- what tests ask it ---

    @property
    def program(self) -> Program:
        """The controller's process of the present life."""
        if self._program is None:
            raise RuntimeError("the system has not been started: `await system.up()`")
        return self._program

    @property
    def sip(self) -> tuple[str, int]:
        """Where its SIP is."""
        return "127.0.0.1", self.sip_port

    async def api(self) -> Api:
        """Its API with the local token; a new one after each start."""
        if self._api is None:
            self._api = await Api(self.data).__aenter__()
        return self._api

    async def _forget_api(self) -> None:
        if self._api is not None:
            await self._api.__aexit__(None, None, None)
            self._api = None

    def last_words(self) -> str:
        """The ends of its output and of both logs: what a person needs when a test has failed."""
        parts = [self._program.last_words()] if self._program else []
        for path in (self.data.root / "sanxiang.log", self.data.asterisk / "log" / "messages.log"):
            if path.exists():
                parts.append("\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]))
        return "\n---\n".join(parts)
