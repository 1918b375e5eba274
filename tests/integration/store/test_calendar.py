"""Entered days in the store: the running calendar is theirs, the site's own days beside a notice. CPL-3."""

from collections.abc import Callable
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from config.values.hours import SpecialDays
from crm.days.model import BadNotice
from crm.db.schema.audit import audit
from crm.db.store import Store
from crm.errors import StoreAway
from crm.regulation.calendar import look_up
from crm.use_cases.by_clock.days import RunningCalendar

pytestmark = pytest.mark.req("CPL-3")

ZONE = ZoneInfo("Asia/Shanghai")
NOTICE = "1-1..1-3 holiday\n2-5..2-11 holiday\n2-20 make_up\n5-1..5-5 holiday\n10-1..10-7 holiday"


async def test_a_notice_is_taken_over_by_everybody_who_looks_and_told_once(store: Store) -> None:
    site_days: SpecialDays = MappingProxyType({date(2026, 12, 31): "holiday"})
    calendar, told = RunningCalendar(store.calendar, site_days, ZONE), list[datetime]()
    running = calendar.days

    async def recompute(since: datetime) -> None:
        told.append(since)

    calendar.recompute.append(recompute)
    await calendar.enter_year(2027, NOTICE, "8901")
    assert (running[date(2027, 2, 20)], running[date(2026, 12, 31)]) == ("make_up", "holiday")
    assert look_up(date(2027, 8, 2), running).provisional is False
    assert told == [datetime(2027, 1, 1, tzinfo=ZONE)]
    await calendar.refresh()
    assert len(told) == 1
    await calendar.enter_day(date(2027, 2, 20), "holiday", "8901")
    assert (running[date(2027, 2, 20)], told[1]) == ("holiday", datetime(2027, 2, 20, tzinfo=ZONE))
    await calendar.enter_year(2027, NOTICE.replace("2-20", "2-21"), "8901")
    assert (running[date(2027, 2, 20)], running[date(2027, 2, 21)]) == ("holiday", "make_up")
    await calendar.enter_day(date(2027, 2, 20), None, "8901")
    assert running[date(2027, 2, 20)] == "weekend"
    other = RunningCalendar(store.calendar, {}, ZONE)
    await other.refresh()
    assert other.days == {day: kind for day, kind in running.items() if day.year == 2027}
    async with store.database.read() as connection:
        acts = (await connection.execute(select(audit.c.by, audit.c.subject).order_by(audit.c.id))).all()
    assert [tuple(act) for act in acts] == [
        ("8901", "calendar 2027"),
        ("8901", "calendar 2027-02-20"),
        ("8901", "calendar 2027"),
        ("8901", "calendar 2027-02-20"),
    ]


async def test_a_bad_notice_changes_nothing(store: Store) -> None:
    calendar = RunningCalendar(store.calendar, {}, ZONE)
    await calendar.enter_year(2027, NOTICE, "8901")
    before = dict(calendar.days)
    with pytest.raises(BadNotice):
        await calendar.enter_year(2027, "2027-02-20 someday", "8901")
    await calendar.refresh()
    assert calendar.days == before


async def test_while_the_store_is_away_the_days_stay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = RunningCalendar(store.calendar, {}, ZONE)
    await calendar.enter_day(date(2027, 3, 1), "holiday", "8901")

    def away() -> Callable[[], None]:
        raise StoreAway("the disk is gone")

    monkeypatch.setattr(store.database, "read", away)
    await calendar.refresh()
    assert calendar.days == {date(2027, 3, 1): "holiday"}


async def test_supervisors_are_told_once_of_a_year_that_is_not_entered(store: Store) -> None:
    calendar = RunningCalendar(store.calendar, {}, ZONE)
    await calendar.tell_unknown_year(store.messages, date(2026, 11, 1), ["8801", "8901"])
    assert (await store.messages.list(recipient="8801")).items == ()
    for _ in range(2):
        await calendar.tell_unknown_year(store.messages, date(2026, 11, 2), ["8801", "8901"])
    again = RunningCalendar(store.calendar, {}, ZONE)
    await again.tell_unknown_year(store.messages, date(2026, 11, 3), ["8801", "8901"])
    for person in ("8801", "8901"):
        (message,) = (await store.messages.list(recipient=person)).items
        assert "2027 年" in message.text and message.sender == "system"
    await calendar.enter_year(2027, NOTICE, "8901")
    assert calendar.unknown_year(date(2026, 12, 1)) is None
