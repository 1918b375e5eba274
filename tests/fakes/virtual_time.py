"""An event loop whose clock jumps: when nothing is ready it is at once the time of the next timer. No test sleeps.

Use it with `asyncio.Runner(loop_factory=VirtualTimeLoop)` or as a pytest-asyncio loop factory. Not for tests with
sockets or threads: nobody can know how much time those would have taken.
"""

import asyncio
import selectors
from typing import Any


class _JumpingSelector(selectors.DefaultSelector):
    """Where a loop would sleep until its next timer, it moves the clock there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(None)  # no timer: only a signal or another thread can go on
        ready = super().select(0)
        if not ready and timeout > 0:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0.0 and moves only when everything waits."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now
