"""What goes out: points in time in UTC with milliseconds, wherever they stand."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.figures.records import midnight
from app.web.wire.encoding import encode_text, instant
from tests.fakes.small_site import small_site

CHINA = timezone(timedelta(hours=8))


def test_an_instant_is_utc_with_milliseconds():
    assert instant(datetime(2026, 11, 22, 9, 30, 0, 123_999, CHINA)) == "2026-11-22T01:30:00.123Z"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        instant(datetime(2026, 11, 22, 9, 30))  # noqa: DTZ001 - this is what must not get through


def test_times_are_found_however_deep_they_lie():
    at = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
    assert encode_text({"a": [{"b": (at,)}]}) == '{"a":[{"b":["2026-11-22T01:30:00.000Z"]}]}'


def test_today_begins_at_midnight_where_the_site_is():
    site = small_site()
    just_after = datetime(2026, 11, 21, 16, 0, 1, tzinfo=UTC)
    assert midnight(just_after, site) == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
    assert midnight(just_after - timedelta(seconds=2), site) == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
