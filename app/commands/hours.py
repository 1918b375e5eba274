"""`sanxiang hours`: whether a line is open at a moment, and why, in words and as JSON (design §5, TEL-6). Rules.

The rules are in routing/waiting/hours.py, the days in crm/regulation/calendar.py; this joins them and says it in
Chinese and English.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from config.schema import DayKind, Line, Site
from config.values.fields import END_OF_DAY, Period, Weekday, did_you_mean
from config.words import two_lines
from crm.days.words import KINDS
from crm.regulation.calendar import CalendarDay, day_kind, look_up
from routing.waiting.hours import Basis, Opening, Why, next_closing, next_opening, opening

YEARS = range(1970, 2200)
"""Of which years a question is answered."""

_DAYS: dict[Weekday, tuple[str, str]] = {
    "mon": ("星期一", "Monday"),
    "tue": ("星期二", "Tuesday"),
    "wed": ("星期三", "Wednesday"),
    "thu": ("星期四", "Thursday"),
    "fri": ("星期五", "Friday"),
    "sat": ("星期六", "Saturday"),
    "sun": ("星期日", "Sunday"),
}


@dataclass(frozen=True)
class HoursAnswer:
    """Open or not, and why. Moments are local to the site."""

    line: Line
    at: datetime
    day: CalendarDay
    opening: Opening
    opens_at: datetime | None
    """When it opens next; None when it is open, or not within a year."""
    closes_at: datetime | None
    """When it closes; None when it is closed, or stays open."""
    provisional: bool
    """The day, or the day of the next opening, lies beyond the official calendar."""

    def lines(self) -> list[str]:
        """For people: each sentence in Chinese, then in English."""
        chinese, english = _words(self, 0), _words(self, 1)
        return ["".join(chinese), " ".join(english)]

    def as_dict(self) -> dict[str, object]:
        """For machines."""
        return {
            "line": self.line.dnis,
            "kind": self.line.kind,
            "title": self.line.title,
            "at": self.at.isoformat(),
            "time_zone": str(self.at.tzinfo),
            "open": self.opening.open,
            "why": self.opening.why.value,
            "basis": self.opening.basis.value,
            "hours_of": self.opening.hours_of,
            "periods": [_period(period) for period in self.opening.periods],
            "day": self.day.kind,
            "festival": self.day.festival[0] if self.day.festival else None,
            "calendar": self.day.source,
            "provisional": self.provisional,
            "opens_at": self.opens_at.isoformat() if self.opens_at else None,
            "closes_at": self.closes_at.isoformat() if self.closes_at else None,
            "zh": self.lines()[0],
            "en": self.lines()[1],
        }


def ask(site: Site, line: Line, at: datetime) -> HoursAnswer:
    """The answer for a line at a moment in the site's zone."""

    def kind_of(day: date) -> DayKind:
        return day_kind(day, site.special_days)

    now = opening(line.hours, at, kind_of(at.date()))
    opens_at = None if now.open else next_opening(line.hours, at, kind_of)
    closes_at = next_closing(line.hours, at, kind_of) if now.open else None
    day = look_up(at.date(), site.special_days)
    depends_on = [day] if opens_at is None else [day, look_up(opens_at.date(), site.special_days)]
    return HoursAnswer(line, at, day, now, opens_at, closes_at, any(each.provisional for each in depends_on))


def find_line(site: Site, name: str) -> Line:
    """By number, kind (aid, hotline, supervision) or title. Raises ValueError that says what to write instead."""
    found = [line for line in site.lines if name in (line.dnis, line.kind, line.title, line.title_en)]
    if len(found) == 1:
        return found[0]
    known = "; ".join(f"{line.dnis} {line.kind} {line.title}" for line in found or site.lines)
    if found:
        raise ValueError(
            two_lines(f"有多条线路符合 {name!r}，请写号码", f"several lines are called so, write the number: {known}")
        )
    words = [word for line in site.lines for word in (line.dnis, line.kind, line.title, line.title_en)]
    guess = did_you_mean(name, words)
    raise ValueError(two_lines(f"没有线路 {name!r}，现有：{known}", f"no line {name!r}{guess}; there are: {known}"))


