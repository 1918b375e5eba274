"""The real `Acd` in simulated time (flow, without asyncio): calls come at random, nothing is slept. Issue 3, point 10.

One queue, agents who are all alike, Poisson arrivals, exponential handling times and patience: what queue theory can
check (`erlang`), and what staffing is planned with (`staffing`). A run begins with as many calls as
are there usually; figures are gathered in batches, and whoever asks leaves out the first of them as a warm-up.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from math import log
from random import Random

from config.ids import AgentId, CallId, QueueName
from routing.acd import Acd
from routing.agent import Agent, AgentEvent, Reservation
from routing.queue import QueueRules
from routing.theory.batch_means import Batch
from routing.theory.erlang import Traffic

_START = datetime(2026, 1, 1, tzinfo=UTC)
QUEUE = QueueName("simulated")
_MOST_AT_FIRST = 100_000
"""Calls present at the beginning; a line that is longer still grows in the warm-up."""


class Timer:
    """Something due; once cancelled it is passed over."""

    __slots__ = ("run",)

    def __init__(self, run: Callable[[], None]) -> None:
        self.run: Callable[[], None] | None = run

    def cancel(self) -> None:
        self.run = None


@dataclass
class VirtualClock:
    """Time that passes from one due moment to the next; of the same moment, in the order of asking."""

    passed_s: float = 0.0
    at: datetime = _START
    _due: list[tuple[float, int, Timer]] = field(default_factory=list)
    _serial: "count[int]" = field(default_factory=count)

    def now(self) -> datetime:
        return self.at

    def call_later(self, seconds: float, run: Callable[[], None]) -> Timer:
        timer = Timer(run)
        heapq.heappush(self._due, (self.passed_s + seconds, next(self._serial), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """So much time, with all that falls due in it."""
        until_s = self.passed_s + seconds
        while self._due and self._due[0][0] <= until_s:
            self.step()
        self.passed_s, self.at = until_s, _START + timedelta(seconds=until_s)

    def step(self) -> None:
        """To the next due moment. Raises IndexError when nothing is due any more."""
        due_s, _, timer = heapq.heappop(self._due)
        if timer.run:
            self.passed_s, self.at = due_s, _START + timedelta(seconds=due_s)
            timer.run()


class Caller:
    """A call that waits for its turn, and perhaps gives up."""

    __slots__ = ("came_s", "gives_up", "handling_s", "number", "place", "room", "waits")

    def __init__(self, room: "Simulation", number: int, handling_s: float, patience_s: float | None) -> None:
        """`handling_s` and `patience_s` are what this call is going to need and to bear."""
        self.room, self.number, self.came_s, self.handling_s = room, number, room.clock.passed_s, handling_s
        self.gives_up: Timer | None = None
        self.waits = True
        self.place = room.acd.enqueue(CallId(str(number)), QUEUE, room.clock.at)
        self.place.__enter__()
        self.place.wait(self._given)
        if self.waits:
            room.must_wait(self)
            if patience_s is not None:
                self.gives_up = room.clock.call_later(patience_s, self._give_up)

    def _given(self, held: tuple[Reservation, ...]) -> None:
        self.waits = False
        if self.gives_up:
            self.gives_up.cancel()
        self.room.talk(self, held[0])
        self.place.__exit__()

    def _give_up(self) -> None:
        self.waits = False
        self.place.__exit__()
        self.room.gave_up(self)


class Simulation:
    """One stream of calls. The same `seed` and traffic make the same calls, however many agents there are."""

    def __init__(self, traffic: Traffic, threshold_s: float, seed: str) -> None:
        self.traffic, self.threshold_s = traffic, threshold_s
        self.clock, self.random = VirtualClock(), Random(seed).random  # noqa: S311 (has to repeat itself)
        agents = tuple(AgentId(str(number)) for number in range(traffic.agents))
        self.acd = Acd(
            [QueueRules(name=QUEUE, agents=agents)],
            now=self.clock.now,
            call_later=self.clock.call_later,
            changed=_nobody_listens,
        )
        self.batch = Batch()
        self._busy, self._busy_since_s = 0, 0.0
        self._callers, self._last_served = 0, -1
        for agent_id in agents:
            self.acd.wish(agent_id, AgentEvent.MAKE_AVAILABLE)
        for _ in range(min(traffic.usual_calls, _MOST_AT_FIRST)):
            self._arrive()
        self._expect_next()

    def gather(self, calls: int) -> Batch:
        """The figures of the next so many arrivals."""
        self._note_busy()
        self.batch, began_s = Batch(), self.clock.passed_s
        last = self._callers + calls
        step = self.clock.step
        while self._callers < last:
            step()
        self._note_busy()
        self.batch.calls, self.batch.elapsed_s = calls, self.clock.passed_s - began_s
        return self.batch

    def must_wait(self, caller: Caller) -> None:
        """Nobody was idle when it came."""
        self.batch.delayed += 1

    def gave_up(self, caller: Caller) -> None:
        self.batch.abandoned += 1

    def talk(self, caller: Caller, reservation: Reservation) -> None:
        """An agent takes a call, at once."""
        clock, batch = self.clock, self.batch
        self._note_busy()
        self._busy += 1
        self.acd.answered(reservation)
        waited_s = clock.passed_s - caller.came_s
        batch.answered += 1
        batch.wait_s += waited_s
        batch.in_time += waited_s <= self.threshold_s
        batch.inversions += caller.number < self._last_served
        self._last_served = max(self._last_served, caller.number)
        clock.call_later(caller.handling_s, lambda: self._hang_up(reservation))

    def _hang_up(self, reservation: Reservation) -> None:
        self._note_busy()
        self._busy -= 1
        self.acd.talk_ended(reservation)

    def _expect_next(self) -> None:
        self.clock.call_later(self._random_s(self.traffic.aht_s / self.traffic.load), self._next)

    def _next(self) -> None:
        self._arrive()
        self._expect_next()

    def _arrive(self) -> None:
        self._callers += 1
        handling_s = self._random_s(self.traffic.aht_s)
        self.batch.work_s += handling_s
        patience_s = self.traffic.patience_s
        Caller(self, self._callers, handling_s, None if patience_s is None else self._random_s(patience_s))

    def _random_s(self, mean_s: float) -> float:
        return -mean_s * log(1.0 - self.random())

    def _note_busy(self) -> None:
        """Talking time of all agents up to now."""
        now_s = self.clock.passed_s
        self.batch.busy_s += self._busy * (now_s - self._busy_since_s)
        self._busy_since_s = now_s


def _nobody_listens(_: Agent) -> None:
    """Of single agents' states nothing is asked here."""
