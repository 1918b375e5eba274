"""The outside shape of bookings and appointments (BKG-1 to BKG-5). Data only; see contract.py."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from app.web.api.common.records import CustomerRef
from app.web.http.contract import In, Key, Moment, Named, Out, Paging, ShortText
from config.values.hours import DayKind
from crm.bookings.appointments import AppointmentState
from crm.bookings.figures import AppointmentFigures, GroupedBy, VisitFigures
from crm.bookings.model import BookingState
from crm.bookings.slots import WhyNot
from crm.outbox.model import OutboxState
from crm.tickets.model import Detail

PartySize = Annotated[int, Meta(ge=1, le=10_000)]
Note = Annotated[str, Meta(max_length=1000)]
Name = Annotated[str, Meta(max_length=64)]

# --- slots -----------------------------------------------------------------------------------------------------------


class GuideOut(Out, frozen=True, kw_only=True):
    id: str
    name: str
    name_en: str
    languages: list[str]


class NoticeOut(Out, frozen=True, kw_only=True):
    zh: str
    en: str


class BookingRules(Out, frozen=True, kw_only=True):
    """What the site offers. `offered` false: no visits. `sends`: confirmations leave the house in writing, too."""

    offered: bool
    smallest: int
    largest: int
    days_ahead: int
    languages: list[str]
    guides: list[GuideOut]
    notices: list[NoticeOut]
    reminds: bool
    sends: bool


class GuideNow(Out, frozen=True, kw_only=True):
    """A guide at work in a slot; `booking`: which has this guide, null = free."""

    guide: str
    booking: str | None


class SlotOut(Out, frozen=True, kw_only=True):
    """`why_not`: why nobody can book it now; null: one can, while there are `free` places."""

    starts: str
    ends: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    free: int
    why_not: WhyNot | None
    guides: list[GuideNow]


class SlotDayOut(Out, frozen=True, kw_only=True):
    day: str
    kind: DayKind
    slots: list[SlotOut]


class SlotsOut(Out, frozen=True, kw_only=True):
    today: str
    days: list[SlotDayOut]
    rules: BookingRules


class SlotsQuery(In, frozen=True, kw_only=True):
    """`day`: a local date, default today; `days`: how many from it on."""

    day: date | None = None
    days: Annotated[int, Meta(ge=1, le=31)] = 1


# --- bookings --------------------------------------------------------------------------------------------------------


class BookingOut(Out, frozen=True, kw_only=True):
    id: str
    ticket: str
    customer: CustomerRef | None
    state: BookingState
    starts_at: datetime
    ends_at: datetime
    party: int
    language: str | None
    guide: str | None
    contact_name: str
    contact_number: str
    number_masked: bool
    note: str
    made_at: datetime
    made_by: str
    told_at: datetime | None
    rating: int | None
    version: int


class BookingStepOut(Out, frozen=True, kw_only=True):
    at: datetime
    by: str
    step: str
    details: dict[str, Detail]


class SentOut(Out, frozen=True, kw_only=True):
    """A written confirmation on its way. `error`: what the last attempt failed with."""

    state: OutboxState
    attempts: int
    sent_at: datetime | None
    error: str


class ConfirmationOut(Out, frozen=True, kw_only=True):
    """What the customer is told, to be read out or printed; `sent` null: it does not leave the house in writing."""

    zh: str
    en: str
    sent: SentOut | None


class BookingFull(BookingOut, frozen=True, kw_only=True):
    confirmation: ConfirmationOut
    history: list[BookingStepOut]


class BookingQuery(Paging, frozen=True, kw_only=True):
    """By the beginning of the visit: `since` inclusive, `until` exclusive."""

    since: Moment | None = None
    until: Moment | None = None
    state: BookingState | None = None
    ticket: Key | None = None
    customer: Annotated[int, Meta(ge=1)] | None = None


class BookingNew(In, frozen=True, kw_only=True):
    """`contact_*` null: the ticket's. `guide` null with a language: any who is free. `key`: the same twice is one."""

    ticket: Key
    starts_at: Moment
    party: PartySize
    language: Key | None = None
    guide: Key | None = None
    contact_name: Name | None = None
    contact_number: Key | None = None
    note: Note = ""
    key: Key | None = None