def moment(text: str | None, zone: ZoneInfo, now: datetime, option: str = "--at") -> datetime:
    """What an option says, in the site's zone; without it, now. Raises ValueError that says what to write instead."""
    if text is None:
        return now.astimezone(zone)
    wanted = two_lines(
        f'{option} {text!r} 不是时间，请写：{option} "2026-10-10 09:00"',
        f'{option} {text!r} is no time, write: {option} "2026-10-10 09:00"',
    )
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(wanted) from None
    if len(text.strip()) <= len("2026-10-10"):
        raise ValueError(wanted)
    if parsed.year not in YEARS:
        raise ValueError(
            two_lines(
                f"{option} 的年份应在 {YEARS.start}–{YEARS.stop - 1} 之间",
                f"{option}: the year must lie between {YEARS.start} and {YEARS.stop - 1}",
            )
        )
    return parsed.replace(tzinfo=zone) if parsed.tzinfo is None else parsed.astimezone(zone)


def _words(answer: HoursAnswer, tongue: int) -> list[str]:
    """The sentences in one language: 0 Chinese, 1 English."""
    said = [_verdict(answer), _the_day(answer), _the_hours(answer), _the_change(answer)]
    if answer.provisional:
        said.append(
            (
                "（暂定：超出官方放假安排的已知年份，按周末和法定节假日推算，调休未计；"
                "请在“日历”页录入该年通知，或写入 site.yaml 的 special_days。）",
                "(Provisional: beyond the years whose official calendar is known; weekends and statutory days count, "
                "make-up days are missing: enter the notice on the page Calendar, or special_days in site.yaml.)",
            )
        )
    return [words[tongue] for words in said if words[tongue]]


def _verdict(answer: HoursAnswer) -> tuple[str, str]:
    line, is_open = answer.line, answer.opening.open
    return (
        f"{line.title}（{line.dnis}）在 {_moment(answer.at, 0)} {'开放' if is_open else '不开放'}。",
        f"{line.title_en} ({line.dnis}) is {'open' if is_open else 'closed'} at {_moment(answer.at, 1)}.",
    )


def _the_day(answer: HoursAnswer) -> tuple[str, str]:
    kind, festival = KINDS[answer.day.kind], answer.day.festival
    by_site = answer.day.source == "site"
    return (
        f"当天是{kind.zh}{f'（{festival[0]}）' if festival else ''}{'（本站点指定）' if by_site else ''}；",
        f"That day is a {kind.en.lower()}{f' ({festival[1]})' if festival else ''}{' by the site' if by_site else ''};",
    )


def _the_hours(answer: HoursAnswer) -> tuple[str, str]:
    now = answer.opening
    if now.why is Why.HOLIDAY:
        return "节假日不开放。", "closed on legal holidays."
    if now.basis is Basis.DATE:
        whose = ("按该日期的特别安排", "the line's own hours of that date count")
    elif now.basis is Basis.MAKE_UP:
        name = _DAYS[now.hours_of]
        whose = (f"按{name[0]}的时间", f"{name[1]}'s hours count")
    else:
        name = _DAYS[now.hours_of]
        whose = (f"{name[0]}的时间", f"{name[1]}'s hours")
    if now.why is Why.DAY_OFF:
        return f"{whose[0]}：全天不开放。", f"{whose[1]}: closed all day."
    periods = [_period(period) for period in now.periods]
    outside = now.why is Why.OUTSIDE_HOURS
    return (
        f"{whose[0]}：{'、'.join(periods)}{'，此刻不在其中' if outside else ''}。",
        f"{whose[1]}: {', '.join(periods)}{'; this moment lies outside' if outside else ''}.",
    )


def _the_change(answer: HoursAnswer) -> tuple[str, str]:
    if answer.opening.open:
        if answer.closes_at is None:
            return "一直开放。", "It stays open."
        return f"开放至 {_moment(answer.closes_at, 0)}。", f"Open until {_moment(answer.closes_at, 1)}."
    if answer.opens_at is None:
        return "一年之内不再开放。", "It does not open within a year."
    return f"下次开放：{_moment(answer.opens_at, 0)}。", f"Next opening: {_moment(answer.opens_at, 1)}."


def _moment(at: datetime, tongue: int) -> str:
    weekday: Weekday = tuple(_DAYS)[at.weekday()]
    return f"{at:%Y-%m-%d} {_DAYS[weekday][tongue]} {at:%H:%M}"


def _period(period: Period) -> str:
    return f"{period.start:%H:%M}-{'24:00' if period.end == END_OF_DAY else f'{period.end:%H:%M}'}"
