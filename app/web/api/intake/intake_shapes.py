"""The outside shape of other channels: what is registered, the public form, files. Data only; see contract.py."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from app.web.http.contract import In, Key, Moment, Out, Text
from crm.tickets.model import Severity, TicketKind

ChannelByHand = Literal["letter", "suggestion_box", "on_site", "media", "referral_12315"]
Matter = Annotated[str, Meta(min_length=1, max_length=4000)]
FreeText = Annotated[str, Meta(max_length=2000)]
Name = Annotated[str, Meta(max_length=64)]


class IntakeNew(In, frozen=True, kw_only=True):
    """What came by another channel. `received_at`: when it came, now if left out; `reference`: the number of a
    referral, the name of a newspaper."""

    channel: ChannelByHand
    received_at: Moment | None = None
    kind: TicketKind | None = None
    severity: Severity = Severity.NORMAL
    category: Key | None = None
    matter: Matter
    wish: FreeText = ""
    contact_name: Name = ""
    form_of_address: Annotated[str, Meta(max_length=16)] = ""
    contact_number: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    address: Annotated[str, Meta(max_length=300)] = ""
    reference: Annotated[str, Meta(max_length=100)] = ""


class TicketRegistered(Out, frozen=True, kw_only=True):
    """The number, at once. `respond_by`: until when somebody answers (TKT-4)."""

    ticket: str
    registered_at: datetime
    respond_by: datetime


class IntakeCategoryOut(Out, frozen=True, kw_only=True):
    id: str
    title: str
    title_en: str
    kinds: list[TicketKind]


class IntakeOptions(Out, frozen=True, kw_only=True):
    """What the page needs for its lists."""

    channels: list[str]
    kinds: list[TicketKind]
    categories: list[IntakeCategoryOut]


class PublicForm(Out, frozen=True, kw_only=True):
    """All that the public page needs; `token` goes back with the form, not before `least_fill_s`."""

    name: str
    name_en: str
    time_zone: str
    kinds: list[TicketKind]
    categories: list[IntakeCategoryOut]
    response_h: float
    least_fill_s: float
    token: str


class PublicNew(In, frozen=True, kw_only=True):
    """What somebody writes on the public page. `website` is seen by machines only and stays empty."""

    token: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: Literal["consultation", "complaint", "suggestion", "after_sales", "technical_support", "business_application"]
    category: Key | None = None
    matter: Matter
    wish: FreeText = ""
    contact_name: Name = ""
    contact: Annotated[str, Meta(max_length=254)] = ""
    website: Text = ""


class AttachmentOut(Out, frozen=True, kw_only=True):
    """A file on a ticket. `available` is false once retention has removed it."""

    id: str
    name: str
    media: str
    size: int
    at: datetime
    by: str | None
    available: bool


class AttachmentsOut(Out, frozen=True, kw_only=True):
    items: list[AttachmentOut]
    most_files: int
    most_bytes: int


class UploadQuery(In, frozen=True, kw_only=True):
    """What the file is called. The body is the file itself, of whatever Content-Type: what it is shows in it."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]


class ArrivalOut(Out, frozen=True, kw_only=True):
    """How a ticket of another channel came. `masked`: e-mail and address are shortened for this reader (CUS-4)."""

    received_at: datetime
    recorded_by: str | None
    email: str
    address: str
    reference: str
    respond_by: datetime
    masked: bool
