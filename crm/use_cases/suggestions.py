"""A suggestion on its way through the house (flow): who is told, who rings the proposer and when. SUG-1."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config.numbering import normalise
from config.schema import Site
from config.service.matters import Department
from config.words import Words
from crm.db.store import Store
from crm.errors import BadValue, bad_values
from crm.quality.scorecard import checked_words
from crm.suggestions.model import CallWish, Notice, Suggestion, SuggestionStep, words_for_proposer
from crm.suggestions.words import overdue, passed_on
from crm.tickets.model import Detail
from crm.use_cases.cases import Ports


def who_answers_for(site: Site, department: Department | None) -> tuple[str, ...]:
    """The head; else the members; else every supervisor: somebody is always told."""
    if department is not None and department.head is not None:
        return (department.head,)
    if department is not None and department.members:
        return department.members
    return tuple(agent.id for agent in site.agents if agent.role == "supervisor")


@dataclass(frozen=True, kw_only=True)
class NewSuggestion:
    """What is entered. None: it comes from the ticket (name, number, matter)."""

    nature: str
    proposer: str | None
    contact: str | None
    summary: str | None


async def register_suggestion(ports: Ports, number: str, new: NewSuggestion) -> Suggestion:
    """On a ticket of this kind, by whoever works on it. Raises UnknownRecord, Forbidden, BadValue, IllegalTransition,
    StoreAway."""
    ticket = await ports.seen.rights.ticket_to_change(number)
    natures = [nature.id for nature in ports.site.suggestions.natures]
    if new.nature not in natures:
        raise BadValue("nature", f"one of {', '.join(natures)}")
    contact = ticket.contact_number or ticket.ani if new.contact is None else new.contact
    if "*" in contact:
        raise BadValue("contact", "a whole number, not a masked one")
    known = {"proposer": ticket.contact_name or ticket.customer_name or "", "summary": ticket.matter or ticket.wish}
    given = {"proposer": new.proposer, "contact": contact, "summary": new.summary}
    with bad_values("summary"):
        words = {
            name: checked_words(name, (known[name] if value is None else value)[:2000], needed=name == "summary")
            for name, value in given.items()
        }
    return await ports.store.suggestions.register(ticket.number, nature=new.nature, by=ports.who.name, **words)


async def pass_suggestion(ports: Ports, number: str, department_id: str, words: str, *, version: int) -> Suggestion:
    """To a department or the leadership, which has so many days from now on; its head is told.

    Raises UnknownRecord, Forbidden, BadValue, IllegalTransition, VersionConflict, StoreAway; so do the others.
    """
    one = await ports.seen.suggestions.to_pass(number)
    site, now = ports.site, ports.now
    with bad_values("department"):
        words = checked_words("words", words, needed=False)
        department = _department_of(site, department_id)
    decide_by = now + timedelta(days=site.suggestions.decide_within_days)
    until = decide_by.astimezone(site.zone)
    notice = Notice(
        to=who_answers_for(site, department),
        text=passed_on(one.ticket, Words(department.title, department.title_en), until.date(), words).on_screen(),
    )
    return await ports.store.suggestions.step(
        one.ticket,
        SuggestionStep.PASS,
        by=ports.who.name,
        version=version,
        changes={"department": department.id, "decide_by": decide_by, "remind_at": decide_by},
        details={"department": department.id, "decide_at": decide_by.isoformat(), "words": words},
        notice=notice,
    )


async def decide_suggestion(
    ports: Ports, number: str, *, adopted: bool, reason: str, result: str, version: int
) -> Suggestion:
    """Adopted or not, why, and what came of it; the proposer's call is due with it, if there is a number to ring."""
    one = await ports.seen.suggestions.to_decide(number)
    with bad_values("reason"):
        reason = checked_words("reason", reason)
        result = checked_words("result", result, needed=adopted)
        decided: dict[str, Detail] = {"adopted": adopted, "reason": reason, "result": result}
        call = call_wish(ports.site, one, adopted=adopted, reason=reason, result=result, now=ports.now)
        return await ports.store.suggestions.step(
            one.ticket,
            SuggestionStep.ADOPT if adopted else SuggestionStep.DECLINE,
            by=ports.who.name,
            version=version,
            changes={**decided, "remind_at": None},
            details={**decided, "call": call is not None},
            call=call,
        )


async def tell_proposer(ports: Ports, number: str, words: str, *, version: int) -> Suggestion:
    """After a call that reached nobody: another one, or, with words, how the proposer was told otherwise."""
    one = await ports.seen.suggestions.to_pass(number)
    store, step = ports.store.suggestions, SuggestionStep.TOLD
    with bad_values("words"):
        words = checked_words("words", words, needed=False)
        if words:
            told = {"words": words}
            return await store.step(one.ticket, step, by=ports.who.name, version=version, changes={}, details=told)
        call = call_wish(
            ports.site, one, adopted=bool(one.adopted), reason=one.reason, result=one.result, now=ports.now
        )
        if call is None:
            raise BadValue("contact", "there is no number to ring; tell the proposer otherwise and say how")
        step = SuggestionStep.TELL
        return await store.step(
            one.ticket, step, by=ports.who.name, version=version, changes={}, details={"call": True}, call=call
        )


def _department_of(site: Site, department_id: str) -> Department:
    """Raises ValueError with words when the site has none of that id."""
    department = site.matters.department(department_id)
    if department is None:
        known = ", ".join(each.id for each in site.matters.departments) or "none: write matters.yaml"
        raise ValueError(f"department: this site's departments are {known}")
    return department


async def follow_up(store: Store, site: Site, now: datetime) -> tuple[int, int]:
    """The regular look: calls to proposers that came about, departments that are late. See SuggestionTable."""

    def reminder(one: Suggestion) -> Notice:
        department = site.matters.department(one.department or "")
        days = (now - one.decide_by).days if one.decide_by else 0
        known = one.department or ""
        title = Words(department.title, department.title_en) if department else Words(known, known)
        return Notice(
            to=who_answers_for(site, department),
            text=overdue(one.ticket, title, days).on_screen(),
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
