"""The customer's card (CUS-1) as rows, and what a card of each kind says. Rules; no SQL; notation is in numbers.py."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from config.numbering import NumberKind


class CustomerKind(StrEnum):
    """`merchant`: 商户, with a shop in the house (CPL-10)."""

    PERSON = "person"
    ORGANISATION = "organisation"
    MERCHANT = "merchant"


class NumberUse(StrEnum):
    """What the customer uses a number for; what kind of number it is shows in itself."""

    UNSAID = ""
    MOBILE = "mobile"
    HOME = "home"
    WORK = "work"
    SHOP = "shop"
    OTHER = "other"


class CustomerNumber(msgspec.Struct, frozen=True, kw_only=True):
    """One of a customer's numbers; the first is the preferred one. When a card is saved only `raw`, `use` and
    `extension` are read: the store works out the rest."""

    raw: str
    normalised: str = ""
    kind: NumberKind = NumberKind.UNKNOWN
    place: str | None = None
    use: str = ""
    extension: str = ""


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's card. `id` and `version` are 0 for one that was never saved."""

    id: int = 0
    version: int = 0
    kind: CustomerKind = CustomerKind.PERSON
    name: str
    form_of_address: str = ""
    employer: str = ""
    post: str = ""
    shop_name: str = ""
    unit: str = ""
    floor: str = ""
    contact_person: str = ""
    """Of an organisation; of a merchant: who signed the contract."""
    address: str = ""
    notes: str = ""
    key_customer: bool = False
    looked_after_by: str | None = None
    """The colleague who looks after a key customer."""
    do_not_call: bool = False
    """Asked not to be rung (FUP-6)."""
    numbers: tuple[CustomerNumber, ...] = ()
    updated_at: datetime | None = None
    merged_into: int | None = None
    """The card that this one became part of; then it says nothing of its own any more."""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """How often there was contact by telephone: `in_…` they called, `out_…` we did, in so many days."""

    in_30: int = 0
    in_90: int = 0
    in_365: int = 0
    out_30: int = 0
    out_90: int = 0
    out_365: int = 0
    last_at: datetime | None = None


class CustomerChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a card. `customer_id`: the card it was made on, which may have been merged since."""

    at: datetime
    by: str | None
    customer_id: int
    field: str
    old: str | None
    new: str | None


FIELDS: Final = (
    "kind",
    "name",
    "form_of_address",
    "employer",
    "post",
    "shop_name",
    "unit",
    "floor",
    "contact_person",
    "address",
    "notes",
    "key_customer",
    "looked_after_by",
    "do_not_call",
)
"""What people write on a card, beside its numbers."""

OWN_FIELDS: Final[Mapping[CustomerKind, frozenset[str]]] = {
    CustomerKind.PERSON: frozenset({"form_of_address", "employer", "post"}),
    CustomerKind.ORGANISATION: frozenset({"contact_person", "post", "form_of_address"}),
    CustomerKind.MERCHANT: frozenset({"shop_name", "unit", "floor", "contact_person", "form_of_address"}),
}
_OF_SOME_KIND: Final = frozenset().union(*OWN_FIELDS.values())


def card_faults(card: Customer) -> dict[str, str]:
    """Field → what is wrong with it and what to write. Empty for a sound card."""
    found: dict[str, str] = {}
    if not card.name.strip():
        found["name"] = "is empty: write the name"
    for field in sorted(_OF_SOME_KIND - OWN_FIELDS[card.kind]):
        if getattr(card, field):
            found[field] = f"is no field of a card of kind {card.kind.value}: leave it empty, or change the kind"
    if card.kind is CustomerKind.MERCHANT and not card.shop_name.strip():
        found["shop_name"] = "is empty: a merchant has a shop, write its name"
    if card.looked_after_by and not card.key_customer:
        found["looked_after_by"] = "only a key customer is looked after: mark the card, or leave this empty"
    return found


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate of a removal: no name, no number. `asked_by`: self, agent (for the person), retention."""

    id: int
    at: datetime
    by: str
    customer_id: int
    asked_by: str
    reason: str
    pseudonym: str
    """What stands in tickets and calls where a number was."""
    counts: dict[str, int]
    """Rows that were changed or removed, by table."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody saw a card. `what`: opened, revealed, exported."""

    id: int
    at: datetime
    by: str
    customer_id: int
    what: str
    ticket: str | None
    reason: str


class CustomerFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cards. `search`: part of a name, shop, employer, or a whole number; `quiet_since`: no call since then."""

    search: str | None = None
    kind: str | None = None
    key: bool | None = None
    looked_after_by: str | None = None
    quiet_since: datetime | None = None


class MergePlan(msgspec.Struct, frozen=True, kw_only=True):
    """`stays` becomes the only card; `take`: the fields whose value comes from `goes`. Versions as they were read."""

    stays: int
    stays_version: int
    goes: int
    goes_version: int
    take: frozenset[str] = frozenset()
