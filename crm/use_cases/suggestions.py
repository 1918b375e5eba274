"""A suggestion on its way through the house (flow): who is told, who rings the proposer and when. SUG-1."""

from datetime import datetime, timedelta

from config.numbering import normalise
from config.schema import Site
from config.service.matters import Department
from crm.db.store import Store
from crm.suggestions.model import CallWish, Notice, Suggestion, SuggestionStep, words_for_proposer
from crm.tickets.model import Detail


def who_answers_for(site: Site, department: Department | None) -> tuple[str, ...]:
    """The head; else the members; else every supervisor: somebody is always told."""
    if department is not None and department.head is not None:
        return (department.head,)
    if department is not None and department.members:
        return department.members
    return tuple(agent.id for agent in site.agents if agent.role == "supervisor")


def department_of(site: Site, department_id: str) -> Department:
    """Raises ValueError with words when the site has none of that id."""
    department = site.matters.department(department_id)
    if department is None:
        known = ", ".join(each.id for each in site.matters.departments) or "none: write matters.yaml"
        raise ValueError(f"department: this site's departments are {known}")
    return department


async def pass_on(
    store: Store, site: Site, one: Suggestion, department_id: str, words: str, *, by: str, version: int
) -> Suggestion:
    """To a department or the leadership, which has so many days from now on. Raises ValueError, CrmError."""
    department, rules, now = department_of(site, department_id), site.suggestions, store.clock()
    decide_by = now + timedelta(days=rules.decide_within_days)
    until = decide_by.astimezone(site.zone)
    remark = f"说明：{words}" if words else ""
    notice = Notice(
        to=who_answers_for(site, department),
        text=f"建议 {one.ticket} 转交{department.title}，请于 {until:%Y-%m-%d} 前答复是否采纳。{remark}",
    )
    return await store.suggestions.step(
        one.ticket,
        SuggestionStep.PASS,
        by=by,
        version=version,
        changes={"department": department.id, "decide_by": decide_by, "remind_at": decide_by},
        details={"department": department.id, "decide_at": decide_by.isoformat(), "words": words},
        notice=notice,
    )


async def decide(
    store: Store, site: Site, one: Suggestion, *, adopted: bool, reason: str, result: str, by: str, version: int
) -> Suggestion:
    """Adopted or not, why, and what came of it; the proposer's call is due with it, if there is a number to ring."""
    decided: dict[str, Detail] = {"adopted": adopted, "reason": reason, "result": result}
    call = call_wish(site, one, adopted=adopted, reason=reason, result=result, now=store.clock())
    return await store.suggestions.step(
        one.ticket,
        SuggestionStep.ADOPT if adopted else SuggestionStep.DECLINE,
        by=by,
        version=version,
        changes={**decided, "remind_at": None},
        details={**decided, "call": call is not None},
        call=call,
    )


async def tell(store: Store, site: Site, one: Suggestion, *, by: str, version: int) -> Suggestion:
    """Another call to the proposer, after one that reached nobody. Raises ValueError when no number can be rung."""
    call = call_wish(site, one, adopted=bool(one.adopted), reason=one.reason, result=one.result, now=store.clock())
    if call is None:
        raise ValueError("contact: there is no number to ring; tell the proposer otherwise and say how")
    return await store.suggestions.step(
        one.ticket, SuggestionStep.TELL, by=by, version=version, changes={}, details={"call": True}, call=call
    )


async def told_otherwise(store: Store, one: Suggestion, words: str, *, by: str, version: int) -> Suggestion:
    """The proposer knows: by letter, in person. `words` say how."""
    return await store.suggestions.step(
        one.ticket, SuggestionStep.TOLD, by=by, version=version, changes={}, details={"words": words}
    )


async def follow_up(store: Store, site: Site, now: datetime) -> tuple[int, int]:
    """The regular look: calls to proposers that came about, departments that are late. See SuggestionTable."""

    def reminder(one: Suggestion) -> Notice:
        department = site.matters.department(one.department or "")
        days = (now - one.decide_by).days if one.decide_by else 0
        title = department.title if department else one.department
        return Notice(
            to=who_answers_for(site, department),
            text=f"催办：建议 {one.ticket}（{title}）答复期限已过{f' {days} 天' if days else ''}，请尽快答复是否采纳。",
        )

    return await store.suggestions.follow_up(now, timedelta(days=site.suggestions.remind_every_days), reminder)


def call_wish(
    site: Site, one: Suggestion, *, adopted: bool, reason: str, result: str, now: datetime
) -> CallWish | None:
    """Who is rung is told by the agents of the customer hotline; None when there is no number to ring."""
    if not normalise(one.contact, site.area_code).normalised:
        return None
    queue = next((queue for queue in site.queues if queue.kind == "hotline"), site.queues[0])
    return CallWish(
        due_at=now + timedelta(minutes=site.suggestions.tell_after_minutes),
        queue=queue.name,
        note=words_for_proposer(one.summary or one.ticket, adopted=adopted, reason=reason, result=result),
    )
