"""The verifier names the row that is not what was written, and only that one. ACC-5, CUS-4"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crm.audit.heads import Broken, Head, Known, head_line, note_text, read_heads, read_note
from crm.audit.seals import GENESIS, AuditRow, Key, Keys, Place, Sealed, first_seal, plain_seal
from crm.audit.verify import verify

DAY = "2026-11-22"
NEXT = "2026-11-23"
START = datetime(2026, 11, 22, 1, tzinfo=UTC)
KEYS = Keys.of(b"k" * 32)
NO_KEYS = Keys({})


def act(day: str, serial: int) -> AuditRow:
    at = START + timedelta(seconds=serial)
    return AuditRow(day=day, serial=serial, at=at, by="8001", action="changed", subject=f"ticket {serial}", details="")


def plain(rows: int, day: str = DAY, first_id: int = 1) -> list[Sealed]:
    """A day from before there was a key."""
    made, before = [], first_seal(day)
    for serial in range(1, rows + 1):
        row = act(day, serial)
        before = plain_seal(row, before)
        made.append(Sealed(first_id + serial - 1, row, before))
    return made


def keyed(rows: int, day: str = DAY, behind: list[Sealed] | None = None, keys: Keys = KEYS) -> list[Sealed]:
    """A day sealed with a key, behind what has been."""
    behind = behind or []
    made, before = [], behind[-1].seal if behind else GENESIS
    for serial in range(1, rows + 1):
        row = act(day, serial)
        before = keys.seal(row, before)
        made.append(Sealed(len(behind) + serial, row, before))
    return made


def found(rows: list[Sealed], keys: Keys = KEYS, **known: object) -> list[tuple[int, str]]:
    return [(each.serial, each.what) for each in verify(rows, Known(**known), keys)]  # type: ignore[arg-type]


KINDS = pytest.mark.parametrize("trail", [plain, keyed])


@pytest.mark.req("CUS-4")
def test_a_trail_as_it_was_written_has_no_broken_place() -> None:
    old = plain(50)
    rows = old + keyed(20, NEXT, old)
    heads = {DAY: Head(50, old[-1].seal), NEXT: Head(20, rows[-1].seal)}
    assert found(rows, heads=heads, keyed=True, unkeyed=old[-1].place, last=rows[-1].place) == []


@pytest.mark.req("CUS-4")
@KINDS
@pytest.mark.parametrize("field", ["by", "action", "subject", "details"])
def test_a_changed_word_is_told_at_its_row_once(trail, field: str) -> None:
    rows = trail(50)
    rows[19] = rows[19]._replace(row=replace(rows[19].row, **{field: "x"}))
    assert [serial for serial, _ in found(rows)] == [20]


def test_a_changed_row_with_a_new_plain_seal_breaks_the_next_one() -> None:
    rows = plain(50)
    changed = replace(rows[19].row, by="8002")
    rows[19] = Sealed(20, changed, plain_seal(changed, rows[18].seal))
    assert [serial for serial, _ in found(rows)] == [21]


@pytest.mark.req("CUS-4")
@KINDS
def test_a_row_taken_out_is_told_by_its_place(trail) -> None:
    rows = trail(50)
    del rows[9:12]
    assert found(rows)[0] == (10, "rows 10 to 12 are missing")


@pytest.mark.req("CUS-4")
@KINDS
def test_a_row_put_in_and_rows_exchanged_are_told(trail) -> None:
    rows = trail(50)
    rows.insert(10, rows[9])
    assert (10, "a row with this place was put in, or moved") in found(rows)
    rows = trail(50)
    one, other = rows[29], rows[30]
    rows[29] = Sealed(one.id, replace(other.row, serial=30), other.seal)
    rows[30] = Sealed(other.id, replace(one.row, serial=31), one.seal)
    assert [serial for serial, _ in found(rows)][:2] == [30, 31]


@pytest.mark.req("ACC-5")
@pytest.mark.parametrize("way", ["last row changed", "rows deleted", "whole day"])
def test_whoever_seals_anew_without_the_key_is_found(way: str) -> None:
    """Last rows and whole days included: a plain seal counts only up to the row that was noted when the key came."""
    rows = keyed(40)
    last = rows[-1].place
    forged = plain(40) if way == "whole day" else plain(20)
    if way == "last row changed":
        changed = replace(rows[-1].row, by="8002")
        forged = [*rows[:-1], Sealed(40, changed, plain_seal(changed, rows[-2].seal))]
    assert found(forged, keyed=True, last=last), "with what is known outside"
    told = [what for _, what in found(forged, keyed=True)]
    assert told and all("sealed without the key" in what for what in told)
    other = Keys.of(b"o" * 32)
    assert all("which is not here" in what for _, what in found(keyed(3, keys=other), keyed=True))


@pytest.mark.req("ACC-5")
def test_days_exchanged_or_copied_are_found() -> None:
    first = keyed(10)
    second = keyed(10, NEXT, first)
    swapped = [
        *(Sealed(n, replace(each.row, day=DAY), each.seal) for n, each in enumerate(second, 1)),
        *(Sealed(n, replace(each.row, day=NEXT), each.seal) for n, each in enumerate(first, 11)),
    ]
    assert len(found(swapped, keyed=True)) == 20
    as_they_were = [*second, *first]
    assert found(as_they_were, keyed=True), "moved as a whole, each row untouched"
    copied = [*first, *(Sealed(n, replace(each.row, day=NEXT), each.seal) for n, each in enumerate(first, 11))]
    assert len(found(copied, keyed=True)) == 10
    assert found(second, keyed=True)[0][0] == 1, "a whole day taken out breaks the first row behind it"


@pytest.mark.req("ACC-5")
def test_a_key_that_was_changed_leaves_what_it_sealed_good() -> None:
    old = Keys.of(b"a" * 32)
    both = Keys.of(b"a" * 32, b"b" * 32)
    first = keyed(5, keys=old)
    rows = first + keyed(5, NEXT, first, both)
    assert found(rows, both, keyed=True) == []
    assert rows[-1].seal.startswith(Key.of(b"b" * 32).id + ":")
    with pytest.raises(ValueError, match="32 bytes"):
        Keys.of(b"short")


@pytest.mark.req("ACC-5")
def test_the_running_head_shows_what_was_cut_off_today() -> None:
    rows = keyed(50)
    assert found(rows[:40], keyed=True) == [], "without a note nobody can know"
    told = found(rows[:40], keyed=True, last=rows[-1].place)
    assert told == [(41, "rows 41 to 50 are cut off the end of the trail")]
    assert found(rows, keyed=True, last=rows[44].place) == [], "the note may be older than the trail"
    assert found([], keyed=True, last=rows[-1].place) == [(1, "rows 1 to 50 are cut off the end of the trail")]


@pytest.mark.req("ACC-5")
def test_rows_from_before_the_key_hold_up_to_the_noted_one() -> None:
    old = plain(10)
    rows = old + keyed(5, NEXT, old)
    known = {"keyed": True, "unkeyed": old[-1].place}
    assert found(rows, **known) == []
    anew = plain(9)
    assert {what for _, what in found(anew + keyed(5, NEXT, anew), **known)} == {
        "the last row before there was a key is not the one that was noted"
    }
    more = [*old, *(Sealed(10 + n, replace(act(NEXT, n)), "0" * 64) for n in (1, 2))]
    assert [what for _, what in found(more, **known)] == [
        "this row was sealed without the key: sealed anew, or put in"
    ] * 2


@pytest.mark.req("CUS-4")
def test_what_was_cut_off_the_end_shows_by_the_head_of_the_day() -> None:
    rows = plain(50)
    head = Head(50, rows[-1].seal)
    assert found(rows[:40]) == [], "without a head nobody can know"
    assert found(rows[:40], heads={DAY: head}) == [(41, "rows 41 to 50 are cut off the end of the day")]
    assert found([], heads={DAY: head}) == [(0, "the whole day is missing; it had 50 rows")]
    assert found(plain(51), heads={DAY: head}) == [(51, "rows were added after the day was closed")]
    other = [each._replace(seal="0" * 64) if each is rows[-1] else each for each in rows]
    assert len(found(other, heads={DAY: head})) == 2
    more = keyed(51)
    assert found(more, heads={DAY: Head(50, more[49].seal)}) == [], "a clock that was set back added one of ours"


def test_heads_are_read_as_they_were_written_and_contradictions_are_said() -> None:
    head = Head(7, "a" * 64)
    line = head_line(DAY, head, NO_KEYS)
    assert read_heads([line, line], KEYS) == ({DAY: head}, [])
    with pytest.raises(ValueError, match=r"line 2 .* contradicts"):
        read_heads([line, head_line(DAY, Head(8, "a" * 64), NO_KEYS)], KEYS)
    with pytest.raises(ValueError, match="line 1"):
        read_heads(["nonsense"], KEYS)
    assert str(Broken(DAY, 0, "gone")) == f"{DAY} -: gone"


@pytest.mark.req("ACC-5")
def test_notes_outside_are_signed() -> None:
    head = Head(7, keyed(7)[-1].seal)
    line = head_line(DAY, head, KEYS)
    assert read_heads([line], KEYS) == ({DAY: head}, [])
    assert read_heads([line.replace(" 7 ", " 6 ")], KEYS)[1] == [
        Broken(DAY, 0, "line 1 of the heads does not have the sign of a known key")
    ]
    assert read_heads([line.rpartition(" ")[0]], KEYS)[1] == [Broken(DAY, 0, "line 1 of the heads has no sign")]
    last = Place(DAY, 7, head.seal)
    text = note_text(None, last, KEYS)
    assert read_note(text + b"   ", KEYS).last == last
    with pytest.raises(ValueError, match="sign of a known key"):
        read_note(text.replace(b",7,", b",6,"), KEYS)
    with pytest.raises(ValueError, match="cannot be read"):
        read_note(b"", KEYS)
