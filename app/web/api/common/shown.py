"""From the store's rows and the ACD's views to what a reader may see of them: numbers are masked here, nowhere else.

Rules only. Whether a reader sees a number is decided in permissions.py. CUS-4
"""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any, TypeVar

import msgspec

from app.web.api.common.customer_shapes import ChangeOut, ContactOut, CustomerFull, CustomerOut, NumberOut
from app.web.api.common.records import (
    CallOut,
    CustomerRef,
    DueCallOut,
    RecordingOut,
    TicketFull,
    TicketOut,
    TimelineOut,
)
from app.web.http.contract import (
    AgentOut,
    DispositionOut,
    LineOut,
    Named,
    QueueOut,
    QueueWithCallers,
    SiteOut,
    UserOut,
)
from app.web.http.contract import QueueName as QueueNameOut
from app.web.http.services import AgentView, QueueView
from app.web.wire.desk_messages import AgentChanged
from app.web.wire.encoding import instant
from config.numbering import mask, normalise
from config.schema import Queue, Site
from crm.customers.model import Contact, Customer, CustomerChange
from crm.followups.model import DueCall
from crm.rights import Principal, may_work_on, sees_numbers
from crm.tickets.call_rows import CallRow, RecordingRow
from crm.tickets.model import Detail, Severity, TicketDetail, TicketKind, TicketRow, TicketState, TimelineEntry

FORMS_OF_ADDRESS = ("先生", "小姐", "女士", "大爷", "奶奶")
"""TEL-9."""
TALK_AMBER_S = 150
TALK_RED_S = 180
"""TEL-8: an outbound talk should not exceed three minutes."""

_NUMBER_IN_TEXT = re.compile(r"\+?\d[\d -]{5,}\d")


T = TypeVar("T", bound=msgspec.Struct)


def shaped(kind: type[T], row: msgspec.Struct, **others: object) -> T:
    """A `kind` with the fields it shares with the row, and `others`, which go first. TypeError when one is missing."""
    shared = set(kind.__struct_fields__) & set(row.__struct_fields__)
    return kind(**{name: getattr(row, name) for name in shared} | others)


class Viewer:
    """Who reads, and what is on that person's desk: turns rows into answers for that person."""

    def __init__(
        self, who: Principal, site: Site, at_hand: frozenset[str], parties: frozenset[str] = frozenset()
    ) -> None:
        """`parties`: those that the reader belongs to; an open case that one of them has is at hand, too."""
        self._who, self._site, self._at_hand, self._parties = who, site, at_hand, parties

    def sees(self, ticket: str, agent: str | None) -> bool:
        """Whether the numbers of a ticket of `agent` are shown in full."""
        return sees_numbers(self._who, ticket, agent, self._at_hand)

    def sees_case(self, ticket: str, agent: str | None, holder: str | None) -> bool:
        """As `sees`; `holder`: the party that has the case, None when it is over."""
        return self.sees(ticket, agent) or holder in self._parties

    def words(self, text: str, *, seen: bool) -> str:
        """Free words, with the numbers in them perhaps masked."""
        return text if seen else _NUMBER_IN_TEXT.sub(lambda found: self._number(found.group(), seen=False), text)

    def _sees_row(self, row: TicketRow) -> bool:
        return self.sees_case(row.number, row.agent, None if row.state is TicketState.CLOSED else row.holder)

    def ticket(self, row: TicketRow) -> TicketOut:
        seen = self._sees_row(row)
        return shaped(TicketOut, row, **self._caller(row, seen))

    def ticket_full(self, row: TicketDetail) -> TicketFull:
        seen = self._sees_row(row)
        return shaped(
            TicketFull,
            row,
            **self._caller(row, seen),
            editable=may_work_on(self._who, row.agent, holds=row.holder in self._parties),
            contact_number=self._number(row.contact_number, seen),
            calls=[shaped(CallOut, call, **self._caller(call, seen)) for call in row.calls],
            timeline=[self._timeline(entry, seen) for entry in row.timeline],
            recordings=[_recording(recording) for recording in row.recordings],
        )

    def pieces(self, texts: Sequence[str], row: TicketRow) -> list[str]:
        """Parts of one text of a ticket, which keep their lengths: a number may begin in one and end in the next."""
        whole = "".join(texts)
        if not self._sees_row(row):
            whole = _NUMBER_IN_TEXT.sub(lambda found: found.group()[:3] + "*" * (len(found.group()) - 3), whole)
        ends = list(accumulate(map(len, texts), initial=0))
        return [whole[begin:end] for begin, end in pairwise(ends)]

    def call(self, row: CallRow) -> CallOut:
        return shaped(CallOut, row, **self._caller(row, self.sees(row.ticket, row.agent)))

    def customer(self, row: Customer, contact: Contact, *, seen: bool) -> CustomerOut:
        return shaped(CustomerOut, row, **self._card(row, contact, seen))

    def customer_full(
        self, row: Customer, contact: Contact, tickets: Sequence[TicketRow], *, revealed: bool = False
    ) -> CustomerFull:
        seen = revealed or self.sees_card(tickets)
        told = [self.ticket(ticket) for ticket in tickets]
        return shaped(CustomerFull, row, **self._card(row, contact, seen), tickets=told)

    def sees_card(self, tickets: Sequence[TicketRow]) -> bool:
        """A card is shown in full while one of the customer's tickets is at hand."""
        return self._who.supervises or any(ticket.number in self._at_hand for ticket in tickets)

    def change(self, row: CustomerChange, *, seen: bool) -> ChangeOut:
        told = {name: self.words(getattr(row, name) or "", seen=seen) for name in ("old", "new")}
        return shaped(ChangeOut, row, **told, customer=str(row.customer_id))

    def due_call(self, row: DueCall) -> DueCallOut:
        own = self._who.agent is not None and self._who.agent in (row.accepted_by, row.created_by)
        seen = own or self.sees(row.ticket or "", None)
        return shaped(
            DueCallOut,
            row,
            id=str(row.id),
            number=self._number(row.number, seen),
            number_masked=not seen,
            customer_id=None if row.customer_id is None else str(row.customer_id),
        )

    def number(self, number: str, *, seen: bool) -> str:
        """A number for this viewer, of something that they see in full or not."""
        return self._number(number, seen)

    def _caller(self, row: TicketRow | CallRow, seen: bool) -> dict[str, object]:
        customer = None
        if row.customer_id is not None:
            customer = CustomerRef(id=str(row.customer_id), name=row.customer_name or "")
        return {"ani": self._number(row.ani, seen), "ani_masked": not seen, "customer": customer}

    def _card(self, row: Customer, contact: Contact, seen: bool) -> dict[str, object]:
        contacts = [shaped(NumberOut, number, number=self._number(number.raw, seen)) for number in row.numbers]
        return {
            "id": str(row.id),
            "numbers": [each.number for each in contacts],
            "numbers_masked": not seen,
            "contacts": contacts,
            "contact": shaped(ContactOut, contact),
            "merged_into": None if row.merged_into is None else str(row.merged_into),
        }

    def _number(self, number: str, seen: bool) -> str:
        return number if seen or not number else mask(normalise(number, self._site.area_code).normalised)

    def _timeline(self, entry: TimelineEntry, seen: bool) -> TimelineOut:
        details = {name: self.detail(name, value, seen=seen) for name, value in entry.details.items()}
        return shaped(TimelineOut, entry, details=details)

    def detail(self, name: str, value: Detail, *, seen: bool) -> Detail:
        """A detail as everything else is written: times in UTC; numbers, wherever they stand in it, perhaps masked."""
        if not isinstance(value, str):
            return value
        if name.endswith("_at") or name == "until":
            return instant(datetime.fromisoformat(value))
        return self.words(value, seen=seen)


