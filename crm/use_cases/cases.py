"""Cases of a site (flow): one step taken, one case looked at, who sees and works on what. CPL, LNE, TKT.

Every use case that a page begins stands on `Ports`: `async def verb_object(ports, …, who=…)`, one act, one transaction,
the slice's errors when it cannot be.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from config.schema import Site
from config.values.hours import SpecialDays
from crm.cases.clocks import Clock
from crm.cases.decide import clocks_of, decide, sees, situation_of, warn
from crm.cases.file import CaseFile, Rules
from crm.cases.guards import Situation, refusal
from crm.cases.organisation import Organisation, Sight
from crm.cases.rights import NOT_YOURS, Actor, Refusal, verdict
from crm.cases.steps import NOT_BY_HAND, STEPS, CaseStep, Judged, Linked, Merged
from crm.db.cases.table import Wanted
from crm.db.store import Store
from crm.errors import Forbidden, UnknownRecord
from crm.messages.model import ColleagueMessage
from crm.rights import Principal, may_work_on
from crm.tickets.model import TicketDetail, TicketRow


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A step that somebody could take, or why not now."""

    step: str
    refusal: Refusal | None


@dataclass(frozen=True, kw_only=True)
class Look:
    """A case as somebody sees it. `offers`: the steps of this person, the possible and those that are not yet."""

    file: CaseFile
    clocks: tuple[Clock, ...]
    situation: Situation
    offers: tuple[Offer, ...]
    open_cases: tuple[TicketRow, ...]


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What the acts of people stand on: the site's rules, the store (with the clock), who sees which case."""

    site: Site
    store: Store
    cases: "CaseService"

    @property
    def now(self) -> datetime:
        return self.store.clock()

    @asynccontextmanager
    async def act(self) -> AsyncIterator["Ports"]:
        """Several writes that are one act, on the yielded ports' store: all of it or nothing. Raises StoreAway."""
        async with self.store.act() as store:
            yield replace(self, store=store)


class CaseService:
    """`at_risk`: running clocks that are warned of, and late ones, as the watch saw them last."""

    def __init__(self, site: Site, store: Store, clock: Callable[[], datetime], days: SpecialDays) -> None:
        self.rules: Final = Rules.of(site, days)
        self._store = store
        self._clock = clock
        self.at_risk: tuple[int, int] = (0, 0)

    async def recompute(self, since: datetime) -> None:
        """Days have changed from this instant on: clocks that run on them are made anew, and told if they are due."""
        for number in await self._store.cases.running(since):
            await self._store.cases.warn(number, lambda file: warn(file, self._clock(), self.rules))

    @property
    def organisation(self) -> Organisation:
        return self.rules.organisation

    def sight(self, who: Actor) -> Sight:
        """What of restricted tickets somebody may see; asked wherever tickets are shown (LNE-6)."""
        return self.organisation.sight(who.person, who.role)

    async def take(self, number: str, step: CaseStep, who: Actor) -> tuple[ColleagueMessage, ...]:
        """Takes a step; returns the notices that went out.

        Raises StepRefused, UnknownRecord, VersionConflict, StoreAway; then nothing is written.
        """
        since, until = self.year_of(self._clock())
        wanted = Wanted(
            other=step.to if isinstance(step, Linked) else step.into if isinstance(step, Merged) else None,
            sight=self.sight(who),
            persons=step.persons if isinstance(step, Judged) else (),
            since=since,
            until=until,
        )
        return await self._store.cases.take(
            number,
            lambda file: decide(file, step, who, self._clock(), self.rules),
            version=step.version,
            by=who.name,
            wanted=wanted,
        )

    async def look(self, number: str, who: Actor) -> Look:
        """Raises UnknownRecord, also for a case that this person may not see."""
        file, now = await self._store.cases.get(number), self._clock()
        if not sees(self.sight(who), file.case, self.rules):
            raise UnknownRecord("ticket", number)
        hidden = await self._store.cases.lists.hidden(file.linked_from, self.sight(who))
        file = replace(file, linked_from=tuple(each for each in file.linked_from if each not in hidden))
        running = clocks_of(file, self.rules)
        situation = situation_of(file, who, now, self.rules, running)
        return Look(
            file=file,
            clocks=tuple(running),
            situation=situation,
            offers=tuple(offers(situation)),
            open_cases=await self._store.cases.lists.open_of(file.number_key, self.sight(who), but=number),
        )

    def year_of(self, now: datetime) -> tuple[datetime, datetime]:
        """The calendar year in which valid complaints are counted together (CPL-9)."""
        zone = self.rules.site.zone
        year = now.astimezone(zone).year
        return datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)


async def find_ticket(ports: Ports, number: str, who: Principal) -> TicketDetail | None:
    """A ticket that this person may see. One that is hidden is not there (LNE-6)."""
    ticket = await ports.store.tickets.get(number)
    if ticket is None:
        return None
    sight = ports.cases.sight(Actor.of(who))
    seen = sight.sees(restricted=ticket.restricted, department=ticket.department, level=ticket.level)
    return ticket if seen else None


async def works_on(ports: Ports, ticket: TicketDetail, who: Principal) -> bool:
    """Whether somebody may change the ticket and hear it. Who is complained of stands aside, whatever the role."""
    agent = who.agent
    holds = agent is not None and ticket.holder in ports.cases.organisation.parties_of(agent)
    if not may_work_on(who, ticket.agent, holds=holds):
        return False
    return agent is None or not await ports.store.cases.lists.is_about(ticket.number, agent)


async def ticket_in_work(ports: Ports, number: str, who: Principal) -> TicketDetail:
    """A ticket that this person may change. Raises UnknownRecord, Forbidden, StoreAway."""
    ticket = await find_ticket(ports, number, who)
    if ticket is None:
        raise UnknownRecord("ticket", number)
    if not await works_on(ports, ticket, who):
        raise Forbidden(f"Ticket {ticket.number} is {ticket.agent}'s, or about you.")
    return ticket


def offers(situation: Situation) -> list[Offer]:
    """Every step that is this person's to take, with what stands in its way now. Others' steps are left out."""
    found = []
    for name in STEPS:
        if name in NOT_BY_HAND:
            continue
        why = verdict(situation.held, situation.case.stage, name)
        if why is NOT_YOURS:
            continue
        found.append(Offer(step=name, refusal=why or refusal(situation, name, None)))
    return found
