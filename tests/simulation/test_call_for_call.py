"""The real ACD in simulated time against a line of arithmetic: each call is served at the same instant, or gives up.

Theory (`test_theory`) can only say what is likely: a long run that disagrees may be a fault of the ACD or of chance.
Here the same calls come at the same instants, so nothing is left to chance.
"""

import heapq
from math import log
from random import Random

import pytest

from routing.agent import Reservation
from routing.theory.erlang import Traffic
from routing.theory.simulation import Caller, Simulation

CALLS = 20_000


class Watched(Simulation):
    """Keeps how long each served call has waited."""

    def __init__(self, traffic: Traffic, seed: str) -> None:
        self.waits: dict[int, float] = {}
        super().__init__(traffic, 10.0, seed)

    def talk(self, caller: Caller, reservation: Reservation) -> None:
        self.waits[caller.number] = self.clock.passed_s - caller.came_s
        super().talk(caller, reservation)


def first_come_first_served(traffic: Traffic, seed: str, calls: int) -> dict[int, float]:
    """The wait of each call that is served: until the first of all agents is free, unless patience ends before."""
    random = Random(seed).random

    def some(mean_s: float) -> float:
        return -mean_s * log(1.0 - random())

    free, waits, now = [0.0] * traffic.agents, {}, 0.0
    for number in range(1, calls + 1):
        if number > traffic.usual_calls:  # so many are there when the run begins
            now += some(traffic.aht_s / traffic.load)
        handling_s = some(traffic.aht_s)
        patience_s = None if traffic.patience_s is None else some(traffic.patience_s)
        begins = max(now, free[0])
        if patience_s is None or begins - now <= patience_s:
            heapq.heapreplace(free, begins + handling_s)
            waits[number] = begins - now
    return waits


@pytest.mark.parametrize(
    ("agents", "load", "patience_s"),
    [(1, 0.8, None), (5, 4.5, None), (50, 49.0, None), (4000, 3990.0, None), (10, 12.0, 120.0), (300, 330.0, 30.0)],
)
def test_every_call_waits_as_long_as_in_one_line(agents: int, load: float, patience_s: float | None) -> None:
    traffic = Traffic(agents=agents, load=load, aht_s=180.0, patience_s=patience_s)
    run = Watched(traffic, "1/0")
    run.gather(CALLS)
    last_served = max(run.waits)
    expected = first_come_first_served(traffic, "1/0", last_served)
    assert any(expected.values()), "nobody had to wait"
    assert run.waits == pytest.approx(expected, abs=1e-6)
