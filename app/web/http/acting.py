"""What a handler is given for whoever asks (adapter): the store as that person sees it, and a way to begin use cases.

A handler has no other way to the store: `Ask` holds this, and this holds the rest to itself. ACC-6
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from app.data_protection.privacy import remove_on_wish
from app.figures.counted import Wanted, counted_calls
from app.figures.past import figures_of
from app.figures.period import Period
from app.reports import make
from app.reports.archive import ReportArchive
from app.reports.content.case_file import CaseFile, register
from app.reports.content.titles import Titles
from config.paths import DataDir
from config.schema import Site
from config.service.bookings import Bookings
from config.values.hours import DayKind, SpecialDays
from crm.bookings.confirmation import Confirmation
from crm.bookings.figures import (
    AppointmentFigures,
    GroupedBy,
    VisitFigures,
    appointment_figures,
    grouped,
    visit_figures,
)
from crm.bookings.model import Booking
from crm.cases.file import Rules
from crm.cases.organisation import Organisation
from crm.customers.model import Removal
from crm.db.store import Store
from crm.errors import Forbidden
from crm.journal.events import AgentStateChanged
from crm.page import Page
from crm.reports.document import Document
from crm.reports.period import Stretch
from crm.rights import Principal, may_set_state_of
from crm.seen.eyes import eyes_of
from crm.seen.opening import sealed
from crm.seen.store import SeenStore
from crm.tickets.call_rows import CallRow
from crm.tickets.model import TicketDetail
from crm.use_cases.bookings.desk import BookingDesk, SlotNow, desk_of
from crm.use_cases.cases import CaseService, Ports

P = ParamSpec("P")
T = TypeVar("T")


class Acting:
    """One person's request at work."""

    def __init__(
        self,
        who: Principal,
        at_hand: frozenset[str],
        *,
        site: Site,
        store: Store,
        cases: CaseService,
        days: SpecialDays,
        data: DataDir,
    ) -> None:
        self._ports = Ports(
            site=site,
            store=store,
            cases=cases,
            days=days,
            seen=SeenStore(store, site, eyes_of(who, cases.organisation, at_hand)),
        )
        self._data = data

    async def do(self, use_case: Callable[Concatenate[Ports, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Begins a use case for this person. Raises what it raises."""
        return await use_case(self._ports, *args, **kwargs)

    @property
    def seen(self) -> SeenStore:
        """The store as this person sees it."""
        return self._ports.seen

    @property
    def organisation(self) -> Organisation:
        return self._ports.cases.organisation

    @property
    def rules(self) -> Rules:
        """Of cases."""
        return self._ports.cases.rules

    @property
    def parties(self) -> frozenset[str]:
        """Those that this person belongs to."""
        return self.seen.eyes.parties

    @property
    def at_risk(self) -> tuple[int, int]:
        """Deadlines of all cases that are warned of, and late ones, as counted a moment ago."""
        return self._ports.cases.at_risk

    def year_of(self, now: datetime) -> tuple[datetime, datetime]:
        """The calendar year in which valid complaints are counted together (CPL-9)."""
        return self._ports.cases.year_of(now)

    @cached_property
    def visits(self) -> "VisitRules":
        return VisitRules(desk_of(self._ports))

    @cached_property
    def reports(self) -> "SeenReports":
        return SeenReports(self._ports, self._data)

    async def remove_customer(self, customer_id: int, **wish: Any) -> Removal:
        """For good, on somebody's wish. Raises UnknownRecord, Forbidden, BadValue, VersionConflict, CallGoesOn."""
        await self.seen.rights.check_change_of_card(customer_id)
        by = self.seen.who.name
        return await remove_on_wish(self._ports.store, self._data, customer_id, by=by, **wish)


class VisitRules:
    """What can be booked, and in which words: nothing is booked here. BKG-1"""

    def __init__(self, desk: BookingDesk) -> None:
        self._desk = desk

    @property
    def rules(self) -> Bookings:
        return self._desk.rules

    @property
    def sends(self) -> bool:
        return self._desk.sends

    def confirmation(self, booking: Booking) -> Confirmation:
        return self._desk.confirmation(booking)

    async def slots(self, since: date, days: int) -> list[tuple[date, DayKind, list[SlotNow]]]:
        """Raises StoreAway."""
        return await self._desk.slots(since, days)


class SeenReports:
    """Figures and documents, as far as whoever asks may see what is in them. All raise StoreAway."""

    def __init__(self, ports: Ports, data: DataDir) -> None:
        self._ports, self._archive = ports, ReportArchive(ports.store, ports.site, data)

    async def figures(self, since: datetime, until: datetime, *, earlier: bool) -> Period:
        """Numbers of calls, not what was said in them."""
        ports = self._ports
        return await figures_of(ports.store, ports.site, since, until, now=ports.now, earlier=earlier)

    async def agent_states(self, since: datetime, until: datetime, agent: str) -> list[AgentStateChanged]:
        """One's own, or as a supervisor anybody's. Raises Forbidden."""
        if not may_set_state_of(self._ports.who, agent):
            raise Forbidden(f"The history of {agent} is not yours.")
        return await self._ports.store.agent_states.changes(since, until, agent)

    async def counted_calls(self, wanted: Wanted, *, limit: int, after: str | None) -> Page[CallRow]:
        """The calls behind a figure. Raises Forbidden, BadCursor."""
        ports, seen = self._ports, self._ports.seen
        wanted = replace(wanted, agent=seen.calls.whose(wanted.agent))
        page = await counted_calls(
            ports.store, ports.site, wanted, limit=limit, after=after, now=ports.now, sight=seen.eyes.sight
        )
        return Page(items=await seen.calls.shown(page.items), next=page.next)

    async def visit_figures(
        self, since: datetime, until: datetime, by: GroupedBy
    ) -> tuple[VisitFigures, Mapping[str, VisitFigures], AppointmentFigures]:
        """In all, by group, and of appointments."""
        store, site = self._ports.store, self._ports.site
        booked, agreed = await store.bookings.between(since, until), await store.appointments.between(since, until)
        of_ours = appointment_figures(agreed, site.bookings.appointments, site.zone)
        return visit_figures(booked), grouped(booked, by, site.zone), of_ours

    async def periodic(self, stretch: Stretch) -> Document:
        """A report of whole days: figures, matters counted, what was late."""
        ports = self._ports
        return sealed(await make.periodic(ports.store, ports.site, stretch, ports.now))

    async def file(self, stretch: Stretch) -> None:
        """Raises NotNow, TypefaceMissing."""
        await self._archive.make_by_hand(stretch, self._ports.now)

    def on_file(self, kind: str, period: str) -> list[Path]:
        return self._archive.files(kind, period)

    async def compliance(self, since: datetime, until: datetime) -> Document:
        ports = self._ports
        return sealed(await make.compliance(ports.store, ports.site, since, until, ports.now))

    async def register(self, since: datetime, until: datetime) -> Document:
        """登记簿: without the tickets that this person may not see, and without numbers that are not open to them."""
        ports, seen = self._ports, self._ports.seen
        facts = await ports.store.reports.register(since, until)
        numbers = [each.number for each in facts]
        may_see = await ports.store.rights.seen(numbers, seen.eyes.sight)
        may_open = await seen.rights.open_of(may_see)
        rows = [each if each.number in may_open else sealed(each) for each in facts if each.number in may_see]
        return register(rows, ports.site, since, until, ports.now)

    async def handling_form(self, number: str) -> CaseFile:
        """For whoever works on the ticket; never for whom it is about. Raises UnknownRecord, Forbidden."""
        ports, ticket = self._ports, await self._ports.seen.rights.ticket_to_change(number)
        category = ports.site.matters.category(ticket.category) if ticket.category else None
        return CaseFile(
            ticket=ticket,
            category=category.title if category else None,
            steps=await ports.store.reports.steps_of(number),
            clocks=await ports.store.reports.clocks_of(number),
            printed_at=ports.now,
            titles=Titles(ports.site),
        )

    async def evidence(self, number: str, digests: Callable[[TicketDetail], Awaitable[dict[int, str]]]) -> Document:
        """For whoever works on the ticket. Raises UnknownRecord, Forbidden."""
        ports, ticket = self._ports, await self._ports.seen.rights.ticket_to_change(number)
        return await make.evidence_of(ports.store, ports.site, ticket, await digests(ticket), ports.now)
