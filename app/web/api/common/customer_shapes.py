"""The outside shape of customers: cards, duplicates, imports, who saw what, removals. Data only; see contract.py."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from app.web.api.common.records import TicketOut
from app.web.http.contract import In, Key, Out, Paging, ShortText, Text
from config.numbering import NumberKind
from crm.customers.model import CustomerKind, NumberUse

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Form = Annotated[str, Meta(max_length=16)]
Address = Annotated[str, Meta(max_length=256)]
Reason = Annotated[str, Meta(min_length=2, max_length=200)]
Version = Annotated[int, Meta(ge=0)]
CardId = Annotated[int, Meta(ge=1, le=2**53)]


class NumberOut(Out, frozen=True, kw_only=True):
    """One number of a card; the first is preferred. `place`: where it was allocated (归属地)."""

    number: str
    kind: NumberKind
    use: str
    extension: str
    place: str | None


class ContactOut(Out, frozen=True, kw_only=True):
    """How often they called (`in`) and were called (`out`) in so many days."""

    in_30: int
    in_90: int
    in_365: int
    out_30: int
    out_90: int
    out_365: int
    last_at: datetime | None


class CustomerOut(Out, frozen=True, kw_only=True):
    """A customer's card (CUS-1). `merged_into`: this card became part of that one."""

    id: str
    version: int
    kind: CustomerKind
    name: str
    form_of_address: str
    employer: str
    post: str
    shop_name: str
    unit: str
    floor: str
    contact_person: str
    address: str
    notes: str
    key_customer: bool
    looked_after_by: str | None
    do_not_call: bool
    numbers: list[str]
    numbers_masked: bool
    contacts: list[NumberOut]
    contact: ContactOut
    updated_at: datetime
    merged_into: str | None


class CustomerFull(CustomerOut, frozen=True, kw_only=True):
    """A card with the customer's last tickets."""

    tickets: list[TicketOut]


class ChangeOut(Out, frozen=True, kw_only=True):
    """One change; `customer`: the card it was made on, which may be one that was merged since."""

    at: datetime
    by: str | None
    customer: str
    field: str
    old: str
    new: str


class CustomerQuery(Paging, frozen=True, kw_only=True):
    """`q`: part of a name, shop or employer, or a number in any notation. `quiet_days`: no call for so long."""

    q: ShortText | None = None
    kind: CustomerKind | None = None
    key: bool | None = None
    looked_after_by: Key | None = None
    quiet_days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class NumberIn(In, frozen=True, kw_only=True):
    """A number in any notation; an extension in it is understood too."""

    number: Key
    use: NumberUse = NumberUse.UNSAID
    extension: Annotated[str, Meta(pattern=r"^\d{0,6}$")] = ""


Numbers = Annotated[tuple[Key | NumberIn, ...], Meta(max_length=10)]


class CustomerPatch(In, frozen=True, kw_only=True):
    """The version that was read, and the fields that change. `numbers`: all of them, the preferred one first."""

    version: Version
    kind: CustomerKind | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    form_of_address: Form | UnsetType = UNSET
    employer: ShortText | UnsetType = UNSET
    post: ShortText | UnsetType = UNSET
    shop_name: ShortText | UnsetType = UNSET
    unit: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    floor: Form | UnsetType = UNSET
    contact_person: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    notes: Text | UnsetType = UNSET
    key_customer: bool | UnsetType = UNSET
    looked_after_by: Key | UnsetType | None = UNSET
    do_not_call: bool | UnsetType = UNSET
    numbers: Numbers | UnsetType = UNSET


class CustomerNew(In, frozen=True, kw_only=True):
    kind: CustomerKind = CustomerKind.PERSON
    name: Name
    form_of_address: Form = ""
    employer: ShortText = ""
    post: ShortText = ""
    shop_name: ShortText = ""
    unit: Annotated[str, Meta(max_length=32)] = ""
    floor: Form = ""
    contact_person: Annotated[str, Meta(max_length=64)] = ""
    address: Address = ""
    notes: Text = ""
    key_customer: bool = False
    looked_after_by: Key | None = None
    do_not_call: bool = False
    numbers: Numbers = ()


class Reveal(In, frozen=True, kw_only=True):
    """Why the numbers are needed in full, and for which ticket of this customer (agents have to name one)."""

    reason: Reason
    ticket: Key | None = None


class NumberMove(In, frozen=True, kw_only=True):
    """`version`: of the card that gets the number."""

    number: Key
    version: Version
    use: NumberUse = NumberUse.UNSAID


