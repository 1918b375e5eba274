"""The State Council's notice as it is published, read as it stands: festivals, spans of days, worked weekends (rules).

What is read is certain: a weekday in brackets must be that of its date, a count of days that of the span. A sentence
that speaks of days and is not understood is a fault; what enters nothing is told. CPL-3.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from config.values.hours import DayKind

FESTIVALS: Final = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
_NAME: Final = r"(?:元旦|春节|清明节|劳动节|端午节|中秋节|国庆节)"
_NUMBERED: Final = r"(?:[一二三四五六七八九十]{1,2}\s*[、.]|\d\s*[、.)])?"
_HEAD: Final = re.compile(rf"{_NUMBERED}\s*({_NAME}(?:[、和及与]{_NAME})*)\s*:")
_TITLE: Final = re.compile(rf"关于(?:调整|延长|修改)?(\d{{4}})年((?:部分)?节假日|{_NAME})")
_ONE: Final = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:\(([^()]*)\))?"
_SPAN: Final = re.compile(rf"{_ONE}(?:\s*(?:至|到|[—–―~～-]+)\s*{_ONE})?")
_VERB: Final = r"不放假|不上班|起[^,;]{0,4}上班|半天|放假(?!\d)|上班|补班|休息"
_COUNT: Final = r"共(?P<days>\d+)天|(?P<free>放假)(?P<more>\d+)天"
_PIECE: Final = re.compile(rf"(?P<span>{_SPAN.pattern})|(?P<verb>{_VERB})|{_COUNT}")
_EXPLAINS: Final = re.compile(r"法定节假日|公休日|鼓励|安排职工|带薪|值班|通行|通知如下|批准|办公厅|人民政府|印发")
_WEEKDAY: Final = re.compile(r"(?:周|星期)([一二三四五六日天])")
_SPEAKS: Final = re.compile(r"放假|上班|补班|休息")
_WEEK: Final = "一二三四五六日"


@dataclass(frozen=True)
class NoticeFault:
    """What is wrong with a line of a notice, or with all of it."""

    en: str
    zh: str


@dataclass
class Notice:
    """What was understood. `festivals`: of which festival each day is, "" where none is named; `left`: sentences that
    enter nothing; `whole`: it speaks of all the year's festivals, so what it does not name is an ordinary day."""

    days: dict[date, DayKind] = field(default_factory=dict)
    festivals: dict[date, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    faults: list[NoticeFault] = field(default_factory=list)
    whole: bool = True

    def fail(self, said: str, en: str, zh: str) -> None:
        self.faults.append(NoticeFault(f"“{said}”: {en}", f"“{said}”：{zh}"))

    def put(self, day: date, kind: DayKind, festival: str, said: str) -> None:
        """A day; one that is something else already is a fault."""
        if self.days.setdefault(day, kind) != kind:
            self.fail(said, f"{day} is {self.days[day]} already", f"{day} 前后不一致")
        self.festivals.setdefault(day, festival)


def is_prose(text: str) -> bool:
    """Whether it is written in sentences, and not a day or a span a line."""
    plain = unicodedata.normalize("NFKC", text)
    return bool(_HEAD.search(plain) or (_TITLE.search(plain) and "。" in plain))


def read_prose(text: str, year: int) -> Notice:
    """All that a notice says, whatever stands around it. Lines may be broken anywhere."""
    plain = "".join(line.partition("#")[0].strip() for line in unicodedata.normalize("NFKC", text).splitlines())
    notice = Notice()
    _check_title(plain, year, notice)
    heads = list(_HEAD.finditer(plain))
    title = _TITLE.search(plain)
    above = plain[: heads[0].start()] if heads else plain
    only = title[2] if title and title[2] in FESTIVALS else ""
    for said in _sentences(above):
        _Sentence(said, year, only, notice).read(must=bool(only) and not heads)
    named: set[str] = {only} - {""} if not heads else set()
    for place, head in enumerate(heads):
        end = heads[place + 1].start() if place + 1 < len(heads) else len(plain)
        festival = "、".join(re.findall(_NAME, head[1]))
        named |= set(festival.split("、"))
        before = len(notice.days)
        for said in _sentences(plain[head.end() : end]):
            _Sentence(said, year, festival, notice).read(must=True)
        if len(notice.days) == before and not notice.faults:
            notice.fail(head[0], "names no day", "没有写明日期")
    notice.whole = named == set(FESTIVALS)
    return notice


def _check_title(plain: str, year: int, notice: Notice) -> None:
    title = _TITLE.search(plain)
    if title and int(title[1]) != year:
        said, of = title[0], title[1]
        notice.fail(said, f"this is a notice of {of}, not of {year}", f"这是 {of} 年的通知，不是 {year} 年的")


def _sentences(text: str) -> Iterator[str]:
    yield from (each.strip() for each in re.split(r"[。;！]", text) if each.strip(" ,、"))


class _Sentence:
    """One sentence of a festival's: dates gather until a verb says what they are."""

    def __init__(self, said: str, year: int, festival: str, notice: Notice) -> None:
        self._said, self._year, self._festival, self._notice = said, year, festival, notice
        self._dates: list[tuple[date, bool]] = []
        self._last: date | None = None
        self._off = 0
        self._understood = False

    def read(self, *, must: bool) -> None:
        """`must`: it belongs to a festival, so what it says of days has to be understood."""
        if not must or (_EXPLAINS.search(self._said) and "放假" not in self._said and "上班" not in self._said):
            if not must and _SPEAKS.search(self._said) and _SPAN.search(self._said):
                self._fail("of which festival? write 元旦：…", "没有写明是哪个节日，请写如“元旦：…”")
            else:
                self._notice.left.append(self._said)
            return
        if "延长" in self._said and _SPAN.search(self._said):
            self._fail("write all its days out: 1月24日至2月2日放假", "请写明全部日期，如 1月24日至2月2日放假")
            return
        for piece in _PIECE.finditer(self._said):
            self._piece(piece)
        explained = bool(_EXPLAINS.search(self._said))
        if self._dates and not explained and not self._understood:
            self._fail("says nothing that is understood of these days", "没有看懂这些日期是放假还是上班")
        elif not self._understood:
            if _SPEAKS.search(self._said) and not explained:
                self._fail("is not understood, write dates such as 1月1日", "看不懂，请把日期写成如 1月1日")
            else:
                self._notice.left.append(self._said)

    def _fail(self, en: str, zh: str) -> None:
        self._notice.fail(self._said, en, zh)

    def _piece(self, piece: re.Match[str]) -> None:
        if piece["span"]:
            self._dates += self._span(_SPAN.match(piece["span"]))
        elif piece["free"]:
            self._verb("放假")
            self._count(piece["more"])
        elif piece["days"]:
            self._count(piece["days"])
        elif verb := piece["verb"]:
            self._verb(verb)

    def _count(self, count: str) -> None:
        if self._off and self._off != int(count):
            self._fail(f"these are {self._off} days, not {count}", f"写明共 {count} 天，实为 {self._off} 天")

    def _verb(self, verb: str) -> None:
        if verb.startswith("起") and self._dates:
            self._notice.left.append(self._said)
            self._understood = True
        elif verb in ("不放假", "不上班", "半天"):
            self._fail(f"{verb} cannot be entered", f"“{verb}”无法录入，请在日历中逐日指定")
            self._understood = True
        elif self._dates and verb in ("放假", "休息"):
            self._off += len(self._dates)
            for day, _ in self._dates:
                self._notice.put(day, "holiday", self._festival, self._said)
            self._understood = True
        elif self._dates and verb in ("上班", "补班"):
            for day, checked in self._dates:
                self._work(day, checked)
            self._understood = True
        if self._dates:
            self._dates = []

    def _work(self, day: date, checked: bool) -> None:
        if day.weekday() >= 5:
            self._notice.put(day, "make_up", self._festival, self._said)
        elif checked:
            self._notice.left.append(f"{self._said}（{day} 本是工作日）")
        else:
            self._fail(f"{day}: a make-up day is a Saturday or Sunday", f"{day} 调休上班日应是周六或周日")

    def _span(self, found: re.Match[str] | None) -> list[tuple[date, bool]]:
        if found is None:
            return []
        first = self._date(found[1], found[2], found[3])
        if first is None:
            return []
        checked = self._weekday(first, found[4])
        if not found[7]:
            return [(first, checked)]
        last = self._date(found[5], found[6], found[7])
        if last is None:
            return []
        if last < first and first.month == 12 and last.month == 1 and not found[5]:
            last = last.replace(year=first.year + 1)
        self._weekday(last, found[8])
        self._last = last
        if not 0 <= (last - first).days < 32:
            self._fail("its dates are not in order", "日期先后颠倒或相隔太远")
            return []
        return [(first + timedelta(days=each), False) for each in range((last - first).days + 1)]

    def _date(self, year: str | None, month: str | None, day: str) -> date | None:
        """A date as written; what is left out is that of the one before. December without a year is the year before's
        where the festival is New Year's."""
        if not month and self._last is None:
            self._fail("a month is missing", "缺少月份")
            return None
        number = int(month) if month else self._last.month if self._last else 0
        if year:
            in_year = int(year)
        elif self._last is not None and not month:
            in_year = self._last.year
        else:
            in_year = self._year - (1 if number == 12 and self._festival.startswith("元旦") else 0)
        try:
            found = date(in_year, number, int(day))
        except ValueError:
            self._fail(f"there is no {in_year}-{number}-{day}", f"没有 {in_year} 年 {number} 月 {day} 日")
            return None
        if found.year != self._year and not (found.year == self._year - 1 and found.month == 12):
            self._fail(f"{found} is not of {self._year}", f"{found} 不属于 {self._year} 年的安排")
            return None
        self._last = found
        return found

    def _weekday(self, day: date, bracket: str | None) -> bool:
        said = _WEEKDAY.search(bracket or "")
        if said is None:
            return False
        is_one = _WEEK[day.weekday()]
        if said[1].replace("天", "日") != is_one:
            self._fail(f"{day} is 星期{is_one}, not {said[0]}", f"{day} 是星期{is_one}，不是{said[0]}")
        return True
