"""Quality control as a whole (flow): draw a week, score and answer, rate a month, gather a day. QUA-2, QUA-3, QUA-6."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from config.schema import Site
from crm.db.store import Store
from crm.quality.model import Check, CheckFull
from crm.quality.month import ClosedMonth, Rated, rate
from crm.quality.sampling import RecordedTalk, day_bounds, draw, month_bounds, week_bounds
from crm.quality.scorecard import CheckStep, Marks, Result, result_of


async def draw_week(store: Store, site: Site, week: str, *, by: str) -> int:
    """Draws what is still to be drawn of a week; returns how many. Raises ValueError for what is no week, or for a
    site without a form."""
    if not site.quality.scorecard.groups:
        raise ValueError("week: this site has no form to score on: write quality.yaml")
    rules = site.quality.sampling

    def choose(talks: Sequence[RecordedTalk], drawn: Sequence[RecordedTalk]) -> list[RecordedTalk]:
        return draw(week, talks, per_agent=rules.per_agent_and_week, least_talk_s=rules.least_talk_s, drawn=drawn)

    return await store.checks.draw(week, week_bounds(week, site.zone), choose, by=by)


async def score(store: Store, site: Site, check: Check, marks: Marks, *, by: str, version: int) -> CheckFull:
    """Puts marks on the form; the agent is told. Raises ValueError for marks that do not fit it, CrmError."""
    result = result_of(site.quality.scorecard, marks)
    words = f"质检：您 {_day(check, site)} 的通话（工单 {check.ticket}）得分 {result.score:g}，请在“质检”页查看并确认。"
    return await store.checks.step(
        check.id,
        CheckStep.SCORE,
        by=by,
        version=version,
        details={"marks": marks, "result": result},
        result=result,
        notice=((check.agent,), words),
    )


async def answer(store: Store, site: Site, check: CheckFull, words: str, *, by: str, version: int) -> CheckFull:
    """The agent's answer: words are an objection, which whoever scored is told of; none, that the score is accepted."""
    notice = None
    if words:
        scored_by = next((each.by for each in reversed(check.steps) if each.step is CheckStep.SCORE), check.drawn_by)
        text = f"质检异议：{by} 号对工单 {check.ticket} 的评分提出异议：{words}"
        notice = ((scored_by,), text)
    step = CheckStep.OBJECT if words else CheckStep.ACKNOWLEDGE
    return await store.checks.step(check.id, step, by=by, version=version, details={"words": words}, notice=notice)


async def decide(
    store: Store, site: Site, check: CheckFull, words: str, marks: Marks | None, *, by: str, version: int
) -> CheckFull:
    """A supervisor decides on the objection, with new marks or (None) by those that are there."""
    details: dict[str, object] = {"words": words}
    result: Result | None = None
    if marks is not None:
        result = result_of(site.quality.scorecard, marks)
        details |= {"marks": marks, "result": result}
    verdict = f"改为 {result.score:g} 分" if result else "维持原评分"
    text = f"质检异议答复：工单 {check.ticket} {verdict}。{words}"
    return await store.checks.step(
        check.id,
        CheckStep.DECIDE,
        by=by,
        version=version,
        details=details,
        result=result,
        notice=((check.agent,), text),
    )


async def month(store: Store, site: Site, name: str) -> tuple[ClosedMonth | None, Rated]:
    """A month as it was closed, or, with None, as it looks now. Raises ValueError for what is no month."""
    period = month_bounds(name, site.zone)
    closed = await store.assessments.closed(name)
    if closed is not None:
        return closed, closed.rated
    return None, rate(site, await store.assessments.facts(name, period))


async def close_month(store: Store, site: Site, name: str, *, by: str) -> None:
    """Rates a month for good. Raises ValueError for one that is not over, IllegalTransition (see AssessmentTable)."""
    period = month_bounds(name, site.zone)
    if store.clock() < period[1]:
        raise ValueError(f"month: {name} is not over yet")
    rules = site.quality
    text = rules.model_dump_json(include={"assessment", "grades"})
    await store.assessments.close(
        name, period, by=by, rules=(rules.version, text), rate=lambda facts: rate(site, facts)
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


def _day(check: Check, site: Site) -> str:
    return f"{check.talked_at.astimezone(site.zone):%m-%d %H:%M}"