class BookingPatch(In, frozen=True, kw_only=True):
    """The version that was read, and what changes. Another time without `guide`: any guide who is free then."""

    version: int
    starts_at: Moment | UnsetType = UNSET
    party: PartySize | UnsetType = UNSET
    language: Key | UnsetType | None = UNSET
    guide: Key | UnsetType | None = UNSET
    contact_name: Name | UnsetType = UNSET
    contact_number: Key | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class BookingStepWish(In, frozen=True, kw_only=True):
    step: Literal["confirm", "ask_change", "cancel", "arrive", "miss"]
    version: int
    note: Note = ""


class VisitFiguresQuery(In, frozen=True, kw_only=True):
    """Of visits that begin in the period; at most 400 days."""

    since: Moment
    until: Moment
    by: GroupedBy = "day"


class VisitGroup(Out, frozen=True, kw_only=True):
    """`group`: a local date, a time of day, a language, a guide, a band of party sizes."""

    group: str
    figures: VisitFigures


class VisitFiguresOut(Out, frozen=True, kw_only=True):
    since: datetime
    until: datetime
    by: GroupedBy
    total: VisitFigures
    groups: list[VisitGroup]
    appointments: AppointmentFigures


# --- appointments ----------------------------------------------------------------------------------------------------


class AppointmentOut(Out, frozen=True, kw_only=True):
    """`because`: why it was agreed less than so many days before; `days_before`: how many it was agreed before."""

    id: str
    ticket: str
    customer: CustomerRef | None
    kind: str
    state: AppointmentState
    at: datetime
    person: str
    place: str
    contact_name: str
    contact_number: str
    number_masked: bool
    note: str
    because: str
    proposed_at: datetime
    proposed_by: str
    agreed_at: datetime | None
    agreed_by: str | None
    days_before: int | None
    arrived_at: datetime | None
    version: int


class AppointmentFull(AppointmentOut, frozen=True, kw_only=True):
    history: list[BookingStepOut]


class AppointmentRules(Out, frozen=True, kw_only=True):
    kinds: list[Named]
    agreed_days_before: int
    late_after_minutes: int


class AppointmentsOut(Out, frozen=True, kw_only=True):
    items: list[AppointmentOut]
    next: str | None
    rules: AppointmentRules


class AppointmentQuery(Paging, frozen=True, kw_only=True):
    since: Moment | None = None
    until: Moment | None = None
    state: AppointmentState | None = None
    ticket: Key | None = None
    person: Key | None = None


class AppointmentNew(In, frozen=True, kw_only=True):
    """`agreed`: the customer has said yes already. `because`: why it is agreed less than three days before."""

    ticket: Key
    kind: Key
    at: Moment
    person: Key
    place: Annotated[str, Meta(max_length=256)] = ""
    contact_name: Name | None = None
    contact_number: Key | None = None
    note: Note = ""
    agreed: bool = False
    because: ShortText = ""
    key: Key | None = None


class AppointmentPatch(In, frozen=True, kw_only=True):
    """The version that was read, and what changes. Another time has to be agreed to again."""

    version: int
    kind: Key | UnsetType = UNSET
    at: Moment | UnsetType = UNSET
    person: Key | UnsetType = UNSET
    place: Annotated[str, Meta(max_length=256)] | UnsetType = UNSET
    contact_name: Name | UnsetType = UNSET
    contact_number: Key | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class AppointmentStepWish(In, frozen=True, kw_only=True):
    """`arrive`: whoever goes has come; in time or late is for the clock to say. `note` of `agree`: why so late."""

    step: Literal["agree", "arrive", "miss", "cancel"]
    version: int
    note: Note = ""
