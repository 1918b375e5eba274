"""A year's notice as people paste it, and what it makes of the calendar. CPL-3."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from config.values.hours import DayKind, OpeningHours
from crm.days.model import BadNotice, EnteredDay, Source, first_change, is_known, overlaid, parse_notice, unknown_year
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
