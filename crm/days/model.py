"""Days of the calendar that people enter: a year's official notice, as published or as lines, single days (rules).
CPL-3.

A year whose notice has been entered is known as a whole: what the notice does not name is a working day or a weekend,
and nothing of that year is provisional any more (crm/regulation/calendar.py).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from config.values.hours import DayKind
from crm.days.notice import Notice, NoticeFault, is_prose, read_prose
from crm.errors import CrmError
from crm.regulation.calendar import look_up

WARNED_AHEAD: Final = timedelta(days=60)
"""So long before a year of which no notice is known somebody is told."""

Source = Literal["notice", "site"]
"""Of a year's official notice, or the site's own."""

KINDS: Final[Mapping[str, DayKind]] = {
    "holiday": "holiday",
    "放假": "holiday",
    "休": "holiday",
    "make_up": "make_up",
    "上班": "make_up",
    "调休": "make_up",
    "补班": "make_up",
    "班": "make_up",
}
"""What a line of a notice may call its days."""
_DAY = r"(?:(?P<year{0}>\d{{4}})\s*[-/.年]\s*)?(?:(?P<month{0}>\d{{1,2}})\s*[-/.月]\s*)?(?P<day{0}>\d{{1,2}})\s*日?"
_LINE = re.compile(
    rf"\s*{_DAY.format(1)}(?:\s*(?:\.\.|~|～|—|–|至|到| - )\s*{_DAY.format(2)})?[\s:：]*(?P<kind>\S+)\s*"
)
_ALWAYS: Final = ((1, 1), (5, 1), (10, 1))
"""Legal holidays of every notice: one without them is not whole."""


@dataclass(frozen=True)
class EnteredDay:
    """A day as somebody has entered it."""

    day: date
    kind: DayKind
    source: Source
    by: str
    at: datetime
    festival: str = ""
    notice: int | None = None
    """Of a notice's day: which festival it belongs to, and of which year the notice is."""


class BadNotice(CrmError, ValueError):
    """A notice that cannot be taken over; `faults` says of each line what is wrong with it."""

    def __init__(self, faults: list[NoticeFault]) -> None:
        super().__init__("; ".join(fault.en for fault in faults))
        self.faults = faults


class _BadLine(ValueError):
    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh = zh


def read_notice(text: str, year: int) -> Notice:
    """A notice as it is published, or as lines; its `faults` say what is not understood."""
    if is_prose(text):
        return read_prose(text, year)
    try:
        return Notice(days=_lines(text, year))
    except BadNotice as exc:
        return Notice(faults=exc.faults)


def sound_notice(text: str, year: int) -> Notice:
    """A notice all of which is understood. Raises BadNotice."""
    notice = read_notice(text, year)
    if notice.faults:
        raise BadNotice(notice.faults)
    return notice


def with_earlier(notice: Notice, year: int, rows: Iterable[EnteredDay]) -> Notice:
    """All that is known of a year by its notices once this one counts: one that speaks of some festivals replaces
    these alone. Raises BadNotice when nobody can say which days these were."""
    if notice.whole:
        return notice
    earlier = [row for row in rows if row.source == "notice" and (row.notice or row.day.year) == year]
    named = {name for festivals in notice.festivals.values() for name in festivals.split("、")}
    kept = [row for row in earlier if not named & set(row.festival.split("、"))]
    gone = {name for row in earlier for name in row.festival.split("、") if named & set(row.festival.split("、"))}
    if any(not row.festival for row in earlier):
        raise BadNotice(
            [
                NoticeFault(
                    f"the days of {year} were entered without their festivals: enter the whole notice, with the change",
                    f"{year} 年此前录入的日期没有写明节日，请录入更正后的完整通知",
                )
            ]
        )
    if beside := sorted(gone - named):
        raise BadNotice(
            [
                NoticeFault(
                    f"{', '.join(sorted(named))} was entered together with {', '.join(beside)}: name them all",
                    f"{'、'.join(sorted(named))}此前与{'、'.join(beside)}一并录入，请一并写明",
                )
            ]
        )
    days = {row.day: row.kind for row in kept} | notice.days
    festivals = {row.day: row.festival for row in kept} | notice.festivals
    return Notice(days=days, festivals=festivals, left=notice.left, whole=False)


