"""Intervals by batch means, and how long a simulation is to be."""

from math import exp
from random import Random

import pytest

from routing.theory.batch_means import Batch, joined, longer, ratio, t_quantile
from routing.theory.erlang import Traffic
from routing.theory.staffing import CHECK_EVERY, STREAMS, findings, plan


@pytest.mark.parametrize(
    ("freedom", "value"), [(4, 2.776), (5, 2.571), (9, 2.262), (18, 2.101), (19, 2.093), (60, 2.0)]
)
def test_students_t(freedom: int, value: float) -> None:
    assert t_quantile(freedom) == pytest.approx(value, abs=0.01)


def test_a_ratio_is_of_sums_and_its_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    random, held = Random(1), 0
    for _ in range(400):
        wholes = [random.uniform(50, 150) for _ in range(20)]
        figure = ratio([0.3 * whole + random.gauss(0, 5) for whole in wholes], wholes)
        held += figure.low <= 0.3 <= figure.high
    assert 0.92 <= held / 400 <= 0.98


def test_the_interval_of_a_skewed_sum_reaches_as_far_up_as_the_truth_may_be() -> None:
    """A few batches hold most of the sum: equal arms miss the truth above them more often than these."""
    random, missed, plainly = Random(3), 0, 0
    truth, wholes = exp(0.5), [100.0] * 20
    for _ in range(400):
        parts = [100.0 * exp(random.gauss(0, 1)) for _ in wholes]
        missed += ratio(parts, wholes, skewed=True).high < truth
        plainly += ratio(parts, wholes).high < truth
    assert missed / 400 <= 0.09 < plainly / 400


def test_what_came_in_by_chance_is_taken_out() -> None:
    """Twice the extra work goes into the parts: the control finds that, and leaves the noise."""
    random = Random(2)
    extra = [random.gauss(0, 10) for _ in range(20)]
    parts = [300 + 2 * each + random.gauss(0, 1) for each in extra]
    plain, controlled = ratio(parts, [1000.0] * 20), ratio(parts, [1000.0] * 20, extra)
    assert controlled.half_width < plain.half_width / 5
    assert controlled.low <= 0.3 <= controlled.high


def test_what_was_never_seen_may_still_happen() -> None:
    assert ratio([0.0] * 20, [50.0] * 20, if_none=1.0, at_most=1.0) == (0.0, 0.0, 0.003)
    assert ratio([0.0] * 20, [0.0] * 20) == (0.0, 0.0, 0.0)


def test_batches_are_joined_without_loss() -> None:
    batches = [Batch(calls=2, wait_s=1.5, elapsed_s=10.0), Batch(calls=3, answered=1, elapsed_s=20.0)] * 5
    assert joined(batches) == Batch(calls=25, answered=5, wait_s=7.5, elapsed_s=150.0)
    assert joined(longer(batches, 5)) == joined(batches)
    assert longer(batches, 5)[0].calls == 5
    with pytest.raises(ValueError, match="10 batches do not make 3"):
        longer(batches, 3)


@pytest.mark.parametrize(("agents", "load"), [(5, 4.9), (500, 480.0), (4000, 3990.0)])
def test_a_plan_is_for_whole_judgements_and_ends(agents: int, load: float) -> None:
    found = plan(Traffic(agents=agents, load=load, aht_s=180.0))
    assert found.batches % CHECK_EVERY == found.least_batches % CHECK_EVERY == 0
    assert found.least_batches <= found.batches
    assert 0 < found.warm_up_calls <= found.batches * found.batch_calls
    assert found.seconds <= (15 if agents <= 500 else 90)


def some(elapsed_s: float, count: int = 20) -> list[list[Batch]]:
    one = Batch(calls=100, delayed=40, answered=90, wait_s=900.0, in_time=70, abandoned=10, busy_s=16200.0,
                work_s=18000.0, elapsed_s=elapsed_s)  # fmt: skip
    return [[one] * count] * STREAMS


def test_figures_are_what_their_names_say() -> None:
    traffic = Traffic(agents=10, load=12.0, aht_s=180.0, patience_s=60.0)
    found = findings(traffic, some(1800.0))
    values = {name: figure.value for name, figure in found.figures.items()}
    assert values == pytest.approx(
        {"waiting_probability": 0.4, "asa_s": 10.0, "abandonment": 0.1, "service_level": 0.7, "occupancy": 0.9}
    )
    assert (found.calls, found.is_precise, found.is_short) == (100 * 20 * STREAMS, True, False)


def test_fewer_and_longer_batches_are_judged_where_the_queue_remembers_long() -> None:
    near = Traffic(agents=10, load=9.5, aht_s=180.0)
    long, short = findings(near, some(near.relaxation_s * 5)), findings(near, some(near.relaxation_s * 1.01))
    assert (long.batches, short.batches) == (20, 8)
    assert short.memory == pytest.approx(5.05)
    assert findings(near, some(near.relaxation_s / 20)).is_short
