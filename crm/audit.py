"""The audit trail's seal: each row is sealed together with the seal before it, day by day (rules). CUS-4.

A row that was changed, taken out, put in or moved breaks the chain at its place. Not in the chain: what was cut off the
end of a day; the heads of past days, kept elsewhere, show that.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

import msgspec


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


def first_seal(day: str) -> str:
    """What the first row of a day is sealed with in place of a seal before it."""
    return hashlib.sha256(f"sanxiang audit {day}".encode()).hexdigest()


def seal(row: AuditRow, before: str) -> str:
    """SHA-256 over the row and the seal before it, as 64 hexadecimal digits."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [before, row.day, row.serial, at, row.by, row.action, row.subject, row.details]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


class Sealed(NamedTuple):
    """A row with the seal that the store has for it; `id` grows with the time of writing."""

    id: int
    row: AuditRow
    seal: str


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


def verify(trail: Iterable[Sealed], heads: Mapping[str, Head]) -> Iterator[Broken]:
    """Every broken place of a trail that comes by day and serial. `heads`: of the days that are to be there."""
    seen = set()
    for day, rows in groupby(trail, key=lambda each: each.row.day):
        seen.add(day)
        yield from _verify_day(day, rows, heads.get(day))
    for day in sorted(heads.keys() - seen):
        yield Broken(day, 0, f"the whole day is missing; it had {heads[day].rows} rows")


def _verify_day(day: str, rows: Iterable[Sealed], head: Head | None) -> Iterator[Broken]:
    """After a broken place the chain is taken up from the seal that is there, so that each is told once."""
    before, wanted, last_id = first_seal(day), 1, 0
    for each in rows:
        serial = each.row.serial
        if serial > wanted:
            yield Broken(day, wanted, f"rows {wanted} to {serial - 1} are missing")
        elif serial < wanted:
            yield Broken(day, serial, "a row with this place was put in")
        elif seal(each.row, before) != each.seal:
            yield Broken(
                day, serial, "this row, or the seal before it, is not what was written: changed, put in or moved"
            )
        if each.id < last_id:
            yield Broken(day, serial, "this row was written before the one in front of it: moved")
        before, wanted, last_id = each.seal, max(wanted, serial) + 1, each.id
    yield from _verify_end(day, wanted - 1, before, head)


def _verify_end(day: str, rows: int, last: str, head: Head | None) -> Iterator[Broken]:
    if head is None:
        return
    if rows < head.rows:
        yield Broken(day, rows + 1, f"rows {rows + 1} to {head.rows} are cut off the end of the day")
    elif rows > head.rows:
        yield Broken(day, head.rows + 1, "rows were added after the day was closed")
    elif last != head.seal:
        yield Broken(day, rows, "the day does not end with the seal that was noted")


def head_line(day: str, head: Head) -> str:
    """One line of the file of heads."""
    return f"{day} {head.rows} {head.seal}\n"


def read_heads(lines: Iterable[str]) -> dict[str, Head]:
    """The inverse of `head_line` over a file. Raises ValueError for a line that is none, and for a day that is noted
    twice and differently."""
    heads: dict[str, Head] = {}
    for count, line in enumerate(lines, start=1):
        parts = line.split()
        if len(parts) != 3 or not parts[1].isdecimal() or len(parts[2]) != 64:
            raise ValueError(f"line {count} of the heads is not one: {line.strip()!r}")
        head = Head(int(parts[1]), parts[2])
        if heads.setdefault(parts[0], head) != head:
            raise ValueError(f"line {count} of the heads contradicts an earlier one of {parts[0]}")
    return heads
