"""The outside shape of quality control: the form, spot checks, the monthly assessment, agents' files. Data only."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from app.web.http.contract import In, Key, Named, Out, Paging
from config.service.quality import Part
from crm.quality.file import NoteKind
from crm.quality.scorecard import CheckState, CheckStep

FreeText = Annotated[str, Meta(max_length=2000)]
Version = Annotated[int, Meta(ge=1)]


class ItemOut(Named, frozen=True, kw_only=True):
    points: int


class FormGroupOut(Named, frozen=True, kw_only=True):
    counts_for: Literal["attitude", "knowledge"]
    items: list[ItemOut]


class GradeOut(Named, frozen=True, kw_only=True):
    from_score: float
    most_complaints: int | None


class QualityRulesOut(Out, frozen=True, kw_only=True):
    """The site's rules (quality.yaml): the form of spot checks, weights in percent, grades from the best down."""

    version: str
    groups: list[FormGroupOut]
    forbidden: list[Named]
    per_agent_and_week: int
    least_talk_s: float
    weights: dict[Part, int]
    least_weight: int
    csat_target: float
    grades: list[GradeOut]
    departments: list[Named]


class MarksIn(In, frozen=True, kw_only=True):
    """Points by item of the form, every item; which of the forbidden things happened."""

    points: dict[Key, int]
    forbidden: Annotated[tuple[Key, ...], Meta(max_length=50)] = ()
    comment: FreeText = ""


class MarksOut(Out, frozen=True, kw_only=True):
    points: dict[str, int]
    forbidden: list[str]
    comment: str


class ResultOut(Out, frozen=True, kw_only=True):
    """Each from 0 to 100."""

    score: float
    groups: dict[str, float]
    attitude: float
    knowledge: float


class CheckStepOut(Out, frozen=True, kw_only=True):
    at: datetime
    by: str
    step: CheckStep
    version: int
    marks: MarksOut | None
    result: ResultOut | None
    words: str


class CheckOut(Out, frozen=True, kw_only=True):
    """A recording that was drawn; it is listened to by /api/quality/checks/{id}/recording."""

    id: str
    recording: str
    ticket: str
    call: str
    agent: str
    week: str
    talked_at: datetime
    duration_s: float
    state: CheckState
    score: float | None
    available: bool
    version: int


class CheckFullOut(CheckOut, frozen=True, kw_only=True):
    """`steps`: oldest first; the last one that has marks is what holds."""

    steps: list[CheckStepOut]


class DrawWish(In, frozen=True, kw_only=True):
    """`week`: 2026-W47, from Monday."""

    week: Key


class DrawnOut(Out, frozen=True, kw_only=True):
    week: str
    drawn: int


class CheckQuery(Paging, frozen=True, kw_only=True):
    """`month`: of the talks, 2026-11. `open`: only those on which something is to be done."""

    agent: Key | None = None
    week: Key | None = None
    month: Key | None = None
    open: bool = False


class ScoreIn(In, frozen=True, kw_only=True):
    version: Version
    marks: MarksIn


class AnswerIn(In, frozen=True, kw_only=True):
    """`words` "": the score is acknowledged; else they are an objection."""

    version: Version
    words: FreeText = ""


class DecideIn(In, frozen=True, kw_only=True):
    """`marks` null: the score stays as it is."""

    version: Version
    words: FreeText
    marks: MarksIn | None = None


class AssessedOut(Out, frozen=True, kw_only=True):
    """`parts`: from 0 to 100, null without data. `weight`: percent of the weights that had data."""

    subject: str
    score: float | None
    grade: str | None
    parts: dict[Part, float | None]
    weight: int
    facts: dict[str, int]
    csat: float | None
    csat_reached: bool | None


class MonthOut(Out, frozen=True, kw_only=True):
    """A month as it looks now, or, with `closed_at`, as it was closed. Agents see themselves alone."""

    month: str
    closed_at: datetime | None
    closed_by: str | None
    rule_version: str
    over: bool
    agents: list[AssessedOut]
    departments: list[AssessedOut]


class MonthQuery(In, frozen=True, kw_only=True):
    month: Key


class NoteOut(Out, frozen=True, kw_only=True):
    """`missed`: `details` are counts by reason; `breach`: the clause and when it fell due."""

    id: str
    agent: str
    at: datetime
    day: date
    kind: NoteKind
    by: str
    words: str
    points: int
    ticket: str | None
    details: dict[str, int | str]


class NoteQuery(Paging, frozen=True, kw_only=True):
    kind: NoteKind | None = None


class NoteNew(In, frozen=True, kw_only=True):
    """`points`: above 0 for a reward, below 0 for a penalty, else 0. `day` null: today. `key`: once."""

    kind: Literal["reward", "penalty", "complaint", "remark"]
    words: FreeText
    points: int = 0
    day: date | None = None
    ticket: Key | None = None
    key: Key | None = None
