"""Spot checks over the API (adapter): drawn, scored, answered by the agent, decided. QUA-2."""

import msgspec
from aiohttp import web

from app.web.api.common.shown import shaped
from app.web.api.messages.messages import tell_of_notice
from app.web.api.quality.quality_shapes import (
    AnswerIn,
    CheckFullOut,
    CheckOut,
    CheckQuery,
    CheckStepOut,
    DecideIn,
    DrawnOut,
    DrawWish,
    FormGroupOut,
    GradeOut,
    MarksIn,
    MarksOut,
    QualityRulesOut,
    ResultOut,
    ScoreIn,
)
from app.web.api.tickets.sound import send_sound
from app.web.http.contract import Listed, Named, Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.problems import Problem, invalid
from crm.quality.model import Check, CheckEntry, CheckFull
from crm.quality.sampling import month_bounds
from crm.quality.scorecard import Marks
from crm.use_cases import quality as use_cases


async def get_quality_rules(ask: Ask[Nothing, Nothing]) -> QualityRulesOut:
    site = ask.services.site
    rules = site.quality
    return QualityRulesOut(
        version=rules.version,
        groups=[msgspec.convert(group.model_dump(), FormGroupOut) for group in rules.scorecard.groups],
        forbidden=[msgspec.convert(each.model_dump(), Named) for each in rules.scorecard.forbidden],
        per_agent_and_week=rules.sampling.per_agent_and_week,
        least_talk_s=rules.sampling.least_talk_s,
        weights=rules.assessment.weights,
        least_weight=rules.assessment.least_weight,
        csat_target=rules.assessment.csat_target,
        grades=[msgspec.convert(grade.model_dump(), GradeOut) for grade in rules.grades],
        departments=[Named(id=one.id, title=one.title, title_en=one.title_en) for one in site.matters.departments],
    )


async def draw_checks(ask: Ask[Nothing, DrawWish]) -> DrawnOut:
    """Pressed twice, nothing more is drawn."""
    week = ask.body.week
    return DrawnOut(week=week, drawn=await ask.do(use_cases.draw_week, week))


async def list_checks(ask: Ask[CheckQuery, Nothing]) -> Listed[CheckOut]:
    """The latest talks first. Agents see those of their own that are scored."""
    query = ask.query
    try:
        period = month_bounds(query.month, ask.services.site.zone) if query.month else None
    except ValueError as exc:
        raise refused(exc, "month") from exc
    page = await ask.seen.quality.checks(
        agent=query.agent, open=query.open, week=query.week, period=period, limit=query.limit, after=query.after
    )
    return Listed(items=[_out(row) for row in page.items], next=page.next)


async def get_check(ask: Ask[Nothing, Nothing]) -> CheckFullOut:
    return _full(await _check_of(ask))


async def hear_check(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """For the agent who is judged by it, too, although a colleague may have had the ticket's last word."""
    check = await ask.seen.quality.check(ask.path("id"))
    row = await ask.seen.quality.recording_of(check)
    if row is None:
        raise Problem("not_found", f"Spot check {check.id} has no recording.")
    return await send_sound(ask, row, ask.services.data.recordings)


async def score_check(ask: Ask[Nothing, ScoreIn]) -> CheckFullOut:
    """Again as long as the agent has not answered; every version stays."""
    body = ask.body
    done = await ask.do(use_cases.score_check, ask.path("id"), _marks(body.marks), version=body.version)
    tell_of_notice(ask.services.hub, [done.agent], f"check {done.id}")
    return _full(done)


async def answer_check(ask: Ask[Nothing, AnswerIn]) -> CheckFullOut:
    """The agent's own word on the own score."""
    body = ask.body
    done = await ask.do(use_cases.answer_check, ask.path("id"), body.words, version=body.version)
    tell_of_notice(ask.services.hub, {step.by for step in done.steps[:-1]}, f"check {done.id}")
    return _full(done)


async def decide_check(ask: Ask[Nothing, DecideIn]) -> CheckFullOut:
    """On an objection: new marks, or none and the score stays."""
    body = ask.body
    marks = None if body.marks is None else _marks(body.marks)
    done = await ask.do(use_cases.decide_check, ask.path("id"), body.words, marks, version=body.version)
    tell_of_notice(ask.services.hub, [done.agent], f"check {done.id}")
    return _full(done)


def refused(exc: ValueError, field: str) -> Problem:
    """What a rule says against a value, by the field that its message begins with, else by this one."""
    named, colon, message = str(exc).partition(": ")
    return invalid(named, message) if colon and named.isidentifier() else invalid(field, str(exc))


async def _check_of(ask: Ask[Nothing, msgspec.Struct]) -> CheckFull:
    """The check of the path."""
    return await ask.seen.quality.check(ask.path("id"))


def _marks(given: MarksIn) -> Marks:
    return Marks(points=given.points, forbidden=given.forbidden, comment=given.comment)


def _out(row: Check) -> CheckOut:
    return shaped(CheckOut, row, id=str(row.id), recording=str(row.recording_id), call=row.call_id)


def _full(row: CheckFull) -> CheckFullOut:
    steps = [_step(each) for each in row.steps]
    return shaped(CheckFullOut, row, id=str(row.id), recording=str(row.recording_id), call=row.call_id, steps=steps)


def _step(entry: CheckEntry) -> CheckStepOut:
    marks = entry.marks and MarksOut(
        points=entry.marks.points, forbidden=list(entry.marks.forbidden), comment=entry.marks.comment
    )
    return shaped(CheckStepOut, entry, marks=marks, result=entry.result and shaped(ResultOut, entry.result))


# fmt: off
CHECK_OPERATIONS: tuple[AnyOperation, ...] = (
    operation("get_quality_rules", "GET /api/quality/rules", get_quality_rules,
              "The form of spot checks, weights and grades", Nothing, Nothing, QualityRulesOut),
    operation("draw_checks", "POST /api/quality/draws", draw_checks,
              "Draw recordings of a week at random; again draws nothing more", Nothing, DrawWish, DrawnOut),
    operation("list_checks", "GET /api/quality/checks", list_checks,
              "Spot checks, latest talks first", CheckQuery, Nothing, Listed[CheckOut]),
    operation("get_check", "GET /api/quality/checks/{id}", get_check,
              "A spot check with every version of its score", Nothing, Nothing, CheckFullOut),
    operation("hear_check", "GET /api/quality/checks/{id}/recording", hear_check,
              "Listen to the recording of a spot check; each time is logged", Nothing, Nothing, None, 200, "audio/wav"),
    operation("score_check", "POST /api/quality/checks/{id}/score", score_check,
              "Score a recording on the form", Nothing, ScoreIn, CheckFullOut),
    operation("answer_check", "POST /api/quality/checks/{id}/answer", answer_check,
              "Acknowledge the own score, or object to it", Nothing, AnswerIn, CheckFullOut),
    operation("decide_check", "POST /api/quality/checks/{id}/decide", decide_check,
              "Decide on an objection", Nothing, DecideIn, CheckFullOut),
)
# fmt: on
