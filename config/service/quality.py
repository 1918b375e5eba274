"""How service is judged: the form of spot checks, how recordings are drawn, the monthly assessment, its grades.

Models only; the rules that go by them are in crm/quality. QUA-2, QUA-3, QUA-4.
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.values.fields import Model, Named, Seconds, Text, fault

Part = Literal["attitude", "knowledge", "problem_solving", "satisfaction"]
"""What the monthly assessment is made of (QUA-3)."""

Points = Annotated[int, Field(ge=1, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[float, Field(ge=0, le=100)]


class Item(Named):
    """One line of the form. `points`: what it is worth when all is well."""

    points: Points


class Forbidden(Named):
    """Something that must never happen (禁止行为): one of them, and the whole form is worth 0."""


class Group(Named):
    """A group of items. `counts_for`: the part of the monthly assessment that its points go to."""

    counts_for: Literal["attitude", "knowledge"]
    items: Annotated[tuple[Item, ...], Field(min_length=1)]


def _ids_once(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    ids = [group.id for group in groups] + [item.id for group in groups for item in group.items]
    for each in ids:
        if ids.count(each) > 1:
            raise fault(f"'{each}' is there twice: groups and items need ids of their own")
    missing = {"attitude", "knowledge"} - {group.counts_for for group in groups}
    if groups and missing:
        raise fault(f"no group counts for '{min(missing)}': the monthly assessment needs one (counts_for)")
    return groups


def _forbidden_once(forbidden: tuple[Forbidden, ...]) -> tuple[Forbidden, ...]:
    ids = [each.id for each in forbidden]
    for each in ids:
        if ids.count(each) > 1:
            raise fault(f"'{each}' is there twice: remove one or change its id")
    return forbidden


class Scorecard(Model):
    """The form on which a recording is scored. Without groups nothing can be scored."""

    groups: Annotated[tuple[Group, ...], AfterValidator(_ids_once)] = ()
    forbidden: Annotated[tuple[Forbidden, ...], AfterValidator(_forbidden_once)] = ()


class Sampling(Model):
    """How many recordings of each agent are drawn for a week, and how long a talk must have been."""

    per_agent_and_week: Annotated[int, Field(ge=1, le=50)] = 3
    least_talk_s: Seconds = 30.0


def _hundred(weights: dict[Part, int]) -> dict[Part, int]:
    if sum(weights.values()) != 100:
        raise fault(f"the weights add up to {sum(weights.values())}: make them 100")
    return weights


WEIGHTS: dict[Part, int] = {"attitude": 30, "knowledge": 30, "problem_solving": 20, "satisfaction": 20}


class Assessment(Model):
    """`weights` of the parts, in percent. Whoever has parts of less weight than `least_weight` gets no score."""

    weights: Annotated[dict[Part, Annotated[int, Field(ge=0, le=100)]], AfterValidator(_hundred)] = WEIGHTS
    least_weight: Annotated[int, Field(ge=1, le=100)] = 50
    csat_target: Share = 0.85


class Grade(Named):
    """A grade, for a score of at least `from_score` with at most so many valid complaints (null: any number)."""

    from_score: Score
    most_complaints: Annotated[int, Field(ge=0)] | None = None


def _falling(grades: tuple[Grade, ...]) -> tuple[Grade, ...]:
    for higher, lower in pairwise(grades):
        if lower.from_score >= higher.from_score:
            raise fault(f"grades go from the best down: '{lower.id}' must begin below {higher.from_score:g}")
    if grades[-1].from_score > 0 or grades[-1].most_complaints is not None:
        raise fault("the last grade is for everybody else: `from_score: 0`, without most_complaints")
    return grades


GRADES = (
    Grade(id="excellent", title="优秀", title_en="Excellent", from_score=90, most_complaints=0),
    Grade(id="good", title="良好", title_en="Good", from_score=80, most_complaints=1),
    Grade(id="fair", title="合格", title_en="Fair", from_score=60, most_complaints=5),
    Grade(id="failed", title="不合格", title_en="Failed", from_score=0),
)


class Quality(Model):
    """quality.yaml. `version` names these rules: a closed month keeps the name of those it was judged by."""

    version: Text = "1"
    scorecard: Scorecard = Scorecard()
    sampling: Sampling = Sampling()
    assessment: Assessment = Assessment()
    grades: Annotated[tuple[Grade, ...], Field(min_length=1), AfterValidator(_falling)] = GRADES
