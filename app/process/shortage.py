"""What is nearly used up of memory, processes and descriptors, said before it is gone (rules). OPS-7"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

Resource = Literal["memory", "address_space", "machine_memory", "processes", "machine_processes", "descriptors"]
"""`memory` and `processes` have the limit of a control group or of the user; the machine's are everybody's."""

WARNED: Final = 0.85
"""People are told from this part of a limit on."""
CALM: Final = 0.75
"""They are told that it is over below this part: not to and fro at the limit."""
SHORT: Final = 0.95
"""`/status` says that this is not up from this part on, but for what others on the machine may have used up."""
OF_ALL: Final[frozenset[Resource]] = frozenset({"machine_memory", "machine_processes"})


@dataclass(frozen=True)
class Reading:
    """What is used of a resource and what its limit is: bytes of memory, or how many there are."""

    resource: Resource
    used: int
    limit: int

    @property
    def part(self) -> float:
        """Of the limit; all of it where there is none to use."""
        return self.used / self.limit if self.limit > 0 else 1.0


@dataclass(frozen=True)
class ShortageNews:
    """What has come near its limit, and what is no longer."""

    near: tuple[Reading, ...] = ()
    over: tuple[Reading, ...] = ()


@dataclass
class Shortage:
    """What is known of each limited resource. `resident`: bytes that this process itself holds."""

    readings: tuple[Reading, ...] = ()
    resident: int = 0
    threads: int = 0
    warned: set[Resource] = field(default_factory=set)

    def look(self, readings: Iterable[Reading], resident: int, threads: int) -> ShortageNews:
        """What is to be told with these figures."""
        self.readings, self.resident, self.threads = tuple(readings), resident, threads
        near = tuple(r for r in self.readings if r.resource not in self.warned and r.part >= WARNED)
        over = tuple(r for r in self.readings if r.resource in self.warned and r.part < CALM)
        self.warned |= {reading.resource for reading in near}
        self.warned -= {reading.resource for reading in over}
        return ShortageNews(near, over)

    def status(self) -> dict[str, object]:
        """For `/status`: not up once anything is all but used up."""
        return {
            "up": all(reading.part < SHORT or reading.resource in OF_ALL for reading in self.readings),
            "resident_mb": self.resident // 1_000_000,
            "threads": self.threads,
            "warned": sorted(self.warned),
            "used": {each.resource: {"used": each.used, "limit": each.limit} for each in self.readings},
        }
