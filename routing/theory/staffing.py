"""How long to simulate a queue, and what came of it (rules). The runs themselves: `routing.theory.simulation`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from routing.theory.batch_means import Batch, Figure, joined, longer, ratio
from routing.theory.erlang import Traffic

STREAMS = 2
"""Independent runs, side by side. Part of what a seed means: always two, on however many processors."""
_JUDGED, _JUDGED_AT_LEAST = 10, 3
"""Batches of each stream that the intervals are made of."""
CHECK_EVERY = _JUDGED
"""Gathered batches of each stream after which it is asked whether the figures are precise; the least to judge by."""
_WARM_UP = 3
"""In relaxation times. A run begins near its usual state; of what is missing one part in twenty is then left."""
_LONGEST_WARM_UP = 0.2
"""Of all calls that may be simulated."""
_MEMORY = 5
"""A judged batch lasts so many relaxation times, so that batches are nearly independent; fewer are judged for that …"""
_SHORT = 2
"""… and with less than so many the reader is warned."""
_CHECKED = 40
"""How often, at most, it is asked whether the figures are precise enough."""
_SMALL, _LARGE = 500, 4000
_CALLS = {_SMALL: 400_000, _LARGE: 2_400_000}
_SECONDS = {_SMALL: 11.0, _LARGE: 80.0}

PRECISE: Mapping[str, tuple[float, float]] = {
    "waiting_probability": (0.01, 0.0),
    "asa_s": (0.05, 0.03),
    "abandonment": (0.005, 0.0),
    "service_level": (0.01, 0.0),
    "occupancy": (0.005, 0.0),
}
"""A figure is precise when its interval is at most ± the first, or ± the second times the figure."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The length of a run, in calls per stream; always the same for the same traffic, so that a seed means the same."""

    warm_up_calls: int
    batch_calls: int
    """Of one gathered batch; judged ones are made of several."""
    batches: int
    """At most."""
    least_batches: int
    seconds: float
    """Stop by then with what there is, for the sake of whoever waits for it."""


def plan(traffic: Traffic) -> Plan:
    """Long enough for the queue's memory, short enough for the reader's patience."""
    per_stream = round(_between(traffic.agents, _CALLS) / STREAMS)
    per_relaxation = traffic.relaxation_s * traffic.load / traffic.aht_s
    batches = _CHECKED * _JUDGED
    batch_calls = ceil(per_stream / batches)
    independent = ceil(_MEMORY * per_relaxation / batch_calls) * _JUDGED
    return Plan(
        warm_up_calls=round(min(_LONGEST_WARM_UP * per_stream, _WARM_UP * per_relaxation)),
        batch_calls=batch_calls,
        batches=batches,
        least_batches=min(batches, independent),
        seconds=_between(traffic.agents, _SECONDS),
    )


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a simulation shows: each figure with its 95 % interval."""

    figures: Mapping[str, Figure]
    calls: int
    """After the warm-up."""
    inversions: int
    """Calls served after one that came later: must be none."""
    batches: int
    """That the intervals are made of, of all streams together."""
    memory: float
    """Length of such a batch, in relaxation times."""

    @property
    def is_precise(self) -> bool:
        limits = ((self.figures[name], *limit) for name, limit in PRECISE.items())
        return all(figure.half_width <= max(least, share * figure.value) for figure, least, share in limits)

    @property
    def is_short(self) -> bool:
        """Too short for intervals that can be trusted."""
        return self.memory < _SHORT


def findings(traffic: Traffic, streams: Sequence[Sequence[Batch]]) -> Findings:
    """Of the batches gathered by each stream, `CHECK_EVERY` at least. As many of the last are left out as do not make
    equal ones."""
    memories = min(sum(batch.elapsed_s for batch in each) for each in streams) / traffic.relaxation_s
    part = max(_JUDGED_AT_LEAST, min(_JUDGED, int(memories / _MEMORY)))
    batches = [batch for each in streams for batch in longer(each[: len(each) - len(each) % part], part)]
    calls = [batch.calls for batch in batches]
    answered = [batch.answered for batch in batches]
    on_duty_s = [batch.elapsed_s * traffic.agents for batch in batches]
    extra_work_s = [batch.work_s - traffic.load * batch.elapsed_s for batch in batches]

    def share_of_calls(parts: Sequence[int], if_none: float = 1.0, *, skewed: bool = False) -> Figure:
        return ratio(parts, calls, extra_work_s, if_none=if_none, at_most=1.0, skewed=skewed)

    late = share_of_calls([batch.calls - batch.in_time for batch in batches], skewed=True)
    figures = {
        "waiting_probability": share_of_calls([batch.delayed for batch in batches]),
        "asa_s": ratio([batch.wait_s for batch in batches], answered, extra_work_s, if_none=traffic.aht_s, skewed=True),
        "abandonment": share_of_calls(
            [batch.abandoned for batch in batches], 0.0 if traffic.patience_s is None else 1.0
        ),
        "service_level": Figure(1 - late.value, 1 - late.high, 1 - late.low),
        "occupancy": ratio([batch.busy_s for batch in batches], on_duty_s, extra_work_s, at_most=1.0),
    }
    total = joined(batches)
    memory = min(batch.elapsed_s for batch in batches) / traffic.relaxation_s
    return Findings(
        figures=figures, calls=total.calls, inversions=total.inversions, batches=len(batches), memory=memory
    )


def _between(agents: int, figures: Mapping[int, float]) -> float:
    """The figure of the small size up to it, then in proportion; beyond the large size it stays."""
    share = min(1.0, max(0.0, (agents - _SMALL) / (_LARGE - _SMALL)))
    return figures[_SMALL] + share * (figures[_LARGE] - figures[_SMALL])
