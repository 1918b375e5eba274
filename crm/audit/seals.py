"""Seals of the audit trail: each row is sealed together with the seal before it, with a key that the store never has
(rules). ACC-5.

A row that was changed, taken out, put in or moved breaks the chain at its place; without the key nobody can make a
seal that fits, nor seal a day anew. The chain runs through all days in the order of writing. Rows from before there was
a key have a plain seal, chained within their day; they count only up to the row that was noted when the key came.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

import msgspec

GENESIS: Final = ""
"""What stands in place of a seal before the very first row."""
KEY_BYTES: Final = 32


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """One act. `day`: local date, `serial`: from 1 within it; `details`: JSON text, empty for none."""

    day: str
    serial: int
    at: datetime
    by: str
    action: str
    subject: str
    details: str


class Sealed(NamedTuple):
    """A row with the seal that the store has for it; `id` grows with the time of writing."""

    id: int
    row: AuditRow
    seal: str

    @property
    def place(self) -> "Place":
        """Where it stands, and its seal."""
        return Place(self.row.day, self.row.serial, self.seal)


class Place(NamedTuple):
    """A row by its place, with its seal: all that is noted outside the store to know it again."""

    day: str
    serial: int
    seal: str


def plain_seal(row: AuditRow, before: str) -> str:
    """SHA-256 over the row and the seal before it, as 64 hexadecimal digits: the kind that needs no key."""
    return hashlib.sha256(_told(row, before)).hexdigest()


def first_seal(day: str) -> str:
    """What the first row of a day is plainly sealed with in place of a seal before it."""
    return hashlib.sha256(f"sanxiang audit {day}".encode()).hexdigest()


def _told(row: AuditRow, *before: str) -> bytes:
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    return msgspec.json.encode([*before, row.day, row.serial, at, row.by, row.action, row.subject, row.details])


@dataclass(frozen=True, kw_only=True)
class Key:
    """A secret and the id by which seals name it; the id follows from the secret and tells nothing of it."""

    id: str
    secret: bytes

    @classmethod
    def of(cls, secret: bytes) -> "Key":
        """Raises ValueError for a secret that is too short to be one."""
        if len(secret) < KEY_BYTES:
            raise ValueError(f"a key of the audit trail has at least {KEY_BYTES} bytes, this one {len(secret)}")
        return cls(id=hashlib.sha256(b"sanxiang audit key\0" + secret).hexdigest()[:12], secret=secret)

    def mac(self, told: bytes) -> str:
        """`<key id>:<HMAC-SHA-256>`."""
        return f"{self.id}:{hmac.new(self.secret, told, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True)
class Keys:
    """All keys there have been, so that a key can be changed; the last one seals. Without any, seals are plain."""

    by_id: Mapping[str, Key]

    @classmethod
    def of(cls, *secrets: bytes) -> "Keys":
        """Raises ValueError for a secret that is too short."""
        return cls({key.id: key for key in map(Key.of, secrets)})

    @property
    def newest(self) -> Key | None:
        """What seals now."""
        return next(reversed(list(self.by_id.values())), None)

    def seal(self, row: AuditRow, before: str) -> str:
        """The seal of a row that is written now."""
        return self.newest.mac(_told(row, self.newest.id, before)) if self.newest else plain_seal(row, before)

    def knows(self, sealed: str) -> bool:
        """Whether the key of a seal, or of a note, is here."""
        return key_id(sealed) in self.by_id

    def seal_fits(self, row: AuditRow, before: str, sealed: str) -> bool:
        """Whether this is the seal of that row behind that seal. A seal whose key is not here fits nothing."""
        if not is_keyed(sealed):
            return hmac.compare_digest(plain_seal(row, before), sealed)
        key = self.by_id.get(key_id(sealed))
        return key is not None and hmac.compare_digest(key.mac(_told(row, key.id, before)), sealed)

    def sign(self, told: bytes) -> str:
        """For what is noted outside the store; empty without a key."""
        return self.newest.mac(b"note\0" + told) if self.newest else ""

    def signed(self, told: bytes, sign: str) -> bool:
        """Whether that note was made with one of these keys."""
        key = self.by_id.get(key_id(sign))
        return key is not None and hmac.compare_digest(key.mac(b"note\0" + told), sign)


def is_keyed(seal: str) -> bool:
    """Whether a seal was made with a key."""
    return ":" in seal


def key_id(seal: str) -> str:
    """Of a keyed seal; empty for a plain one."""
    return seal.partition(":")[0] if is_keyed(seal) else ""


class Outside(Protocol):
    """What a writer of the trail has beside the store: the keys, and the last row that it knows of."""

    @property
    def keys(self) -> Keys: ...

    @property
    def last(self) -> Place | None:
        """The last row that is known to have been written; None when there has been none."""
        ...

    def note(self, place: Place) -> None:
        """This row is in the store for good."""
        ...


class NothingOutside:
    """For stores that stand alone: seals are plain, nothing is remembered."""

    keys = Keys({})
    last = None

    def note(self, place: Place) -> None:
        """Nobody asks for it."""