def known_years(rows: Iterable[EnteredDay]) -> set[int]:
    """The years of which a whole notice is known: days of one festival, or of the next year's, make none."""
    free = {row.day for row in rows if row.source == "notice" and row.kind == "holiday"}
    return {day.year for day in free if all(date(day.year, *each) in free for each in _ALWAYS)}


def _lines(text: str, year: int) -> dict[date, DayKind]:
    """`2027-02-20 make_up`, `2027-02-05..2027-02-11 holiday`, `2月5日至11日 放假`.

    Raises BadNotice with a fault for every line that is none, names another year, or works on a weekday.
    """
    found: dict[date, DayKind] = {}
    faults: list[NoticeFault] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not (written := line.partition("#")[0].strip()):
            continue
        try:
            days, kind = _line(written, year)
            for day in days:
                if found.setdefault(day, kind) != kind:
                    raise _BadLine(f"{day} is {found[day]} already", f"{day} 已写作 {found[day]}")
        except _BadLine as exc:
            faults.append(NoticeFault(f"line {number}: {exc}", f"第 {number} 行：{exc.zh}"))
    missing = [day for month, number in _ALWAYS if found.get(day := date(year, month, number)) != "holiday"]
    if missing and not faults:
        named = ", ".join(map(str, missing))
        faults.append(
            NoticeFault(f"the notice is not whole: {named} are holidays, too", f"通知不完整，缺少放假日 {named}")
        )
    if faults:
        raise BadNotice(faults)
    return found


def overlaid(site: Mapping[date, DayKind], entered: Iterable[EnteredDay]) -> dict[date, DayKind]:
    """What goes before the built-in calendar: entered days, then those of the site's files, then known years' rest."""
    rows = sorted(entered, key=lambda row: row.source)  # the site's own day goes before the notice's
    years = known_years(rows)
    ordinary: dict[date, DayKind] = {
        day: "weekend" if day.weekday() >= 5 else "working" for year in sorted(years) for day in days_of(year)
    }
    return ordinary | dict(site) | {row.day: row.kind for row in rows}


def is_known(year: int, special_days: Mapping[date, DayKind]) -> bool:
    """Whether no day of that year is provisional."""
    return not any(look_up(day, special_days).provisional for day in days_of(year))


def unknown_year(today: date, special_days: Mapping[date, DayKind]) -> int | None:
    """The year that is near or here and whose notice is still to be entered; None when all is known."""
    near = sorted({today.year, (today + WARNED_AHEAD).year})
    return next((year for year in near if not is_known(year, special_days)), None)


def first_change(before: Mapping[date, DayKind], after: Mapping[date, DayKind]) -> date | None:
    """The first day that is of another kind, or surer, than before."""
    return min((day for day in {*before, *after} if look_up(day, before) != look_up(day, after)), default=None)


def days_of(year: int) -> Iterator[date]:
    """Every day of a year."""
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def _line(written: str, year: int) -> tuple[list[date], DayKind]:
    match = _LINE.fullmatch(written)
    if match is None or not match["month1"] or match["kind"].lower() not in KINDS:
        examples = f"{year}-02-20 make_up, {year}-02-05..{year}-02-11 holiday, 2月5日至11日 放假"
        raise _BadLine(f"{written!r} is not understood, write: {examples}", f"“{written}”看不懂，请写：{examples}")
    first = _date(match, 1, year, int(match["month1"]))
    last = _date(match, 2, year, first.month) if match["day2"] else first
    if last < first or first.year != year or last.year != year:
        raise _BadLine(f"dates in order, within {year}", f"日期应在 {year} 年内，先后有序")
    kind = KINDS[match["kind"].lower()]
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    if kind == "make_up" and any(day.weekday() < 5 for day in days):
        raise _BadLine(f"{written!r}: a make-up day is a Saturday or Sunday", f"“{written}”：调休上班日应是周六或周日")
    return days, kind


def _date(match: re.Match[str], place: int, year: int, month: int) -> date:
    parts = int(match[f"year{place}"] or year), int(match[f"month{place}"] or month), int(match[f"day{place}"])
    try:
        return date(*parts)
    except ValueError as exc:
        named = "-".join(map(str, parts))
        raise _BadLine(f"there is no day {named}", f"没有 {named} 这一天") from exc
