"""How many file descriptors this process may open (adapter): raised to the hard limit at start, then watched."""

import resource
from pathlib import Path

_OPEN = Path("/proc/self/fd")


def raise_descriptor_limit() -> int:
    """Make the soft limit what the hard one allows; the limit from now on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def descriptors_left() -> int:
    """How many may still be opened."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] - sum(1 for _ in _OPEN.iterdir())
