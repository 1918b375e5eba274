"""The monthly assessment of agents and departments (rules). QUA-3, QUA-4.

score = Σ weight × points ÷ Σ weight, over the parts for which there is data. The parts, each from 0 to 100:

attitude, knowledge   mean of the month's spot checks, by the points of the groups that count for each (scorecard.py)
problem_solving       mean of the shares that exist: tickets' clocks of this person that fell due in the month and were
                      stopped in time ÷ all of them; closed tickets of this agent that took one call ÷ all closed ones
satisfaction          callers who answered 4 or 5 ÷ callers who answered

A part without data is left out and its weight is shared by the others in proportion; nobody gains or loses by what
nobody knows. When less than `least_weight` percent of the weights are left, there is no score and no grade (未评).
The grade is the first, from the best down, whose score and number of valid complaints hold.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from statistics import fmean

import msgspec

from config.service.quality import Assessment, Grade, Part, Quality


class AgentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a month says of one agent; counts, and the results of spot checks from 0 to 100."""

    agent: str
    attitude: tuple[float, ...] = ()
    knowledge: tuple[float, ...] = ()
    clocks_due: int = 0
    clocks_in_time: int = 0
    closed: int = 0
    closed_at_first: int = 0
    surveyed: int = 0
    satisfied: int = 0
    complaints: int = 0
    """Valid ones, as noted on the agent's file."""


class Assessed(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's or a department's month. `parts`: from 0 to 100; None: no data. `weight`: percent that had data.

    `grade` None: not assessed. `csat`: share from 0 to 1.
    """

    subject: str
    score: float | None
    grade: str | None
    parts: dict[Part, float | None]
    weight: int
    facts: dict[str, int]
    csat: float | None
    csat_reached: bool | None


def parts_of(facts: AgentFacts) -> dict[Part, float | None]:
    """The four parts of one agent; see above."""
    shares = [
        100 * good / all_of
        for good, all_of in ((facts.clocks_in_time, facts.clocks_due), (facts.closed_at_first, facts.closed))
        if all_of
    ]
    return {
        "attitude": _mean(facts.attitude),
        "knowledge": _mean(facts.knowledge),
        "problem_solving": _mean(shares),
        "satisfaction": _mean([100 * facts.satisfied / facts.surveyed]) if facts.surveyed else None,
    }


def weighed(parts: Mapping[Part, float | None], rules: Assessment) -> tuple[float | None, int]:
    """The score, and the weight in percent that it rests on; None when that is too little."""
    there = {part: points for part, points in parts.items() if points is not None and rules.weights.get(part)}
    weight = sum(rules.weights[part] for part in there)
    if weight < rules.least_weight:
        return None, weight
    total = sum((rules.weights[part] * Decimal(str(points)) for part, points in there.items()), Decimal(0))
    return _one_place(total / weight), weight


def grade_of(score: float, complaints: int, grades: Sequence[Grade]) -> str:
    """The first that holds; the last holds for everybody."""
    return next(
        grade.id
        for grade in grades
        if score >= grade.from_score and (grade.most_complaints is None or complaints <= grade.most_complaints)
    )


def assess(facts: AgentFacts, rules: Quality) -> Assessed:
    """One agent's month."""
    parts = parts_of(facts)
    score, weight = weighed(parts, rules.assessment)
    return Assessed(
        subject=facts.agent,
        score=score,
        grade=None if score is None else grade_of(score, facts.complaints, rules.grades),
        parts=parts,
        weight=weight,
        facts=_counts(facts) | {"checks": len(facts.attitude)},
        csat=(csat := _csat(facts.satisfied, facts.surveyed)),
        csat_reached=_reached(csat, rules.assessment),
    )


def assess_department(department: str, members: Sequence[AgentFacts], rules: Quality) -> Assessed:
    """A department's month: score and parts are the means of its assessed members', counts are their sums. It has no
    grade: grades are people's."""
    assessed = [assess(member, rules) for member in members]
    scores = [each.score for each in assessed if each.score is not None]
    facts: dict[str, int] = {"members": len(members), "assessed": len(scores)}
    for each in assessed:
        for name, count in each.facts.items():
            facts[name] = facts.get(name, 0) + count
    names: tuple[Part, ...] = ("attitude", "knowledge", "problem_solving", "satisfaction")
    return Assessed(
        subject=department,
        score=_mean(scores),
        grade=None,
        parts={name: _mean([p for each in assessed if (p := each.parts[name]) is not None]) for name in names},
        weight=min((each.weight for each in assessed if each.score is not None), default=0),
        facts=facts,
        csat=(csat := _csat(facts.get("satisfied", 0), facts.get("surveyed", 0))),
        csat_reached=_reached(csat, rules.assessment),
    )


def _counts(facts: AgentFacts) -> dict[str, int]:
    return {name: value for name in facts.__struct_fields__ if isinstance(value := getattr(facts, name), int)}


def _csat(satisfied: int, surveyed: int) -> float | None:
    return satisfied / surveyed if surveyed else None


def _reached(csat: float | None, rules: Assessment) -> bool | None:
    return None if csat is None else csat >= rules.csat_target


def _mean(points: Sequence[float]) -> float | None:
    return _one_place(Decimal(str(fmean(points)))) if points else None


def _one_place(value: Decimal) -> float:
    """Rounded as on paper: a score can be worked out from the points shown beside it."""
    return float(value.quantize(Decimal("0.1"), ROUND_HALF_UP))
