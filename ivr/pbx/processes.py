"""Another process as Linux shows it: is it still the same one, and has it ended. Knows nothing of Asterisk."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessId:
    """A pid that cannot be mistaken for a later process: with its start in clock ticks, and the boot it is of."""

    pid: int
    started_ticks: int
    boot_id: str


def identify(pid: int) -> ProcessId | None:
    """The identity of a running process; None when there is none, or it is dead and not yet reaped."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets, and may itself hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    if fields[0] in ("Z", "X"):
        return None
    return ProcessId(pid, int(fields[19]), Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())


def is_alive(process: ProcessId) -> bool:
    """True while exactly this process runs (also when it is stopped or hangs)."""
    return identify(process.pid) == process


def command_line(pid: int) -> list[str]:
    """A process's arguments; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


async def wait_ended(process: ProcessId) -> None:
    """Returns when the process has ended, whoever its parent is. No polling."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if not is_alive(process):
            return
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
    finally:
        os.close(descriptor)


def send_signal(process: ProcessId, number: signal.Signals) -> None:
    """Signals exactly this process; nothing happens when it has ended, also when its pid is in use again."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(process):
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return
    finally:
        os.close(descriptor)
