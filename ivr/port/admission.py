"""Admission: how many new calls are let in when the system is at its limit (rules: time is an argument). P11.

Past its limit every telephone system collapses: each caller waits longer, and in the end none is served. So the time
that Asterisk takes to carry a command out is watched, the sign that comes first whatever makes the limit. While it is
short, everybody is let in. While the oldest command waits for too long, hardly anybody is; when most commands take too
long for a second, new calls are let in at the rate that the system has just shown it can do, which rises slowly until
the time is short again. Who is not let in hears "busy" at once (503), and those inside are served as ever.

How long an answer had lain before this process read it (`behind_s`) is not Asterisk's time and is taken off: a loop
that stumbles reads a second's answers late and all together, and Asterisk was quick all the while. A process that stays
far behind is at a limit of its own.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

WINDOW_S = 0.25
"""So long commands are counted before their time is judged."""
FEW = 8
"""Fewer commands than that in a window say nothing."""
SHARE = 0.9
"""Of the commands that must be carried out in time."""
FALL, RISE, RISE_A_WINDOW = 0.9, 1.05, 0.5
"""Past the limit the rate is that share of what was carried out, so that what waits is worked off; then it rises."""
FADES_S = 10.0
"""In which half of what was learnt about a call's commands is forgotten."""
BEHIND = 2.0
"""So many times the latency allowed to a command may most of what is read have lain, before it counts as slow too."""
STUMBLE = 1.5
"""So many times the latency may a command wait before, without a limit so far, hardly anybody is let in."""
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
    NO_PORT = "no_port"
    """The ports that are left are kept for agents' telephones, and for people whom we call."""


@dataclass
class Effort:
    """How many commands a call takes, learnt from the calls let in and the commands carried out."""

    commands: float = 0.0
    calls: float = 0.0

    def learn(self, commands: int, calls: int, lasted_s: float) -> None:
        fade = 0.5 ** (lasted_s / FADES_S)
        self.commands, self.calls = self.commands * fade + commands, self.calls * fade + calls

    def calls_in(self, commands: float) -> float:
        """How many calls so many commands are worth; none when that is not known yet."""
        return commands * self.calls / self.commands if self.commands >= 1 else 0.0


@dataclass
class Admission:
    """Decides on each new call. `now` is a monotonic time in seconds.

    `latency_s`: what most commands may take; `in_setup`: how many calls may be between arrival and talk; `legs`: how
    many legs there may be, agents' telephones left out, for their ports are reserved (`ivr.pbx.ports.room_for`).
    """

    latency_s: float
    in_setup: int
    legs: float = math.inf
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
    _refused_before: int = 0
    _effort: Effort = field(default_factory=Effort)
    _done: deque[float] = field(default_factory=lambda: deque(maxlen=SLOW_WINDOWS))
    """Calls' worth of commands carried out, a second, in each of the last windows."""
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

    def ask(self, now: float, in_setup: int, legs: int = 0, *, waited: bool = False) -> Refusal | None:
        """A call arrives while `in_setup` others are on their way: None lets it in.

        `legs`: how many there are now with this one, those who wait counted, those of agents left out. `waited`: it
        came while nobody was connected to Asterisk. That was our fault, so it is let in if it can be.
        """
        if now - self._window_began >= WINDOW_S:
            self._judge(now)
        if legs > self.legs:
            return self._refuse(now, Refusal.NO_PORT)
        if waited and self.rate == math.inf:
            self._admitted += 1
            return None
        if in_setup >= self.in_setup:
            return self._refuse(now, Refusal.FULL)
        rate = self._rate_now(now)
        if rate == math.inf:
            self._admitted += 1
            return None
        self._tokens = min(max(LEAST_BURST, rate * BURST_S), self._tokens + (now - self._filled_at) * rate)
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
            "legs_at_most": None if self.legs == math.inf else self.legs,
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
        self._learn(len(latencies), admitted, lasted_s)
        self.latest_s, self.behind_s = _most(latencies), _most(lain)
        too_slow = len(latencies) >= FEW and self.latest_s > self.latency_s
        too_late = len(lain) >= FEW and self.behind_s > BEHIND * self.latency_s
        if (oldest_s := self._oldest_s(now)) > self.latency_s:  # its answer would tell, but too late
            self.latest_s, too_slow = max(self.latest_s, oldest_s), True
        self._slow_windows = self._slow_windows + 1 if too_slow or too_late else 0
        if self._slow_windows >= SLOW_WINDOWS:
            self._lower(now)
        elif self.rate != math.inf and not too_slow and not too_late:
            self.rate = self.rate * RISE + RISE_A_WINDOW
            if now - self._refused_at > CALM_S:
                self.rate = math.inf

    def _rate_now(self, now: float) -> float:
        """Calls a second: hardly any while a command waits longer than it may, as all who come would wait too. Where
        there was no limit it may be a machine that stumbles: as many as it did before are let in, for a while."""
        oldest_s = self._oldest_s(now)
        if oldest_s <= self.latency_s:
            return self.rate
        if self.rate == math.inf and oldest_s <= STUMBLE * self.latency_s:
            return max(LEAST, *self._done)
        return min(self.rate, LEAST)

    def _oldest_s(self, now: float) -> float:
        """How long the oldest command has been waiting, as far as we have read: what was answered since is not known
        yet."""
        return now - self._latest_behind_s - next(iter(self._pending.values()), now)

    def _learn(self, carried_out: int, admitted: int, lasted_s: float) -> None:
        """What was done in a window. Who was refused has had one command."""
        commands = max(0, carried_out - (self.refused - self._refused_before))
        self._refused_before = self.refused
        self._effort.learn(commands, admitted, lasted_s)
        self._done.append(self._effort.calls_in(commands) / lasted_s)

    def _lower(self, now: float) -> None:
        """To what the system has shown that it can do, a little less. The best of the last windows: it may have been
        held up in the others."""
        if self.rate == math.inf:
            self._tokens, self._filled_at, self._refused_at = LEAST_BURST, now, now
        self.rate = max(LEAST, min(self.rate, max(self._done) * FALL))


def _most(times_s: list[float]) -> float:
    """What nine of ten of them do not exceed; of a few, the longest."""
    if len(times_s) < FEW:
        return max(times_s, default=0.0)
    return sorted(times_s)[math.ceil(SHARE * len(times_s)) - 1]
