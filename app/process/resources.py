"""Memory, processes and descriptors, and which limits they have: the kernel's own figures (adapter). OPS-7

A limit is that of a control group (version 1 or 2), of this user or process, and in any case the machine's. What the
kernel does not tell has no reading; a control group's memory counts without the cache of files, which is given back.
"""

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.process.descriptors import descriptors_open
from app.process.shortage import Reading, Resource

UNLIMITED: Final = 1 << 60
"""Version 1 says so with a figure that no machine has."""


@dataclass(frozen=True)
class Usage:
    """The readings, and this process's own resident memory (bytes) and threads."""

    readings: tuple[Reading, ...]
    resident: int
    threads: int


@dataclass(frozen=True)
class Kernel:
    """Where the kernel tells its figures."""

    proc: Path = Path("/proc")
    cgroup: Path = Path("/sys/fs/cgroup")

    def usage(self) -> Usage:
        """Now. Lists the processes of this user where they have a limit: for a thread, not for the loop."""
        own = _fields(self.proc / "self/status")
        return Usage(tuple(self._readings(own)), own.get("VmRSS", 0), own.get("Threads", 0))

    def _readings(self, own: dict[str, int]) -> Iterator[Reading]:
        yield from self._of_group("memory", "memory", ("memory.current", "memory.max"))
        yield from self._of_group("pids", "processes", ("pids.current", "pids.max"))
        if (limit := resource.getrlimit(resource.RLIMIT_AS)[0]) != resource.RLIM_INFINITY:
            yield Reading("address_space", own.get("VmSize", 0), limit)
        machine = _fields(self.proc / "meminfo")
        if {"MemTotal", "MemAvailable"} <= machine.keys():
            yield Reading("machine_memory", machine["MemTotal"] - machine["MemAvailable"], machine["MemTotal"])
        yield from self._processes_of_all()
        limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        if limit != resource.RLIM_INFINITY and os.geteuid() != 0:  # the limit does not bind root
            yield Reading("processes", self._processes_of_user(), limit)
        yield Reading("descriptors", descriptors_open(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])

    def _processes_of_all(self) -> Iterator[Reading]:
        most = [_number(self.proc / "sys/kernel" / name) for name in ("pid_max", "threads-max")]
        limits = [each for each in most if each is not None]
        with suppress(OSError, IndexError, ValueError):
            there = int((self.proc / "loadavg").read_text(encoding="ascii").split()[3].partition("/")[2])
            if limits:
                yield Reading("machine_processes", there, min(limits))

    def _processes_of_user(self) -> int:
        """With their threads: the limit counts both."""
        total = 0
        for each in self.proc.iterdir():
            if each.name.isdecimal():
                with suppress(OSError):  # it has ended meanwhile, or is not ours to see
                    if each.stat().st_uid == os.geteuid():
                        total += _fields(each / "status").get("Threads", 0)
        return total

    def _of_group(self, controller: str, name: Resource, files: tuple[str, str]) -> Iterator[Reading]:
        """The tightest limit of the groups above this process, if there is one."""
        found = [
            reading
            for group in self._groups(controller)
            if (reading := _reading(group, name, *files) or _reading_of_version_1(group, name)) is not None
        ]
        if found:
            yield max(found, key=lambda reading: reading.part)

    def _groups(self, controller: str) -> Iterator[Path]:
        with suppress(OSError):
            for line in (self.proc / "self/cgroup").read_text(encoding="utf-8").splitlines():
                _, kinds, path = line.split(":", 2)
                if kinds and controller not in kinds.split(","):
                    continue
                root = self.cgroup / controller if kinds else self.cgroup
                group = root / path.lstrip("/")
                # Inside a container the path may be the host's: then the root is the container's own group.
                yield from (each for each in (group, *group.parents) if each.is_relative_to(root) and each.is_dir())


def _reading(group: Path, name: Resource, used: str, limit: str) -> Reading | None:
    taken, most = _number(group / used), _number(group / limit)
    if taken is None or most is None or most >= UNLIMITED:
        return None
    cache = _fields(group / "memory.stat").get("inactive_file", 0) if name == "memory" else 0
    return Reading(name, max(0, taken - cache), most)


def _reading_of_version_1(group: Path, name: Resource) -> Reading | None:
    return _reading(group, name, "memory.usage_in_bytes", "memory.limit_in_bytes") if name == "memory" else None


def _number(file: Path) -> int | None:
    """None for no such file, and for `max`."""
    with suppress(OSError, ValueError):
        return int(file.read_text(encoding="ascii"))
    return None


def _fields(file: Path) -> dict[str, int]:
    """The figures of a file of `name: figure unit` lines, in bytes where the unit is kB; empty when it is gone."""
    found = {}
    with suppress(OSError):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            name, *rest = line.replace(":", " ").split()[:3] or [""]
            if rest and rest[0].isdecimal():
                found[name] = int(rest[0]) * (1024 if rest[1:] == ["kB"] else 1)
    return found
