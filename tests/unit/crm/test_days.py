"""A year's notice as people paste it, and what it makes of the calendar. CPL-3."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from config.values.hours import DayKind, OpeningHours
from crm.days.model import (
    BadNotice,
    EnteredDay,
    Source,
    first_change,
    is_known,
    overlaid,
    sound_notice,
    unknown_year,
    with_earlier,
)
from crm.regulation.calendar import festival_of, look_up
from crm.regulation.deadlines import Calendar, ClockKind, Limit, deadline

pytestmark = pytest.mark.req("CPL-3")

NOTICE = """
# 国务院办公厅关于 2027 年部分节假日安排的通知
2027-01-01..2027-01-03 holiday
2月5日至11日 放假
2027-02-20 make_up
2月27日 上班
2027年4月3日至2027年4月5日 放假
5-1 - 5-5 休
2027-05-08: 调休
10月1日~10月7日 放假   # 国庆
"""


def parse_notice(text: str, year: int) -> dict[date, DayKind]:
    return sound_notice(text, year).days


def entered(days: dict[date, DayKind], source: Source = "notice") -> list[EnteredDay]:
    return [EnteredDay(day, kind, source, "8901", datetime(2026, 11, 20, tzinfo=UTC)) for day, kind in days.items()]


def test_a_notice_is_read_in_the_ways_in_which_people_write_it() -> None:
    days = parse_notice(NOTICE, 2027)
    holidays = sorted(day for day, kind in days.items() if kind == "holiday")
    assert [f"{day:%m%d}" for day in holidays] == [
        *("0101", "0102", "0103"),
        *(f"02{day:02d}" for day in range(5, 12)),
        *("0403", "0404", "0405"),
        *(f"05{day:02d}" for day in range(1, 6)),
        *(f"10{day:02d}" for day in range(1, 8)),
    ]
    assert sorted(day for day, kind in days.items() if kind == "make_up") == [
        date(2027, 2, 20),
        date(2027, 2, 27),
        date(2027, 5, 8),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2027-02-20 perhaps", "line 2"),
        ("soon holiday", "line 2"),
        ("20 holiday", "is not understood"),
        ("2027-02-30 holiday", "line 2"),
        ("2026-02-20 make_up", "within 2027"),
        ("2027-02-11..2027-02-05 holiday", "in order"),
        ("2027-02-22 make_up", "Saturday or Sunday"),
        ("2027-05-01 make_up", "already"),
    ],
)
def test_a_line_that_is_wrong_is_named_with_what_to_write(line: str, words: str) -> None:
    with pytest.raises(BadNotice, match=words) as caught:
        parse_notice(f"5-1..5-5 holiday\n{line}\n1-1 holiday\n10-1 holiday", 2027)
    (fault,) = caught.value.faults
    assert fault.en.startswith("line 2: ") and fault.zh.startswith("第 2 行：")
    assert " / " not in fault.en + fault.zh


def test_a_notice_without_the_great_holidays_is_not_whole() -> None:
    with pytest.raises(BadNotice, match="2027-01-01, 2027-10-01"):
        parse_notice("5-1..5-5 holiday", 2027)
    with pytest.raises(BadNotice, match="not whole"):
        parse_notice("", 2027)


def test_an_entered_year_is_known_in_all_its_days() -> None:
    days = overlaid({}, entered(parse_notice(NOTICE, 2027)))
    assert (is_known(2027, {}), is_known(2027, days), is_known(2028, days)) == (False, True, False)
    assert look_up(date(2027, 2, 9), days).kind == "holiday"
    assert look_up(date(2027, 2, 12), days).kind == "working"
    assert look_up(date(2027, 2, 13), days).kind == "weekend"
    assert festival_of(date(2027, 2, 6), days) == "spring"


def test_a_deadline_into_that_year_becomes_official_and_counts_its_make_up_days() -> None:
    hours = OpeningHours.model_validate({"weekdays": {"mon-fri": ("09:00-18:00",)}})
    zone = ZoneInfo("Asia/Shanghai")
    start, limit = datetime(2027, 2, 19, 10, tzinfo=zone), Limit(ClockKind.WORKING_DAYS, 1)
    before = deadline(limit, start, Calendar(hours, zone, {}))
    after = deadline(limit, start, Calendar(hours, zone, overlaid({}, entered(parse_notice(NOTICE, 2027)))))
    assert (before.at, before.provisional) == (datetime(2027, 2, 22, 18, tzinfo=zone), True)
    assert (after.at, after.provisional) == (datetime(2027, 2, 20, 18, tzinfo=zone), False)


def test_the_sites_own_days_go_before_the_notice_and_its_files_before_the_rest() -> None:
    own = entered({date(2027, 2, 20): "holiday"}, "site")
    days = overlaid({date(2027, 2, 20): "working", date(2027, 3, 1): "holiday"}, entered(parse_notice(NOTICE, 2027)))
    assert (days[date(2027, 2, 20)], days[date(2027, 3, 1)]) == ("make_up", "holiday")
    days = overlaid({}, [*own, *entered(parse_notice(NOTICE, 2027))])
    assert days[date(2027, 2, 20)] == "holiday"
    assert overlaid({}, own) == {date(2027, 2, 20): "holiday"}, "one day makes no known year"


@pytest.mark.parametrize(
    ("today", "year"), [("2026-11-01", None), ("2026-11-02", 2027), ("2026-12-31", 2027), ("2027-03-01", 2027)]
)
def test_an_unknown_year_is_told_sixty_days_before_it_begins(today: str, year: int | None) -> None:
    assert unknown_year(date.fromisoformat(today), {}) == year
    known = overlaid({}, entered(parse_notice(NOTICE, 2027)))
    assert unknown_year(date.fromisoformat(today), known) is None


def test_the_first_day_that_changed_is_where_clocks_are_made_anew() -> None:
    days = overlaid({}, entered(parse_notice(NOTICE, 2027)))
    assert first_change({}, days) == date(2027, 1, 1)
    assert first_change(days, {**days, date(2027, 2, 20): "holiday"}) == date(2027, 2, 20)
    assert first_change(days, dict(days)) is None


FESTIVALS = (
    "元旦：1月1日放假。春节：2月5日至11日放假。清明节：4月5日放假。劳动节：5月1日至5日放假调休。5月8日（周六）上班。"
)
REST = "端午节：6月9日放假。中秋节：9月15日放假。国庆节：10月1日至7日放假。"


def rows_of(text: str, year: int, festivals: bool = True) -> list[EnteredDay]:
    notice = sound_notice(text, year)
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return [
        EnteredDay(day, kind, "notice", "8901", at, notice.festivals.get(day, "") if festivals else "", year)
        for day, kind in notice.days.items()
    ]


def test_a_correction_replaces_its_festival_alone_or_says_why_it_cannot() -> None:
    whole = rows_of(FESTIVALS + REST, 2027)
    correction = sound_notice("劳动节：5月1日至4日放假调休，共4天。4月25日（星期日）上班。", 2027)
    days = with_earlier(correction, 2027, whole).days
    assert (days[date(2027, 5, 4)], days[date(2027, 4, 25)]) == ("holiday", "make_up")
    assert date(2027, 5, 5) not in days and date(2027, 5, 8) not in days
    assert len(days) == len(whole) - 2 + 1
    with pytest.raises(BadNotice, match="without their festivals"):
        with_earlier(correction, 2027, rows_of(FESTIVALS + REST, 2027, festivals=False))
    together = rows_of("劳动节、清明节：5月1日至3日放假。", 2027)
    with pytest.raises(BadNotice, match="together with 清明节"):
        with_earlier(correction, 2027, together)


def test_days_of_the_next_years_notice_make_no_year_known() -> None:
    days = overlaid({}, rows_of("元旦：2026年12月31日至2027年1月2日放假调休，共3天。", 2027))
    assert (days[date(2026, 12, 31)], is_known(2027, days)) == ("holiday", False)
    assert date(2026, 6, 1) not in days
