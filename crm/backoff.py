"""How long to wait after failures before the next attempt (rules): the wait doubles, up to a longest one."""

import math
from typing import Final

_MOST_DOUBLINGS: Final = 60


def wait_s(failures: int, first_s: float, longest_s: float = math.inf) -> float:
    """Computes the seconds to wait after so many failures in a row, at least one: `first_s`, doubled each time."""
    return min(first_s * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), longest_s)
