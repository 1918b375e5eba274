"""A recording is scored on the form (rules): points, what is forbidden, and what becomes of it. QUA-2."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from config.service.quality import Scorecard
from crm.errors import IllegalTransition

MAX_WORDS: Final = 2000
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class CheckState(StrEnum):
    """`objected`: the agent does not agree, and a supervisor has to decide."""

    DRAWN = "drawn"
    SCORED = "scored"
    ACKNOWLEDGED = "acknowledged"
    OBJECTED = "objected"
    DECIDED = "decided"


class CheckStep(StrEnum):
    SCORE = "score"
    ACKNOWLEDGE = "acknowledge"
    OBJECT = "object"
    DECIDE = "decide"


TRANSITIONS: Final[dict[tuple[CheckState, CheckStep], CheckState]] = {
    (CheckState.DRAWN, CheckStep.SCORE): CheckState.SCORED,
    (CheckState.SCORED, CheckStep.SCORE): CheckState.SCORED,
    (CheckState.SCORED, CheckStep.ACKNOWLEDGE): CheckState.ACKNOWLEDGED,
    (CheckState.SCORED, CheckStep.OBJECT): CheckState.OBJECTED,
    (CheckState.OBJECTED, CheckStep.DECIDE): CheckState.DECIDED,
}


def apply(state: CheckState, step: CheckStep) -> CheckState:
    """The state after the step; raises IllegalTransition when the table has none."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition(state, step) from None


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What a supervisor has put on the form: points by item, and which of the forbidden things happened."""

    points: dict[str, int]
    forbidden: tuple[str, ...] = ()
    comment: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the marks come to, each from 0 to 100. `groups`: by group of the form."""

    score: float
    groups: dict[str, float]
    attitude: float
    knowledge: float


def result_of(card: Scorecard, marks: Marks) -> Result:
    """Points given ÷ points there are × 100: of the whole form, of each group, and of the groups that count for
    attitude and for knowledge. With anything forbidden all of them are 0.

    Raises ValueError, naming the item, when the marks do not fit the form: each item has its points, no more.
    """
    items = {item.id: item for group in card.groups for item in group.items}
    if not items:
        raise ValueError("points: this site has no form: write quality.yaml")
    if unknown := sorted(set(marks.points) - set(items)):
        raise ValueError(f"points: the form has no item {unknown[0]!r}")
    for item in items.values():
        given = marks.points.get(item.id)
        if given is None:
            raise ValueError(f"points: {item.id!r} is missing")
        if not 0 <= given <= item.points:
            raise ValueError(f"points: {item.id!r} has 0 to {item.points} points, not {given}")
    if strange := sorted(set(marks.forbidden) - {each.id for each in card.forbidden}):
        raise ValueError(f"forbidden: the form does not know {strange[0]!r}")
    zero = bool(marks.forbidden)

    def share(ids: list[str]) -> float:
        most = sum(items[each].points for each in ids)
        return 0.0 if zero else round(100 * sum(marks.points[each] for each in ids) / most, 1)

    groups = {group.id: [item.id for item in group.items] for group in card.groups}
    parts: Mapping[str, list[str]] = {
        part: [item for group in card.groups if group.counts_for == part for item in groups[group.id]]
        for part in ("attitude", "knowledge")
    }
    return Result(
        score=share(list(items)),
        groups={name: share(ids) for name, ids in groups.items()},
        attitude=share(parts["attitude"]),
        knowledge=share(parts["knowledge"]),
    )


def checked_words(field: str, text: str, *, needed: bool = True) -> str:
    """What is kept of words that somebody wrote: trimmed. Raises ValueError naming the field and what is wrong."""
    text = text.strip()
    if needed and not text:
        raise ValueError(f"{field}: say it in words")
    if len(text) > MAX_WORDS:
        raise ValueError(f"{field}: {len(text)} characters, at most {MAX_WORDS} are kept")
    if _CONTROLS.search(text):
        raise ValueError(f"{field}: contains control characters")
    return text
