"""What reaches us by other ways than the telephone: what is known of it when it comes, and the files it brings. Rules.

TKT-1, TKT-3. A contact is never refused because a number looks odd (design D11): it is kept as it was given.
"""

import re
from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from crm.tickets.model import MAX_LENGTHS, Severity, TicketKind

Channel = Literal["web", "email", "letter", "suggestion_box", "on_site", "media", "referral_12315"]
"""网站 邮件 来信 意见箱 来访 媒体 12315转办."""
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
BY_HAND: Final[frozenset[Channel]] = frozenset({"letter", "suggestion_box", "on_site", "media", "referral_12315"})
"""Those that a person registers; the others come in by themselves."""

LONGEST: Final = MAX_LENGTHS | {"email": 254, "address": 300, "reference": 100}
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EMAIL: Final = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,255}")


class FileKept(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file that came along. `id` is its name on our disk, made by us; `name` is what its sender called it."""

    id: str
    name: str
    media: str
    size: int
    """Bytes."""
    sha256: str


class Opening(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a ticket from another channel begins with.

    `key`: where it comes from, so that the same letter never becomes two tickets; `department`, `level` and
    `restricted` follow from the category as the site had it at that moment (LNE-6).
    """

    received_at: datetime
    kind: TicketKind | None = None
    severity: Severity = Severity.NORMAL
    category: str | None = None
    department: str | None = None
    level: str | None = None
    restricted: bool = False
    matter: str = ""
    wish: str = ""
    contact_name: str = ""
    form_of_address: str = ""
    contact_number: str = ""
    email: str = ""
    address: str = ""
    reference: str = ""
    """The number of a referral, the name of a newspaper."""
    by: str | None = None
    """Who registered it; None: it came in by itself."""
    key: str | None = None
    files: tuple[FileKept, ...] = ()
    told: tuple[str, ...] = ()
    """Colleagues who hear of it at once: it has to do with a restricted ticket of theirs."""

    def __post_init__(self) -> None:
        """Raises ValueError naming the field."""
        for name, longest in LONGEST.items():
            value = getattr(self, name, "")
            if isinstance(value, str) and len(value) > longest:
                raise ValueError(f"{name}: {len(value)} characters, at most {longest} are kept")
            if isinstance(value, str) and _CONTROLS.search(value):
                raise ValueError(f"{name}: contains control characters")


class Letter(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An e-mail that answers on a ticket there is. `key` as of an Opening."""

    received_at: datetime
    sender: str
    subject: str
    text: str
    key: str
    files: tuple[FileKept, ...] = ()


class IntakeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket of another channel has beside its form."""

    received_at: datetime
    recorded_by: str | None
    email: str
    address: str
    reference: str


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file on a ticket. `deleted_at`: retention has removed it."""

    id: str
    ticket: str
    name: str
    media: str
    size: int
    sha256: str
    at: datetime
    by: str | None
    deleted_at: datetime | None


def contact_of(text: str) -> tuple[str, str]:
    """A contact in one field, as (number, e-mail): what has an @ is an address, everything else a number."""
    stripped = " ".join(text.split())
    if _EMAIL.fullmatch(stripped):
        return "", stripped
    return stripped[: MAX_LENGTHS["contact_number"]], ""


def masked_email(address: str) -> str:
    """`w***@example.cn`: enough to tell two apart, too little to write to (CUS-4)."""
    name, at, host = address.partition("@")
    return f"{name[:1]}***{at}{host}" if address else ""
