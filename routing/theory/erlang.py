"""Queue theory: what an ACD must do when calls come at random (rules: arithmetic). Referee of `simulation`.

Poisson arrivals, exponential handling times, one line served in order of arrival, N agents:
Erlang B (who finds everybody busy is lost), Erlang C (waits for ever), Erlang A (waits as long as patience lasts,
exponential too). A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
telephone exchanges", 1917; C. Palm, "Research on telephone traffic carried by full availability groups", 1957;
O. Garnett, A. Mandelbaum, M. Reiman, "Designing a call center with impatient customers", MSOM 4(3), 2002.

Nothing here is computed with factorials or powers of the load: 4 000 agents are as safe as 4.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, inf, lgamma, log1p, sqrt

_NEGLIGIBLE = 1e-18
"""A state so much rarer than the most frequent one is left out."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What comes in, and who is there; times are means, in seconds."""

    agents: int
    load: float
    """Erlangs: calls per second x `aht_s`."""
    aht_s: float
    patience_s: float | None = None
    """None: nobody ever gives up."""

    @property
    def is_stable(self) -> bool:
        """Whether the line comes to an end: by itself, or because callers give up."""
        return self.patience_s is not None or self.load < self.agents

    @property
    def usual_calls(self) -> int:
        """The most frequent number of calls present. Only where the line comes to an end."""
        if self.load < self.agents or self.patience_s is None:
            return int(min(self.load, self.agents))
        return self.agents + int((self.load - self.agents) * self.patience_s / self.aht_s)

    @property
    def relaxation_s(self) -> float:
        """About how long a disturbance lasts: 1 / (√(Nμ) - √λ)² (J. W. Cohen, "The Single Server Queue", 1982, §II.2),
        or while callers give up, if that is sooner; not less than a handling time."""
        gap = sqrt(self.agents) - sqrt(self.load)
        crowd_s = self.aht_s / gap**2 if gap > 0 else inf
        return max(self.aht_s, crowd_s if self.patience_s is None else min(crowd_s, self.patience_s))


@dataclass(frozen=True, kw_only=True)
class Theory:
    """What theory expects. Times in seconds, the others 0…1."""

    waiting_probability: float
    """Calls that find everybody busy ÷ calls."""
    asa_s: float
    """Mean wait of the answered calls, those answered at once included."""
    abandonment: float
    service_level: float
    """Answered within the threshold ÷ all calls."""
    occupancy: float


def erlang_b(agents: int, load: float) -> float:
    """The share of calls lost when nobody waits: B(0) = 1, B(n) = load·B(n-1) / (n + load·B(n-1))."""
    lost = 1.0
    for n in range(1, agents + 1):
        lost = load * lost / (n + load * lost)
    return lost


def erlang_c(agents: int, load: float) -> float:
    """The share of calls that wait: C = B / (1 - ρ(1 - B)), ρ = load/agents; 1 from ρ = 1 on."""
    if load >= agents:
        return 1.0
    lost = erlang_b(agents, load)
    return lost / (1 - load / agents * (1 - lost))


def theory(traffic: Traffic, threshold_s: float) -> Theory:
    """Erlang C without patience, Erlang A with it. Raises ValueError when the line would grow without end."""
    if not traffic.is_stable:
        raise ValueError(f"{traffic.load} erlangs for {traffic.agents} agents and nobody gives up: the line has no end")
    return _erlang_c(traffic, threshold_s) if traffic.patience_s is None else _erlang_a(traffic, threshold_s)


def _erlang_c(traffic: Traffic, threshold_s: float) -> Theory:
    """The wait of those who wait is exponential with rate (N - load)/AHT; nobody gives up."""
    waits = erlang_c(traffic.agents, traffic.load)
    rate = (traffic.agents - traffic.load) / traffic.aht_s
    return Theory(
        waiting_probability=waits,
        asa_s=waits / rate,
        abandonment=0.0,
        service_level=1 - waits * exp(-rate * threshold_s),
        occupancy=traffic.load / traffic.agents,
    )


def _erlang_a(traffic: Traffic, threshold_s: float) -> Theory:
    """Sums over the stationary states, each seen by an arriving call as often as it lasts (Poisson arrivals).

    A call that finds k others waiting is served with probability Nμ / (Nμ + (k+1)θ). Given that it is served, its wait
    V is a sum of exponentials with rates Nμ + jθ, j = 1…k+1; so exp(-θV) is Beta(Nμ/θ + 1, k+1).
    """
    assert traffic.patience_s is not None
    give_up, busy_rate = 1 / traffic.patience_s, traffic.agents / traffic.aht_s
    states = list(_stationary(traffic))
    total = sum(weight for _, weight in states)
    waits = gives_up = wait_sum = in_time = busy = 0.0
    shortest = max(0, states[0][0] - traffic.agents)
    mean_s = sum(1 / (busy_rate + j * give_up) for j in range(1, shortest + 1))
    late = _BetaTail(-give_up * threshold_s, busy_rate / give_up + 1)
    for present, weight in states:
        share, ahead = weight / total, present - traffic.agents
        busy += share * min(present, traffic.agents)
        if ahead < 0:
            in_time += share
            continue
        leaving = busy_rate + (ahead + 1) * give_up
        mean_s += 1 / leaving
        served = share * busy_rate / leaving
        waits += share
        gives_up += share - served
        wait_sum += served * mean_s
        in_time += served * (1 - late.up_to(ahead + 1))
    return Theory(
        waiting_probability=waits,
        asa_s=wait_sum / (1 - gives_up),
        abandonment=gives_up,
        service_level=in_time,
        occupancy=min(1.0, busy / traffic.agents),
    )


def _stationary(traffic: Traffic) -> Iterator[tuple[int, float]]:
    """Numbers of calls present, rising, each with its weight: 1 for the most frequent, its neighbours by the ratio of
    the rates in and out (birth and death), as far as they matter."""
    assert traffic.patience_s is not None
    agents, load, weary, mode = traffic.agents, traffic.load, traffic.aht_s / traffic.patience_s, traffic.usual_calls

    def leaving(present: int) -> float:
        """Per mean handling time."""
        return min(present, agents) + max(0, present - agents) * weary

    below: list[tuple[int, float]] = []
    weight, present = 1.0, mode
    while present > 0 and weight > _NEGLIGIBLE:
        weight *= leaving(present) / load
        present -= 1
        below.append((present, weight))
    yield from reversed(below)
    weight, present = 1.0, mode
    while weight > _NEGLIGIBLE:
        yield present, weight
        present += 1
        weight *= load / leaving(present)


class _BetaTail:
    """P(Beta(a, m) ≤ x) for m = 1, 2, …: Σ_{j<m} xᵃ(1-x)ʲ Γ(a+j) / (Γ(a) j!), each m one term more than the last."""

    def __init__(self, log_x: float, a: float) -> None:
        self._a_log_x, self._a = a * log_x, a
        self._log_rest = log1p(-exp(log_x)) if log_x < 0 else -inf
        self._terms, self._sum = 0, 0.0

    def up_to(self, m: int) -> float:
        """`m` never falls from one call to the next."""
        while self._terms < m:
            self._sum += exp(self._log_term(self._terms))
            self._terms += 1
        return min(1.0, self._sum)

    def _log_term(self, j: int) -> float:
        rest = j * self._log_rest if j else 0.0
        return self._a_log_x + rest + lgamma(self._a + j) - lgamma(self._a) - lgamma(j + 1)
