"""The verifier of the audit trail: names every place that is not what was written (rules). ACC-5, CUS-4."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from crm.audit.heads import Broken, Head, Known
from crm.audit.seals import GENESIS, Keys, Place, Sealed, first_seal, is_keyed, key_id

_CHANGED = "this row, or the seal before it, is not what was written: changed, put in or moved"


@dataclass
class _Day:
    """How far a day has been read. `noted`: its row at the place of its head has been seen as it was noted."""

    seal: str
    wanted: int = 1
    noted: bool = False


@dataclass
class Verifier:
    """Takes the trail's rows in the order of writing, all of them, in as many parts as one likes; then `end`.

    After a broken place the chain is taken up from the seal that is there, so that each is told once.
    """

    known: Known
    keys: Keys
    rows: int = 0
    _days: dict[str, _Day] = field(default_factory=dict)
    _before: str = GENESIS
    _keyed: bool = field(init=False)
    _seen: set[Place] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._keyed = self.known.keyed and self.known.unkeyed is None

    def read(self, trail: Iterable[Sealed]) -> Iterator[Broken]:
        """The broken places among these rows."""
        for each in trail:
            self.rows += 1
            yield from self._row(each)

    def end(self) -> Iterator[Broken]:
        """What was cut off, and days that did not end as noted."""
        for day, head in self.known.heads.items():
            yield from self._day_end(day, head)
        yield from self._trail_end()
        if self.known.unkeyed and self.known.unkeyed not in self._seen:
            yield Broken(*self.known.unkeyed[:2], "the last row before there was a key is not the one that was noted")

    def _row(self, each: Sealed) -> Iterator[Broken]:
        row, seal = each.row, each.seal
        day = self._days.setdefault(row.day, _Day(first_seal(row.day)))
        if row.serial > day.wanted:
            yield Broken(row.day, day.wanted, f"rows {day.wanted} to {row.serial - 1} are missing")
        elif row.serial < day.wanted:
            yield Broken(row.day, row.serial, "a row with this place was put in, or moved")
        else:
            yield from self._seal(each, day)
        self._pass(each, day)
        self._before = seal
        day.seal, day.wanted = seal, max(day.wanted, row.serial) + 1

    def _seal(self, each: Sealed, day: _Day) -> Iterator[Broken]:
        row, seal = each.row, each.seal
        if is_keyed(seal):
            if not self.keys.knows(seal):
                yield Broken(row.day, row.serial, f"this row is sealed with the key {key_id(seal)}, which is not here")
            elif not self.keys.seal_fits(row, self._before, seal):
                yield Broken(row.day, row.serial, _CHANGED)
        elif self._keyed:
            yield Broken(row.day, row.serial, "this row was sealed without the key: sealed anew, or put in")
        elif not self.keys.seal_fits(row, day.seal, seal):
            yield Broken(row.day, row.serial, _CHANGED)

    def _pass(self, each: Sealed, day: _Day) -> None:
        """Remembers what the end asks for."""
        known, place = self.known, each.place
        if is_keyed(each.seal) or place == known.unkeyed:
            self._keyed = True
        if place in (known.last, known.unkeyed):
            self._seen.add(place)
        head = known.heads.get(place.day)
        if head == (place.serial, place.seal):
            day.noted = True

    def _day_end(self, name: str, head: Head) -> Iterator[Broken]:
        day = self._days.get(name)
        if day is None:
            yield Broken(name, 0, f"the whole day is missing; it had {head.rows} rows")
            return
        rows = day.wanted - 1
        if rows < head.rows:
            yield Broken(name, rows + 1, f"rows {rows + 1} to {head.rows} are cut off the end of the day")
        elif rows > head.rows and not is_keyed(day.seal):
            yield Broken(name, head.rows + 1, "rows were added after the day was closed")
        elif not day.noted:
            yield Broken(name, head.rows, "the day does not end with the seal that was noted: sealed anew")

    def _trail_end(self) -> Iterator[Broken]:
        last = self.known.last
        if last is None or last in self._seen:
            return
        day = self._days.get(last.day)
        rows = day.wanted - 1 if day else 0
        if rows < last.serial:
            yield Broken(last.day, rows + 1, f"rows {rows + 1} to {last.serial} are cut off the end of the trail")
        else:
            yield Broken(last.day, last.serial, "this is not the row that was noted as the last: sealed anew")


def verify(trail: Iterable[Sealed], known: Known, keys: Keys) -> list[Broken]:
    """Every broken place of a whole trail."""
    verifier = Verifier(known, keys)
    return sorted({*verifier.read(trail), *verifier.end()})
