"""Cases of a site (flow): one step taken, one case looked at. CPL, LNE, TKT.

Every use case that a page begins stands on `Ports`: `async def verb_object(ports, …)`, one act, one transaction, the
slice's errors when it cannot be.
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
from crm.errors import UnknownRecord
from crm.messages.model import ColleagueMessage
from crm.rights import Principal
from crm.seen.opening import opened_if
from crm.seen.store import SeenStore
from crm.tickets.model import TicketRow


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
    """What the acts of one person stand on: the site's rules, the store as this person sees it, the store itself (with
    the clock) to write what `seen` has let through."""

    site: Site
    store: Store
    cases: "CaseService"
    days: SpecialDays
    seen: SeenStore

    @property
    def who(self) -> Principal:
        """Whose act it is."""
        return self.seen.who

    @property
    def now(self) -> datetime:
        return self.store.clock()

    @asynccontextmanager
    async def act(self) -> AsyncIterator["Ports"]:
        """Several writes that are one act, on the yielded ports' store: all of it or nothing. Raises StoreAway."""
        async with self.store.act() as store:
            yield replace(self, store=store, seen=self.seen.within(store))


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


async def take_step(ports: Ports, number: str, step: CaseStep) -> tuple[ColleagueMessage, ...]:
    """Takes a step on a case that this person may see; returns the notices that went out.

    Raises StepRefused, UnknownRecord, VersionConflict, StoreAway; then nothing is written.
    """
    if not await ports.seen.rights.sees(number):
        raise UnknownRecord("ticket", number)
    return await ports.cases.take(number, step, Actor.of(ports.who))


async def look_at_case(ports: Ports, number: str) -> Look:
    """With the numbers that this person may see. Raises UnknownRecord, StoreAway."""
    if not await ports.seen.rights.sees(number):
        raise UnknownRecord("ticket", number)
    look = await ports.cases.look(number, Actor.of(ports.who))
    may = number in await ports.seen.rights.open_of([number])
    cases = tuple(await ports.seen.tickets.shown(look.open_cases))
    return replace(look, file=opened_if(look.file, may), open_cases=cases)


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
