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
    found = _read(pid)
    return found[0] if found is not None and found[1] not in ("Z", "X") else None


def is_alive(process: ProcessId) -> bool:
    """True while exactly this process runs (also when it is stopped or hangs)."""
    return identify(process.pid) == process


def _read(pid: int) -> tuple[ProcessId, str] | None:
    """The identity and the state letter of a pid, also of a zombie's."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets, and may itself hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ProcessId(pid, int(fields[19]), boot_id), fields[0]


def command_line(pid: int) -> list[str]:
    """A process's arguments; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


async def wait_ended(process: ProcessId) -> None:
    """Returns when the process has ended and let go of its ports and files, whoever its parent is. No polling."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        found = _read(process.pid)
        if found is None or found[0] != process:
            return
        # A killed process shows as dead while its other threads still hold its sockets; its pidfd waits for them too.
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


def has_ended(descriptor: int) -> bool:
    """Whether the process has ended that holds the other end of this pipe. Does not block."""
    try:
        return os.read(descriptor, 1) == b""
    except BlockingIOError:
        return False
