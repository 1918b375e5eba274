"""What a site's files say stays what the running system was given; the check that everything runs under bites."""

from datetime import date

import pytest

from tests.fakes.site_watch import as_it_was_loaded
from tests.fakes.small_site import small_site


def test_a_change_deep_in_the_site_is_found() -> None:
    site = small_site()
    with pytest.raises(AssertionError, match="lines"), as_it_was_loaded(site):
        site.lines[0].hours.dates[date(2026, 12, 31)] = ()


def test_what_a_site_works_out_of_itself_is_no_change() -> None:
    site = small_site()
    with as_it_was_loaded(site):
        assert site.line_for("4008100002") and site.zone and site.outbound_rule
