"""Spot checks as they are kept: shapes only. QUA-2."""

from datetime import datetime

import msgspec

from crm.quality.scorecard import CheckState, CheckStep, Marks, Result


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that was drawn. `duration_s`: seconds of talk. `score` None: not scored yet.

    `available`: the sound is still there; `version` goes back with each step.
    """

    id: int
    recording_id: int
    ticket: str
    call_id: str
    agent: str
    week: str
    talked_at: datetime
    duration_s: float
    state: CheckState
    score: float | None
    attitude: float | None
    knowledge: float | None
    drawn_at: datetime
    drawn_by: str
    available: bool
    version: int


class CheckEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `marks` and `result`: what it put on the form; `words`: an answer, or a decision's reason."""

    at: datetime
    by: str
    step: CheckStep
    version: int
    marks: Marks | None = None
    result: Result | None = None
    words: str = ""


class CheckFull(Check, frozen=True, kw_only=True):
    """With every step, oldest first: the last one that has marks is what holds."""

    steps: tuple[CheckEntry, ...]
