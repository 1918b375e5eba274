"""Programs that a test runs: started, told to stop, taken down by their own pid whatever happens. Linux only."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import Self

import psutil

from config.paths import DataDir
from ivr.pbx import processes
from ivr.pbx.prefix.install import find_asterisk

log = logging.getLogger(__name__)

REPOSITORY = Path(__file__).parents[3]
SANXIANG = Path(sys.executable).parent / "sanxiang"
PATIENCE_S = 20.0
AHEAD_OF_OTHERS = ("nice", "-n", "-10")
"""Before a command that is timed to the ms, so that it does not wait for the machine's other work. Root only."""


def put_first(pid: int) -> None:
    """The same for a process whose session is a scheduling group of its own: `nice` counts only inside of those."""
    try:
        Path(f"/proc/{pid}/autogroup").write_text("-10", encoding="ascii")
    except OSError as exc:  # no such groups here, or not root: then what is timed waits for its turn
        log.info("Process %d is not put first: %s", pid, exc)


class Program:
    """One child process whose output goes to files. Use as `async with`; leaving kills what still runs."""

    def __init__(self, arguments: Sequence[str | Path], output: Path, directory: Path = REPOSITORY) -> None:
        """`directory`: where it is run."""
        self._arguments = [str(argument) for argument in arguments]
        self._directory = directory
        self.stdout, self.stderr = output.with_suffix(".out"), output.with_suffix(".err")
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        self._process = self._start()
        return self

    def _start(self) -> subprocess.Popen[bytes]:
        with self.stdout.open("ab") as out, self.stderr.open("ab") as err:
            return subprocess.Popen(
                self._arguments,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=_environment(),
                start_new_session=True,  # a Ctrl-C at the terminal is the test's to pass on
            )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the program has not been started")
        return self._process

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """To this process only; nothing happens when it has ended."""
        self.process.send_signal(number)

    async def kill(self) -> None:
        """Ends it without a word, also when it hangs."""
        self.signal(signal.SIGKILL)
        await self._ended()

    async def wait(self, timeout_s: float) -> int:
        """Its exit code. Raises AssertionError with its last words when it does not end in time."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ended()
        except TimeoutError:
            raise AssertionError(f"{self._arguments[:3]} did not end in {timeout_s:g} s\n{self.last_words()}") from None

    async def _ended(self) -> int:
        """The exit code, in time. Not by asyncio's own children: their watcher loses the code of a child that
        `send_signal` found dead first, and says 255."""
        if self.process.poll() is None:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            descriptor = os.pidfd_open(self.process.pid)
            loop.add_reader(descriptor, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        return self.process.wait()

    async def stop(self, timeout_s: float = PATIENCE_S) -> int:
        """Ctrl-C, and its exit code."""
        self.signal(signal.SIGINT)
        return await self.wait(timeout_s)

    def said(self) -> str:
        """What it printed so far."""
        return self.stdout.read_text(encoding="utf-8", errors="replace") if self.stdout.exists() else ""

    def complained(self) -> str:
        """What it printed as errors so far."""
        return self.stderr.read_text(encoding="utf-8", errors="replace") if self.stderr.exists() else ""

    def last_words(self) -> str:
        return "\n".join((self.said() + self.complained()).splitlines()[-25:])


def _environment() -> dict[str, str]:
    """As an installation has it: compiled code is kept, though not in the source tree; a start takes its true time."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled = Path(gettempdir()) / f"sanxiang-compiled-{os.getuid()}"
    return {**inherited, "PYTHONPYCACHEPREFIX": str(compiled), "PYTHONUNBUFFERED": "1", "TZ": "UTC"}


async def console(data: DataDir, command: str) -> str:
    """What the Asterisk of a data directory answers to a console command; empty when there is none."""
    arguments = [*find_asterisk().command, "-C", str(_configuration(data)), "-rx", command]
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(PATIENCE_S):
        answer, _ = await process.communicate()
    return answer.decode(errors="replace") if process.returncode == 0 else ""


def asterisks_of(data: DataDir) -> list[processes.ProcessId]:
    """Every Asterisk that runs on a data directory's configuration, whatever state.json says of it."""
    configuration = str(_configuration(data))
    commands = ((process.pid, process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    found = [processes.identify(pid) for pid, command in commands if configuration in command and "-rx" not in command]
    return [process for process in found if process is not None]


def _configuration(data: DataDir) -> Path:
    return data.asterisk.resolve() / "etc" / "asterisk.conf"


async def end_asterisk(data: DataDir) -> None:
    """Kills the Asterisk of a data directory by its pid, if there is one: it outlives its controller on purpose."""
    for found in asterisks_of(data):
        processes.send_signal(found, signal.SIGCONT)
        processes.send_signal(found, signal.SIGKILL)
        await processes.wait_ended(found)
