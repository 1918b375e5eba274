"""From the store's rows and the ACD's views to answers: who sees which number is not decided here. CUS-4

A row says itself what of it may be said: the store as seen by a person has opened it or not (crm/seen), and what is not
opened is masked by the encoder.
"""

from collections.abc import Sequence
from datetime import datetime
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
    Telephone,
    UserOut,
)
from app.web.http.contract import QueueName as QueueNameOut
from app.web.http.services import AgentView, QueueView
from app.web.wire.desk_messages import AgentChanged
from app.web.wire.encoding import instant
from config.ids import AgentId
from config.masking import Whole, has_number
from config.schema import Queue, Site
from config.words import Words
from crm.customers.model import Contact, Customer, CustomerChange
from crm.followups.model import DueCall
from crm.rights import Principal
from crm.tickets.call_rows import CallRow, RecordingRow
from crm.tickets.model import Detail, Severity, TicketDetail, TicketKind, TicketRow, TicketState, TimelineEntry

FORMS_OF_ADDRESS = ("先生", "小姐", "女士", "大爷", "奶奶")
"""TEL-9."""
TALK_AMBER_S = 150
TALK_RED_S = 180
"""TEL-8: an outbound talk should not exceed three minutes."""

T = TypeVar("T", bound=msgspec.Struct)


def shaped(kind: type[T], row: msgspec.Struct, **others: object) -> T:
    """A `kind` with the fields it shares with the row, and `others`, which go first. TypeError when one is missing."""
    shared = set(kind.__struct_fields__) & set(row.__struct_fields__)
    return kind(**{name: getattr(row, name) for name in shared} | others)


def is_masked(number: str) -> bool:
    """Whether a number goes out masked: it is somebody's, and the store has not opened it to this reader."""
    return has_number(number) and not isinstance(number, Whole)


def ticket_out(row: TicketRow) -> TicketOut:
    return shaped(TicketOut, row, **_caller(row))


def ticket_full_out(row: TicketDetail, *, editable: bool) -> TicketFull:
    return shaped(
        TicketFull,
        row,
        **_caller(row),
        editable=editable,
        calls=[call_out(call) for call in row.calls],
        timeline=[_timeline(entry) for entry in row.timeline],
        recordings=[_recording(recording) for recording in row.recordings],
    )


def call_out(row: CallRow) -> CallOut:
    return shaped(CallOut, row, **_caller(row))


def customer_out(row: Customer, contact: Contact) -> CustomerOut:
    return shaped(CustomerOut, row, **_card(row, contact))


def customer_full_out(row: Customer, contact: Contact, tickets: Sequence[TicketRow]) -> CustomerFull:
    return shaped(CustomerFull, row, **_card(row, contact), tickets=[ticket_out(ticket) for ticket in tickets])


def change_out(row: CustomerChange) -> ChangeOut:
    return shaped(ChangeOut, row, old=row.old or "", new=row.new or "", customer=str(row.customer_id))


def due_call_out(row: DueCall) -> DueCallOut:
    customer = None if row.customer_id is None else str(row.customer_id)
    return shaped(DueCallOut, row, id=str(row.id), number_masked=is_masked(row.number), customer_id=customer)


def detail_out(name: str, value: Detail) -> Detail:
    """A detail as everything else is written: times in UTC."""
    if isinstance(value, str) and (name.endswith("_at") or name == "until"):
        return instant(datetime.fromisoformat(value))
    return value


def _caller(row: TicketRow | CallRow) -> dict[str, object]:
    customer = None
    if row.customer_id is not None:
        customer = CustomerRef(id=str(row.customer_id), name=row.customer_name or "")
    return {"ani_masked": is_masked(row.ani), "customer": customer}


def _card(row: Customer, contact: Contact) -> dict[str, object]:
    contacts = [shaped(NumberOut, number, number=number.raw) for number in row.numbers]
    return {
        "id": str(row.id),
        "numbers": [each.number for each in contacts],
        "numbers_masked": any(is_masked(each.number) for each in contacts),
        "contacts": contacts,
        "contact": shaped(ContactOut, contact),
        "merged_into": None if row.merged_into is None else str(row.merged_into),
    }


def _timeline(entry: TimelineEntry) -> TimelineOut:
    return shaped(TimelineOut, entry, details={name: detail_out(name, value) for name, value in entry.details.items()})


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


def user_out(who: Principal, site: Site) -> UserOut:
    """Somebody logged in, or a program with a token, which has no names of its own."""
    title = who.title or Words(who.name, who.name)
    return UserOut(
        name=who.name,
        agent=who.agent,
        role=who.role,
        display_name=title.zh,
        display_name_en=title.en,
        telephone=any(agent.telephone for agent in site.agents if agent.id == who.agent),
        pending=who.pending,
        signed_on=who.signed_on,
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


def telephone_out(agent: AgentId, secret: str, site: Site, sip: str) -> Telephone:
    """All that an agent's telephone has to be told. `sip`: host:port over UDP."""
    tls = site.telephones.tls
    return Telephone(
        username=f"agent-{agent}",
        secret=secret,
        sip=sip,
        sip_tls=f"{sip.rpartition(':')[0]}:{tls.port}" if tls else None,
        media_encryption=site.telephones.media_encryption,
    )
