"""What a workbook's cell holds, as the text that people see in it: numbers whole, dates as dates (rules). CUS-1."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element

_MOST_DIGITS: Final = 15
"""Of a number a spreadsheet keeps so many; it puts zeros in the place of the others."""
_DATE_FORMATS: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_NOT_OF_A_DATE: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.|General', re.IGNORECASE)
_DATE_SIGNS: Final = re.compile(r"[ymdhs]", re.IGNORECASE)


class Value(NamedTuple):
    """A cell as it stands (`held` None: nothing), and what it comes to: `text`, or `fault`. `reason`: why `text` is not
    `before`."""

    kind: str
    held: str | None
    formula: str | None = None
    style: int = 0
    text: str = ""
    fault: str = ""
    reason: str = ""
    before: str = ""


class Formats(NamedTuple):
    """Which styles show a number as a date, and from which day serials count."""

    dates: frozenset[int]
    since_1904: bool


def formats_of(elements: Iterable[Element], since_1904: bool) -> Formats:
    """The styles of a workbook, from its styles part."""
    codes: dict[int, str] = {}
    styles: list[int] = []
    for element in elements:
        match element.tag.rpartition("}")[2]:
            case "numFmt":
                codes[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
            case "cellXfs":
                styles = [int(each.get("numFmtId", "0")) for each in element]
    dates = {place for place, code in enumerate(styles) if code in _DATE_FORMATS or _is_date(codes.get(code, ""))}
    return Formats(frozenset(dates), since_1904)


def _is_date(code: str) -> bool:
    return bool(_DATE_SIGNS.search(_NOT_OF_A_DATE.sub("", code.partition(";")[0])))


def value_of(cell: Value, formats: Formats, *, recalculated: bool) -> Value:
    """A cell with what it comes to. `recalculated`: the file says that its formulas are still to be calculated."""
    held = cell.held
    if cell.formula is not None:
        unknown = held is None or (not held and cell.kind != "str") or (recalculated and held == "0")
        if unknown:
            return cell._replace(fault="no_value", before=f"={cell.formula}")
    if held is None:
        return cell if cell.kind != "e" else cell._replace(fault="error_cell", before="")
    match cell.kind:
        case "e":
            return cell._replace(fault="error_cell", before=held)
        case "b":
            return cell._replace(text="是" if held in ("1", "true") else "否", reason="yes_no", before=held)
        case "d":
            return cell._replace(text=_shown(datetime.fromisoformat(held.rstrip("Z"))), reason="date", before=held)
        case "n":
            found = _of_number(cell._replace(before=held), formats)
        case _:
            found = cell._replace(text=held)
    if found.formula is not None and not found.fault and not found.reason:
        return found._replace(reason="computed", before=f"={found.formula}")
    return found


def _of_number(cell: Value, formats: Formats) -> Value:
    held = (cell.held or "").strip()
    if not held:
        return cell
    try:
        number = Decimal(held)
    except InvalidOperation:
        return cell._replace(fault="bad_value")
    if not number.is_finite() or abs(number.adjusted()) > 300:
        return cell._replace(fault="bad_value")
    if cell.style in formats.dates:
        return _of_date(cell, number, formats.since_1904)
    if number != number.to_integral_value():
        return cell._replace(text=held)
    if number.adjusted() >= _MOST_DIGITS:
        return cell._replace(fault="rounded")
    text = str(int(number))
    return cell._replace(text=text, reason="" if text == held else "number")


def _of_date(cell: Value, serial: Decimal, since_1904: bool) -> Value:
    """Day 60 of the usual count is 29 February 1900, which never was."""
    if not 0 <= serial < 2_958_466 or (not since_1904 and 60 <= serial < 61):
        return cell._replace(fault="bad_date")
    first = (1904, 1, 1) if since_1904 else (1899, 12, 31) if serial < 60 else (1899, 12, 30)
    at = datetime(*first, tzinfo=UTC) + timedelta(seconds=round(float(serial) * 86_400))
    text = f"{at:%H:%M}" if serial < 1 else _shown(at)
    return cell._replace(text=text, reason="date")


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute, at.second) == (0, 0, 0) else f"{at:%Y-%m-%d %H:%M}"
