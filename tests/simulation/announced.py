"""The simulated queue, where callers who wait are told how long it takes, as by `ivr.queueing.announcer`."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from routing.agent import Reservation
from routing.theory.erlang import Traffic
from routing.theory.simulation import QUEUE, Caller, Simulation
from routing.waiting.estimate import expected_wait_s
from routing.waiting.pace import Pace

EVERY_S = 30.0


@dataclass(frozen=True)
class Told:
    """To one caller, at one moment; `waited_s`: what it was then."""

    ahead: int
    wait_s: float
    waited_s: float


class AnnouncedQueue(Simulation):
    """Keeps what was announced, at once and every half minute, and what came true, for those who were served."""

    def __init__(self, traffic: Traffic, seed: str) -> None:
        self.pace = Pace()
        self.told: list[Told] = []
        self._open: dict[int, list[tuple[float, int, float]]] = defaultdict(list)
        super().__init__(traffic, threshold_s=10.0, seed=seed)

    def must_wait(self, caller: Caller) -> None:
        super().must_wait(caller)
        self._tell(caller)

    def gave_up(self, caller: Caller) -> None:
        super().gave_up(caller)
        self._open.pop(caller.number)
        self.pace.waited(QUEUE, self.clock.passed_s - caller.came_s, gave_up=True)

    def talk(self, caller: Caller, reservation: Reservation) -> None:
        now_s = self.clock.passed_s
        self.pace.waited(QUEUE, now_s - caller.came_s)
        self.told += [Told(ahead, wait_s, now_s - at_s) for at_s, ahead, wait_s in self._open.pop(caller.number, ())]
        self.clock.call_later(caller.handling_s, lambda: self.pace.handled(QUEUE, caller.handling_s))
        super().talk(caller, reservation)

    def _tell(self, caller: Caller) -> None:
        if caller.waits:
            ahead, staffed = self.acd.ahead_of(caller.place.waiting.call_id), self.acd.staffed(QUEUE)
            wait_s = expected_wait_s(ahead, staffed, self.pace.mean_handling_s(QUEUE), self.pace.patience_s(QUEUE))
            self._open[caller.number].append((self.clock.passed_s, ahead, wait_s))
            self.clock.call_later(EVERY_S, lambda: self._tell(caller))

    def median_error(self, nearest: int = 0) -> float:
        """|announced - waited| ÷ waited, over all that was announced to callers with so many in front or more."""
        errors = [abs(told.wait_s - told.waited_s) / told.waited_s for told in self.told if told.ahead >= nearest]
        return median(errors)
