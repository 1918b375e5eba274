"""Admission: how many new calls are let in when the system is at its limit (rules: time is an argument). P11.

Past its limit every telephone system collapses: each caller waits longer, and in the end none is served. So the time
that Asterisk takes to carry a command out is watched, the sign that comes first whatever makes the limit. While it is
short, everybody is let in. When it is not, new calls are let in at a rate that falls quickly and rises slowly until the
time is short again; who is not let in hears "busy" at once (503), and those inside are served as ever.

How long an answer had lain before this process read it (`behind_s`) is not Asterisk's time and is taken off: a loop
that stumbles reads a second's answers late and all together, and Asterisk was quick all the while. A process that stays
far behind is at a limit of its own.
"""

import math
from dataclasses import dataclass, field
from enum import Enum

WINDOW_S = 0.25
"""So long commands are counted before their time is judged."""
FEW = 8
"""Fewer commands than that in a window say nothing."""
SHARE = 0.9
"""Of the commands that must be carried out in time."""
FALL, RISE, RISE_A_WINDOW = 0.85, 1.05, 0.5
BEHIND = 2.0
"""So many times the latency allowed to a command may most of what is read have lain, before it counts as slow too."""
SLOW_WINDOWS = 4
"""So many windows in a row must be slow: a machine may stumble, and the work of a second is soon made up for."""
LEAST = 10.0
"""Calls a second that are let in whatever happens: so few are no overload, the machine is busy with something else."""
BURST_S, LEAST_BURST = 0.25, 5.0
"""How many may come at once: so many seconds' worth, and so many calls at least."""
CALM_S = 10.0
"""So long without a refusal, and there is no limit any more."""
JUST_NOW_S = 5.0


class Refusal(Enum):
    """Why a call is not let in."""

    SLOW = "slow"
    """Asterisk carries commands out too slowly, or we read too late: this is more than the rate that can be done."""
    FULL = "full"
    """Too many calls are between arrival and talk."""


@dataclass
class Admission:
    """Decides on each new call. `now` is a monotonic time in seconds.

    `latency_s`: what most commands may take; `in_setup`: how many calls may be between arrival and talk.
    """

    latency_s: float
    in_setup: int
    rate: float = math.inf
    """Calls a second that are let in now."""
    refused: int = 0
    latest_s: float = 0.0
    """What nine of ten commands took at most, in the last window."""
    behind_s: float = 0.0
    """How long nine of ten answers had lain at most before they were read, in the last window."""
    _latencies: list[float] = field(default_factory=list)
    _lain: list[float] = field(default_factory=list)
    """How long each answer had, until it was read."""
    _latest_behind_s: float = 0.0
    _window_began: float = 0.0
    _admitted: int = 0
    _slow_windows: int = 0
    _tokens: float = 0.0
    _filled_at: float = 0.0
    _refused_at: float = -math.inf
    _pending: dict[int, float] = field(default_factory=dict)
    """Commands that are not answered, by number, in the order they were sent: since when."""

    def sent(self, now: float, number: int) -> None:
        """A command goes out."""
        self._pending[number] = now

    def carried_out(self, now: float, number: int, behind_s: float = 0.0) -> None:
        """It was answered, or given up."""
        began = self._pending.pop(number, None)
        if began is not None:
            self._latencies.append(max(0.0, now - behind_s - began))
            self._lain.append(behind_s)
            self._latest_behind_s = behind_s
        if now - self._window_began >= WINDOW_S:
            self._judge(now)

    def ask(self, now: float, in_setup: int, *, waited: bool = False) -> Refusal | None:
        """A call arrives while `in_setup` others are on their way: None lets it in.

        `waited`: it came while nobody was connected to Asterisk. That was our fault, so it is let in if it can be.
        """
        if now - self._window_began >= WINDOW_S:
            self._judge(now)
        if waited and self.rate == math.inf:
            self._admitted += 1
            return None
        if in_setup >= self.in_setup:
            return self._refuse(now, Refusal.FULL)
        if self.rate == math.inf:
            self._admitted += 1
            return None
        self._tokens = min(max(LEAST_BURST, self.rate * BURST_S), self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
        if self._tokens < 1:
            return self._refuse(now, Refusal.SLOW)
        self._tokens -= 1
        self._admitted += 1
        return None

    def is_refusing(self, now: float) -> bool:
        """Somebody was refused just now."""
        return now - self._refused_at < JUST_NOW_S

    def status(self, now: float) -> dict[str, object]:
        """For `/status`: the part is up while nobody is refused."""
        return {
            "up": not self.is_refusing(now),
            "calls_a_second": None if self.rate == math.inf else round(self.rate, 1),
            "command_latency_s": round(self.latest_s, 4),
            "behind_s": round(self.behind_s, 4),
            "refused": self.refused,
        }

    def _refuse(self, now: float, why: Refusal) -> Refusal:
        self.refused += 1
        self._refused_at = now
        return why

    def _judge(self, now: float) -> None:
        """At the end of a window: lower the rate, or raise it."""
        lasted_s = now - self._window_began
        latencies, lain, admitted = self._latencies, self._lain, self._admitted
        self._latencies, self._lain, self._admitted, self._window_began = [], [], 0, now
        self.latest_s, self.behind_s = _most(latencies), _most(lain)
        too_slow = len(latencies) >= FEW and self.latest_s > self.latency_s
        too_late = len(lain) >= FEW and self.behind_s > BEHIND * self.latency_s
        # As far as we have read: what was answered since is not known yet.
        oldest_s = now - self._latest_behind_s - next(iter(self._pending.values()), now)
        if oldest_s > self.latency_s:  # its answer would tell, but too late
            self.latest_s, too_slow = max(self.latest_s, oldest_s), True
        self._slow_windows = self._slow_windows + 1 if too_slow or too_late else 0
        if self._slow_windows >= SLOW_WINDOWS:
            self._lower(now, admitted / lasted_s)
        elif self.rate != math.inf and not too_slow and not too_late:
            self.rate = self.rate * RISE + RISE_A_WINDOW
            if now - self._refused_at > CALM_S:
                self.rate = math.inf

    def _lower(self, now: float, admitted_a_second: float) -> None:
        if self.rate == math.inf:
            self._tokens, self._filled_at, self._refused_at = LEAST_BURST, now, now
        self.rate = max(LEAST, min(self.rate, admitted_a_second) * FALL)


def _most(times_s: list[float]) -> float:
    """What nine of ten of them do not exceed; of a few, the longest."""
    if len(times_s) < FEW:
        return max(times_s, default=0.0)
    return sorted(times_s)[math.ceil(SHARE * len(times_s)) - 1]