# --- duplicates ------------------------------------------------------------------------------------------------------


class PairOut(Out, frozen=True, kw_only=True):
    """Two cards that may be one customer: points up to 100, and what speaks for it."""

    score: int
    reasons: list[str]
    one: CustomerOut
    other: CustomerOut


class Pair(In, frozen=True, kw_only=True):
    one: CardId
    other: CardId


class MergeWish(In, frozen=True, kw_only=True):
    """`other` becomes part of the card of the path; `take`: fields whose value comes from it. Versions as read."""

    version: Version
    other: CardId
    other_version: Version
    take: Annotated[tuple[Key, ...], Meta(max_length=20)] = ()


class MergedOut(Out, frozen=True, kw_only=True):
    """The card that stays, and how many rows of each table moved to it."""

    customer: CustomerFull
    moved: dict[str, int]


# --- imports and exports ---------------------------------------------------------------------------------------------


class CellFaultOut(Out, frozen=True, kw_only=True):
    """`code`: what is wrong with the cell and so what to write; `value`: what it says."""

    column: str
    code: str
    value: str
    cell: str


class CellChangeOut(Out, frozen=True, kw_only=True):
    """A cell that is stored otherwise than it stands in the file; `code`: why; `cell`: where, such as B7."""

    column: str
    code: str
    before: str
    after: str
    cell: str


class StoredOut(Out, frozen=True, kw_only=True):
    """What will be stored of a row, under a heading of the template."""

    column: str
    value: str


class ImportRowOut(Out, frozen=True, kw_only=True):
    """A row of the preview; `existing`: the card that is here already; `stored`: nothing for a faulty one."""

    row: int
    name: str
    existing: str | None
    faults: list[CellFaultOut]
    changes: list[CellChangeOut]
    stored: list[StoredOut]


class ReadAsOut(Out, frozen=True, kw_only=True):
    """How the file was read. `certain`: no other encoding would do; `left`: sheets and rows that are not read."""

    form: str
    encoding: str
    certain: bool
    delimiter: str
    sheet: str
    left: list[str]


class ImportOut(Out, frozen=True, kw_only=True):
    """How far an import is. `token` null: the heading has faults and nothing was kept."""

    token: str | None
    file: str
    columns: list[str]
    unknown: list[str]
    how: ReadAsOut
    faults: list[CellFaultOut]
    ready: int = 0
    existing: int = 0
    faulty: int = 0
    written: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0
    rows: list[ImportRowOut]
    """The next 200: of those to know of, or as asked."""


class SheetQuery(In, frozen=True, kw_only=True):
    """`encoding`: of a text file, when what was found out is not right."""

    encoding: Literal["utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5"] | None = None


class ImportQuery(In, frozen=True, kw_only=True):
    """Rows behind this one. `show`: noted (faulty, changed, or here already), all, faulty."""

    after: Annotated[int, Meta(ge=0)] = 0
    show: Literal["all", "noted", "faulty"] = "noted"


class ImportWish(In, frozen=True, kw_only=True):
    """What happens with rows of customers who are here already. Ask until `ready` is 0."""

    on_existing: Literal["skip", "update"]


class TemplateQuery(In, frozen=True, kw_only=True):
    format: Literal["csv", "xlsx"] = "xlsx"
    language: Literal["zh", "en"] = "zh"


class ExportWish(In, frozen=True, kw_only=True):
    """Which cards, as what, and what for: that is in the audit trail."""

    format: Literal["csv", "xlsx"]
    reason: Reason
    q: ShortText | None = None
    kind: CustomerKind | None = None
    key: bool | None = None
    looked_after_by: Key | None = None


# --- privacy ---------------------------------------------------------------------------------------------------------


class AccessOut(Out, frozen=True, kw_only=True):
    """Somebody saw a card. `what`: opened, revealed, exported."""

    at: datetime
    by: str
    customer: str
    what: str
    ticket: str | None
    reason: str


class AccessQuery(Paging, frozen=True, kw_only=True):
    customer: CardId | None = None
    by: Key | None = None


class RemovalWish(In, frozen=True, kw_only=True):
    """`asked_by`: the person, or somebody for the person. `confirm`: the name on the card, typed."""

    version: Version
    asked_by: Literal["self", "agent"]
    reason: Reason
    confirm: Name


class RemovalOut(Out, frozen=True, kw_only=True):
    """The certificate of a removal; nothing in it says who it was. `counts`: rows by table."""

    id: str
    at: datetime
    by: str
    customer: str
    asked_by: str
    reason: str
    pseudonym: str
    counts: dict[str, int]
