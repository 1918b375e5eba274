"""What is noted of the audit trail outside the store: how each day ended, and which row was the last (rules). ACC-5.

Each note is signed with the key of the seals. Whoever has the store alone can cut rows off the end of the trail; these
notes show it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from crm.audit.seals import Keys, Place, is_keyed


class Head(NamedTuple):
    """How a day ended: so many rows, and the last one's seal."""

    rows: int
    seal: str


class Broken(NamedTuple):
    """A place where the trail is not what was written. `serial`: of the row; 0 for a whole day."""

    day: str
    serial: int
    what: str

    def __str__(self) -> str:
        return f"{self.day} {self.serial or '-'}: {self.what}"


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that is known from outside the store. `keyed`: since when there is a key is on record, and `unkeyed` was the
    last row before it (None: there was none). `last`: the last row written; None when nothing says."""

    heads: Mapping[str, Head] = field(default_factory=dict)
    keyed: bool = False
    unkeyed: Place | None = None
    last: Place | None = None


def head_line(day: str, head: Head, keys: Keys) -> str:
    """One line of the file of heads, with the sign behind it when there is a key."""
    told = f"{day} {head.rows} {head.seal}"
    sign = keys.sign(told.encode())
    return f"{told} {sign}\n" if sign else f"{told}\n"


def read_heads(lines: Iterable[str], keys: Keys) -> tuple[dict[str, Head], list[Broken]]:
    """The inverse of `head_line` over a file, and what in it was not written by us.

    Raises ValueError for a line that is none, and for a day that is noted twice and differently.
    """
    heads, forged = dict[str, Head](), list[Broken]()
    for count, line in enumerate(lines, start=1):
        parts = line.split()
        if len(parts) not in (3, 4) or not parts[1].isdecimal() or len(parts[2]) < 64:
            raise ValueError(f"line {count} of the heads is not one: {line.strip()!r}")
        day, head = parts[0], Head(int(parts[1]), parts[2])
        if len(parts) == 4 and not keys.signed(" ".join(parts[:3]).encode(), parts[3]):
            forged.append(Broken(day, 0, f"line {count} of the heads does not have the sign of a known key"))
        elif len(parts) == 3 and is_keyed(head.seal):
            forged.append(Broken(day, 0, f"line {count} of the heads has no sign"))
        elif heads.setdefault(day, head) != head:
            raise ValueError(f"line {count} of the heads contradicts an earlier one of {day}")
    return heads, forged


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """The file of the running head: which row was the last before there was a key, and which is the last now."""

    unkeyed: Place | None
    last: Place | None
    sign: str = ""

    def told(self) -> bytes:
        """What is signed."""
        return msgspec.json.encode([self.unkeyed, self.last])


def note_text(unkeyed: Place | None, last: Place | None, keys: Keys) -> bytes:
    """The running head as it is written down."""
    note = Note(unkeyed=unkeyed, last=last)
    return msgspec.json.encode(msgspec.structs.replace(note, sign=keys.sign(note.told()))) + b"\n"


def read_note(text: bytes, keys: Keys) -> Note:
    """Raises ValueError for a note that was not made with one of the keys."""
    try:
        note = msgspec.json.decode(text, type=Note)
    except msgspec.DecodeError as exc:
        raise ValueError(f"the note of the trail's last row cannot be read: {exc}") from exc
    if not keys.signed(note.told(), note.sign):
        raise ValueError("the note of the trail's last row does not have the sign of a known key")
    return note