def _recording(row: RecordingRow) -> RecordingOut:
    return shaped(RecordingOut, row, id=str(row.id), available=row.deleted_at is None)


def agent_out(view: AgentView, site: Site, *, supervision: bool = False) -> AgentOut:
    """A live state with the person's names; who listens is for supervisors only. KeyError for an unknown agent."""
    agent = site.agent(view.agent)
    return AgentOut(
        agent=view.agent,
        name=agent.name,
        name_en=agent.name_en,
        role=agent.role,
        state=view.state,
        reason=view.reason,
        since=view.since,
        call=view.call_id,
        until=view.until,
        queues=list(view.queues),
        wish=view.wish,
        by=view.by,
        missed=dict(view.missed),
        supervision=view.supervision if supervision else None,
    )


def agent_changed(view: AgentView, site: Site) -> AgentChanged:
    """The same as a message to the agent's desk."""
    return shaped(AgentChanged, agent_out(view, site))


def _queue_name(queue: Queue) -> dict[str, Any]:
    return {"queue": queue.name, "title": queue.title, "title_en": queue.title_en, "kind": queue.kind}


def queue_out(view: QueueView, site: Site) -> QueueOut:
    """A queue without its callers: for screens on walls."""
    return QueueOut(
        **_queue_name(site.queue(view.queue)),
        waiting=view.waiting,
        longest_wait_since=view.longest_wait_since,
        agents_by_state=dict(view.agents_by_state),
        closed=view.closed,
    )


def queue_with_callers(view: QueueView, site: Site) -> QueueWithCallers:
    """A queue with who waits in it: for supervisors."""
    return shaped(QueueWithCallers, queue_out(view, site), entries=list(view.entries))


def user_out(name: str, who: Principal, site: Site) -> UserOut:
    """Somebody logged in, or a program with a token, which has no names of its own."""
    person = next((agent for agent in site.agents if agent.id == who.agent), None)
    return UserOut(
        name=name,
        agent=who.agent,
        role=who.role,
        display_name=person.name if person else name,
        display_name_en=person.name_en if person else name,
        telephone=person.telephone if person else False,
    )


def site_out(site: Site) -> SiteOut:
    """What pages need to fill their lists and headings."""
    return SiteOut(
        name=site.name,
        name_en=site.name_en,
        time_zone=site.time_zone,
        lines=[
            LineOut(dnis=line.dnis, kind=line.kind, title=line.title, title_en=line.title_en) for line in site.lines
        ],
        queues=[QueueNameOut(**_queue_name(queue)) for queue in site.queues],
        colleagues=[Named(id=known.id, title=known.name, title_en=known.name_en) for known in site.agents],
        levels=[Named(id=known.id, title=known.title, title_en=known.title_en) for known in site.levels],
        reasons=[Named(id=known.id, title=known.title, title_en=known.title_en) for known in site.reasons],
        dispositions=[
            DispositionOut(
                id=known.id,
                title=known.title,
                title_en=known.title_en,
                kinds=[TicketKind(kind) for kind in known.kinds],
            )
            for known in site.dispositions
        ],
        ticket_kinds=list(TicketKind),
        ticket_states=list(TicketState),
        severities=list(Severity),
        forms_of_address=list(FORMS_OF_ADDRESS),
        talk_amber_s=TALK_AMBER_S,
        talk_red_s=TALK_RED_S,
        wait_threshold_s=site.service_level.threshold_s,
    )
