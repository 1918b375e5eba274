"""Programs that a test runs: started, told to stop, taken down by their own pid whatever happens. Linux only."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import Self

import psutil

from config.paths import DataDir
from ivr.pbx import processes
from ivr.pbx.install import find_asterisk

REPOSITORY = Path(__file__).parents[3]
SANXIANG = Path(sys.executable).parent / "sanxiang"
PATIENCE_S = 20.0
AHEAD_OF_OTHERS = ("nice", "-n", "-10")
"""Before a command that is timed to the ms, so that it does not wait for the machine's other work. Root only."""


class Program:
    """One child process whose output goes to files. Use as `async with`; leaving kills what still runs."""

    def __init__(self, arguments: Sequence[str | Path], output: Path) -> None:
        self._arguments = [str(argument) for argument in arguments]
        self.stdout, self.stderr = output.with_suffix(".out"), output.with_suffix(".err")
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        with self.stdout.open("ab") as out, self.stderr.open("ab") as err:
            self._process = await asyncio.create_subprocess_exec(
                *self._arguments,
                cwd=REPOSITORY,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=_environment(),
                start_new_session=True,  # a Ctrl-C at the terminal is the test's to pass on
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.runs:
            self.signal(signal.SIGKILL)
        await self.process.wait()

    @property
    def process(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the program has not been started")
        return self._process

    @property
    def runs(self) -> bool:
        return self.process.returncode is None

    def signal(self, number: signal.Signals) -> None:
        """To this process only; nothing happens when it has ended."""
        if self.runs:
            self.process.send_signal(number)

    async def wait(self, timeout_s: float) -> int:
        """Its exit code. Raises AssertionError with its last words when it does not end in time."""
        try:
            return await asyncio.wait_for(self.process.wait(), timeout_s)
        except TimeoutError:
            raise AssertionError(f"{self._arguments[:3]} did not end in {timeout_s:g} s\n{self.last_words()}") from None

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
