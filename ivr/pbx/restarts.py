"""How often a dead Asterisk may be restarted (rules): as in Erlang's supervisors, a bounded number in a window."""

from collections import deque
from dataclasses import dataclass, field

MAX_RESTARTS = 3
WINDOW_S = 60.0


@dataclass
class RestartBudget:
    """Grants at most `limit` restarts in any `window_s` seconds. `now` is a monotonic time in seconds."""

    limit: int = MAX_RESTARTS
    window_s: float = WINDOW_S
    _granted: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> bool:
        """True, and counted, when one more restart is allowed at `now`."""
        while self._granted and now - self._granted[0] >= self.window_s:
            self._granted.popleft()
        if len(self._granted) >= self.limit:
            return False
        self._granted.append(now)
        return True
