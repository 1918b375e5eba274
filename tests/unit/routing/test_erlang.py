"""Queue theory against figures that can be computed by hand or were published, and at the edges of what floats hold."""

from math import exp, factorial, isfinite

import pytest

from routing.theory.erlang import Traffic, erlang_b, erlang_c, theory


def by_the_book(agents: int, load: float) -> tuple[float, float]:
    """Erlang B and C with factorials, as they are printed; good for a few agents."""
    full = load**agents / factorial(agents)
    below = sum(load**n / factorial(n) for n in range(agents))
    waiting = full * agents / (agents - load)
    return full / (below + full), waiting / (below + waiting)


@pytest.mark.parametrize(("agents", "load"), [(1, 0.5), (2, 1.0), (5, 4.0), (10, 8.0), (30, 21.5), (100, 92.0)])
def test_erlang_b_and_c_are_those_of_the_book(agents: int, load: float) -> None:
    lost, waits = by_the_book(agents, load)
    assert erlang_b(agents, load) == pytest.approx(lost, rel=1e-10)
    assert erlang_c(agents, load) == pytest.approx(waits, rel=1e-10)


def test_a_single_agent_without_patience_is_the_simplest_queue() -> None:
    """M/M/1: waits with probability ρ, ρ/(1-ρ) handling times on average."""
    found = theory(Traffic(agents=1, load=0.75, aht_s=100.0), threshold_s=50.0)
    assert found.waiting_probability == pytest.approx(0.75)
    assert found.asa_s == pytest.approx(300.0)
    assert found.service_level == pytest.approx(1 - 0.75 * exp(-0.25 * 0.5))


def test_when_patience_is_a_handling_time_the_calls_present_are_poisson() -> None:
    """θ = μ makes every call leave at the same rate, served or not: M/M/∞."""
    agents, load = 6, 5.0
    found = theory(Traffic(agents=agents, load=load, aht_s=60.0, patience_s=60.0), threshold_s=10.0)
    poisson = [exp(-load) * load**n / factorial(n) for n in range(60)]
    assert found.waiting_probability == pytest.approx(sum(poisson[agents:]))
    gone = sum(share * (n - agents) for n, share in enumerate(poisson) if n > agents) / load
    assert found.abandonment == pytest.approx(gone)
    assert found.occupancy == pytest.approx(load * (1 - gone) / agents)


@pytest.mark.parametrize(("agents", "load"), [(5, 4.0), (100, 95.0), (4000, 3960.0)])
def test_erlang_a_with_endless_patience_is_erlang_c(agents: int, load: float) -> None:
    patient = theory(Traffic(agents=agents, load=load, aht_s=180.0, patience_s=1e8), threshold_s=20.0)
    endless = theory(Traffic(agents=agents, load=load, aht_s=180.0), threshold_s=20.0)
    for name in ("waiting_probability", "asa_s", "service_level", "occupancy"):
        assert getattr(patient, name) == pytest.approx(getattr(endless, name), rel=1e-3)
    assert patient.abandonment < 1e-4


@pytest.mark.parametrize("load", [1.0, 2000.0, 3960.0, 4000.0, 4001.0, 8000.0])
@pytest.mark.parametrize("patience_s", [0.01, 60.0, 6000.0])
def test_four_thousand_agents_are_no_more_than_floats_can_hold(load: float, patience_s: float) -> None:
    traffic = Traffic(agents=4000, load=load, aht_s=240.0, patience_s=patience_s)
    found = theory(traffic, threshold_s=10.0)
    for share in (found.waiting_probability, found.abandonment, found.service_level, found.occupancy):
        assert 0 <= share <= 1
    assert isfinite(found.asa_s) and found.asa_s >= 0
    kept = load * (1 - found.abandonment)
    assert found.occupancy == pytest.approx(kept / 4000, rel=1e-9), "who is not lost is talked with"


def test_too_many_calls_with_endless_patience_have_no_answer() -> None:
    assert erlang_c(10, 10.0) == 1.0
    with pytest.raises(ValueError, match="no end"):
        theory(Traffic(agents=10, load=10.0, aht_s=60.0), threshold_s=10.0)


@pytest.mark.parametrize(
    ("agents", "load", "patience_s", "usual"),
    [(10, 8.5, None, 8), (10, 8.5, 60.0, 8), (10, 12.0, 180.0, 12), (10, 12.0, 360.0, 14), (10, 10.0, None, 10)],
)
def test_how_many_calls_are_there_usually(agents: int, load: float, patience_s: float | None, usual: int) -> None:
    assert Traffic(agents=agents, load=load, aht_s=180.0, patience_s=patience_s).usual_calls == usual


def test_a_queue_near_its_limit_remembers_long_but_not_beyond_its_callers_patience() -> None:
    near = Traffic(agents=100, load=99.0, aht_s=180.0)
    assert near.relaxation_s > 100 * near.aht_s
    assert Traffic(agents=100, load=99.0, aht_s=180.0, patience_s=600.0).relaxation_s == 600.0
    assert Traffic(agents=100, load=20.0, aht_s=180.0).relaxation_s == 180.0
