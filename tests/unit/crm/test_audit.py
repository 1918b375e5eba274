"""The verifier names the row that is not what was written, and only that one. CUS-4"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crm.audit import AuditRow, Broken, Head, Sealed, first_seal, head_line, read_heads, seal, verify

DAY = "2026-11-22"
START = datetime(2026, 11, 22, 1, tzinfo=UTC)


def trail(rows: int, day: str = DAY, first_id: int = 1) -> list[Sealed]:
    made, before = [], first_seal(day)
    for serial in range(1, rows + 1):
        at = START + timedelta(seconds=serial)
        row = AuditRow(
            day=day, serial=serial, at=at, by="8001", action="changed", subject=f"ticket {serial}", details=""
        )
        before = seal(row, before)
        made.append(Sealed(first_id + serial - 1, row, before))
    return made


def found(rows: list[Sealed], heads: dict[str, Head] | None = None) -> list[tuple[int, str]]:
    return [(each.serial, each.what) for each in verify(rows, heads or {})]


@pytest.mark.req("CUS-4")
def test_a_trail_as_it_was_written_has_no_broken_place() -> None:
    rows = trail(50) + trail(20, "2026-11-23", 51)
    assert found(rows, {DAY: Head(50, rows[49].seal), "2026-11-23": Head(20, rows[-1].seal)}) == []


@pytest.mark.req("CUS-4")
@pytest.mark.parametrize("field", ["by", "action", "subject", "details"])
def test_a_changed_word_is_told_at_its_row_once(field: str) -> None:
    rows = trail(50)
    rows[19] = rows[19]._replace(row=replace(rows[19].row, **{field: "x"}))
    assert [serial for serial, _ in found(rows)] == [20]


def test_a_changed_row_with_a_new_seal_breaks_the_next_one() -> None:
    rows = trail(50)
    changed = replace(rows[19].row, by="8002")
    rows[19] = Sealed(20, changed, seal(changed, rows[18].seal))
    assert [serial for serial, _ in found(rows)] == [21]


@pytest.mark.req("CUS-4")
def test_a_row_taken_out_is_told_by_its_place() -> None:
    rows = trail(50)
    del rows[9:12]
    assert found(rows)[0] == (10, "rows 10 to 12 are missing")


@pytest.mark.req("CUS-4")
def test_a_row_put_in_and_rows_exchanged_are_told() -> None:
    rows = trail(50)
    rows.insert(10, rows[9])
    assert (10, "a row with this place was put in") in found(rows)
    rows = trail(50)
    one, other = rows[29], rows[30]
    rows[29] = Sealed(one.id, replace(other.row, serial=30), other.seal)
    rows[30] = Sealed(other.id, replace(one.row, serial=31), one.seal)
    assert [serial for serial, _ in found(rows)][:2] == [30, 31]


@pytest.mark.req("CUS-4")
def test_what_was_cut_off_the_end_shows_by_the_head_of_the_day() -> None:
    rows = trail(50)
    head = Head(50, rows[-1].seal)
    assert found(rows[:40]) == [], "without a head nobody can know"
    assert found(rows[:40], {DAY: head}) == [(41, "rows 41 to 50 are cut off the end of the day")]
    assert found([], {DAY: head}) == [(0, "the whole day is missing; it had 50 rows")]
    assert found(trail(51), {DAY: head}) == [(51, "rows were added after the day was closed")]
    other = [each._replace(seal="0" * 64) if each is rows[-1] else each for each in rows]
    assert len(found(other, {DAY: head})) == 2


def test_heads_are_read_as_they_were_written_and_contradictions_are_said() -> None:
    line = head_line(DAY, Head(7, "a" * 64))
    assert read_heads([line, line]) == {DAY: Head(7, "a" * 64)}
    with pytest.raises(ValueError, match=r"line 2 .* contradicts"):
        read_heads([line, head_line(DAY, Head(8, "a" * 64))])
    with pytest.raises(ValueError, match="line 1"):
        read_heads(["nonsense"])
    assert str(Broken(DAY, 0, "gone")) == f"{DAY} -: gone"
