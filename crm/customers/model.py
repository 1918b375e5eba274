"""The customer's card (CUS-1) as rows; no SQL, no rules of notation (those are in numbers.py)."""

from datetime import datetime

import msgspec

from crm.customers.numbers import NumberKind


class CustomerNumber(msgspec.Struct, frozen=True, kw_only=True):
    """One of a customer's numbers. Only `raw` is read when a card is saved: the store works out the rest."""

    raw: str
    normalised: str = ""
    kind: NumberKind = NumberKind.UNKNOWN
    place: str | None = None


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's card. `id` and `version` are 0 for one that was never saved."""

    id: int = 0
    version: int = 0
    name: str
    form_of_address: str = ""
    employer: str = ""
    post: str = ""
    address: str = ""
    notes: str = ""
    key_customer: bool = False
    do_not_call: bool = False
    """Asked not to be rung (FUP-6)."""
    numbers: tuple[CustomerNumber, ...] = ()
    updated_at: datetime | None = None
