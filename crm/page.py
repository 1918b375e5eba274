"""One page of a list and the cursor to the next: how every list of crm answers. Not SQL: see crm/db/base/paging.py."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """`next` goes into `after` of the following request; None means that this page is the last."""

    items: tuple[T, ...]
    next: str | None = None
