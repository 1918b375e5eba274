"""Quality control as a whole (flow): draw a week, score and answer, rate a month, gather a day. QUA-2, QUA-3, QUA-6."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from config.schema import Site
from crm.db.store import Store
from crm.errors import BadValue, Forbidden, bad_values
from crm.quality import words as told
from crm.quality.file import FileNote, NoteKind, checked_points
from crm.quality.model import Check, CheckFull
from crm.quality.month import rate
from crm.quality.sampling import RecordedTalk, day_bounds, draw, month_bounds, week_bounds
from crm.quality.scorecard import CheckStep, Marks, Result, checked_words, result_of
from crm.use_cases.cases import Ports


async def draw_week(ports: Ports, week: str) -> int:
    """Draws what is still to be drawn of a week; returns how many. Raises BadValue for what is no week, or for a site
    without a form; StoreAway."""
    rules = ports.site.quality.sampling

    def choose(talks: Sequence[RecordedTalk], drawn: Sequence[RecordedTalk]) -> list[RecordedTalk]:
        return draw(week, talks, per_agent=rules.per_agent_and_week, least_talk_s=rules.least_talk_s, drawn=drawn)

    if not ports.site.quality.scorecard.groups:
        raise BadValue("week", "this site has no form to score on: write quality.yaml")
    with bad_values("week"):
        return await ports.store.checks.draw(week, week_bounds(week, ports.site.zone), choose, by=ports.who.name)


async def score_check(ports: Ports, check_id: str, marks: Marks, *, version: int) -> CheckFull:
    """Puts marks on the form, again as long as the agent has not answered; the agent is told.

    Raises UnknownRecord, Forbidden, BadValue (marks that do not fit the form), IllegalTransition, VersionConflict,
    StoreAway; so do the others.
    """
    check = await ports.seen.quality.check(check_id)
    with bad_values("points"):
        marks, result = _scored(ports.site, marks)
    day = _day(check, ports.site)
    words = told.scored(day, check.ticket, result.score).on_screen()
    return await ports.store.checks.step(
        check.id,
        CheckStep.SCORE,
        by=ports.who.name,
        version=version,
        details={"marks": marks, "result": result},
        result=result,
        notice=((check.agent,), words),
    )


async def answer_check(ports: Ports, check_id: str, words: str, *, version: int) -> CheckFull:
    """The agent's answer: words are an objection, which whoever scored is told of; none, that the score is accepted."""
    check = await ports.seen.quality.check(check_id)
    if check.agent != ports.who.agent:
        raise Forbidden(f"Spot check {check.id} is {check.agent}'s to answer.")
    with bad_values("words"):
        words = checked_words("words", words, needed=False)
    notice = None
    if words:
        scored_by = next((each.by for each in reversed(check.steps) if each.step is CheckStep.SCORE), check.drawn_by)
        notice = ((scored_by,), told.objected(ports.who.name, check.ticket, words).on_screen())
    step = CheckStep.OBJECT if words else CheckStep.ACKNOWLEDGE
    return await ports.store.checks.step(
        check.id, step, by=ports.who.name, version=version, details={"words": words}, notice=notice
    )


async def decide_check(ports: Ports, check_id: str, words: str, marks: Marks | None, *, version: int) -> CheckFull:
    """A supervisor decides on the objection, with new marks or (None) by those that are there."""
    check = await ports.seen.quality.check(check_id)
    result: Result | None = None
    with bad_values("points"):
        details: dict[str, object] = {"words": checked_words("words", words)}
        if marks is not None:
            marks, result = _scored(ports.site, marks)
            details |= {"marks": marks, "result": result}
    text = told.decided(check.ticket, result.score if result else None, str(details["words"])).on_screen()
    return await ports.store.checks.step(
        check.id,
        CheckStep.DECIDE,
        by=ports.who.name,
        version=version,
        details=details,
        result=result,
        notice=((check.agent,), text),
    )


@dataclass(frozen=True, kw_only=True)
class NewNote:
    """What is written into an agent's file. `day` None: today. `key`: the same one twice makes one note."""

    kind: str
    words: str
    points: int
    day: date | None
    ticket: str | None
    key: str | None


async def add_note(ports: Ports, agent: str, new: NewNote) -> FileNote:
    """A reward, a penalty, a valid complaint, a remark; what is written stays.

    Raises UnknownRecord, Forbidden, BadValue, StoreAway.
    """
    ports.seen.quality.check_file(agent)
    today = ports.now.astimezone(ports.site.zone).date()
    if new.day is not None and new.day > today:
        raise BadValue("day", "not a day to come")
    if new.ticket is not None:
        await ports.seen.quality.check_ticket(new.ticket)
    kind = NoteKind(new.kind)
    with bad_values("words"):
        words, points = checked_words("words", new.words), checked_points(kind, new.points)
    return await ports.store.agent_files.add(
        agent,
        kind,
        day=new.day or today,
        words=words,
        points=points,
        ticket=new.ticket,
        by=ports.who.name,
        key=f"{ports.who.name}:{new.key or uuid.uuid4()}",
    )


async def close_month(ports: Ports, name: str) -> None:
    """Rates a month for good. Raises BadValue for one that is not over, IllegalTransition (see AssessmentTable),
    StoreAway."""
    site = ports.site
    with bad_values("month"):
        period = month_bounds(name, site.zone)
    if ports.now < period[1]:
        raise BadValue("month", f"{name} is not over yet")
    rules = site.quality
    text = rules.model_dump_json(include={"assessment", "grades"})
    await ports.store.assessments.close(
        name, period, by=ports.who.name, rules=(rules.version, text), rate=lambda facts: rate(site, facts)
    )


async def gather_days(store: Store, site: Site, now: datetime) -> int:
    """Every day that is over and was not gathered yet, from the last one on; the first time yesterday alone.

    To be called when the store has all events of those days. Returns how many days were gathered.
    """
    today = now.astimezone(site.zone).date()
    last = await store.agent_files.last_gathered()
    day = last + timedelta(days=1) if last else today - timedelta(days=1)
    days = 0
    while day < today:
        await store.agent_files.gather(day, day_bounds(day, site.zone))
        day += timedelta(days=1)
        days += 1
    return days


def _scored(site: Site, marks: Marks) -> tuple[Marks, Result]:
    """The marks as they are kept, and what they come to. Raises ValueError for marks that do not fit the form."""
    marks = msgspec.structs.replace(marks, comment=checked_words("comment", marks.comment, needed=False))
    return marks, result_of(site.quality.scorecard, marks)


def _day(check: Check, site: Site) -> str:
    return f"{check.talked_at.astimezone(site.zone):%m-%d %H:%M}"
