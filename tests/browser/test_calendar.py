"""The calendar in the browser: an administrator pastes a year's notice, mends what is wrong, sets a day. CPL-3."""

from datetime import date

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture

pytestmark = pytest.mark.req("CPL-3")

NOTICE = "1月1日至3日 放假\n2月5日至11日 放假\n2月20日 上班\n5月1日至5日 放假\n10月1日至7日 放假"


async def test_a_notice_is_pasted_mended_and_known(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8901", "/calendar?year=2027")
    await expect(page.get_by_test_id("known")).to_contain_text("暂定")
    await page.get_by_test_id("notice").fill(NOTICE + "\n2月22日 上班")
    await page.get_by_test_id("enter").click()
    await expect(page.get_by_test_id("notice-faults")).to_contain_text("第 6 行")
    await expect(page.get_by_test_id("notice-faults")).to_contain_text("应是周六或周日")
    await page.get_by_test_id("language").click()
    await expect(page.get_by_test_id("notice-faults")).to_contain_text("a make-up day is a Saturday or Sunday")
    await expect(page.get_by_test_id("notice-faults")).not_to_contain_text("应是")
    await page.get_by_test_id("language").click()
    assert hall.calendar.days == {}
    await page.get_by_test_id("notice").fill(NOTICE)
    await page.get_by_test_id("enter").click()
    await expect(page.get_by_test_id("known")).to_contain_text("已确定")
    await expect(page.get_by_test_id("day-2027-02-20")).to_have_class("numbers make_up notice")
    assert hall.calendar.days[date(2027, 2, 20)] == "make_up"
    await page.get_by_test_id("day-2027-03-08").focus()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("kind-holiday").click()
    await expect(page.get_by_test_id("day-2027-03-08")).to_have_class("numbers holiday site")
    await picture(page, "calendar-zh")
    await page.get_by_test_id("day-2027-03-08").click()
    await page.get_by_test_id("remove-day").click()
    await expect(page.get_by_test_id("day-2027-03-08")).to_have_class("numbers working notice")
    await page.get_by_test_id("language").click()
    await page.get_by_test_id("year-after").click()
    await expect(page.get_by_test_id("known")).to_contain_text("deadlines are provisional")
    await picture(page, "calendar-en")
