"""How many file descriptors this process may open (adapter): raised to the hard limit at start, then watched."""

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LOOKS_AT_EACH: Final = 100
"""Once so many times what was taken since the last look is what was open then, it is time to look again."""


def raise_descriptor_limit() -> int:
    """Make the soft limit what the hard one allows; the limit from now on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def descriptors_open() -> int:
    """How many are open. The kernel lists them all: that takes the longer the more there are."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - no Path for each of them


def descriptors_left() -> int:
    """How many may still be opened."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] - descriptors_open()


@dataclass
class DescriptorGauge:
    """What is left, for who asks before each connection. In between two looks what was taken is taken off, so that a
    flood of connections does not cost the square of their number."""

    count: Callable[[], int] = descriptors_open
    _open: int = 0
    _taken: int = 0

    def left(self) -> int:
        """Never more than there are, but for what others have opened since the last look."""
        if self._taken * LOOKS_AT_EACH >= self._open:
            self._open, self._taken = self.count(), 0
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0] - self._open - self._taken

    def took_one(self) -> None:
        """A connection has one."""
        self._taken += 1

    def look(self) -> None:
        """`left` looks the next time, whatever was taken: somebody may have given some back."""
        self._open = 0
