"""The calendar in the browser: an administrator pastes a year's notice, mends what is wrong, sets a day. CPL-3."""

from datetime import date

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture

pytestmark = pytest.mark.req("CPL-3")

PUBLISHED = """国务院办公厅关于2027年部分节假日安排的通知
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（农历腊月二十九、周五）至11日（周四）放假调休，共7天。2月20日（周六）上班。
三、清明节：4月3日（周六）至5日（周一）放假，共3天。四、劳动节：5月1日至5日放假，共5天。
五、端午节：6月9日（周三）放假1天。六、中秋节：9月15日放假，与周末不连休。七、国庆节：10月1日至7日放假，共7天。
鼓励单位和个人结合落实带薪年休假等制度。"""
NOTICE = "1月1日至3日 放假\n2月5日至11日 放假\n2月20日 上班\n5月1日至5日 放假\n10月1日至7日 放假"


async def test_a_notice_is_pasted_mended_and_known(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8901", "/calendar?year=2027")
    await expect(page.get_by_test_id("known")).to_contain_text("暂定")
    await page.get_by_test_id("notice").fill(NOTICE + "\n2月22日 上班")
    await page.get_by_test_id("look").click()
    await expect(page.get_by_test_id("notice-faults")).to_contain_text("第 6 行")
    await expect(page.get_by_test_id("notice-faults")).to_contain_text("应是周六或周日")
    await page.get_by_test_id("language").click()
    await expect(page.get_by_test_id("notice-faults")).to_contain_text("a make-up day is a Saturday or Sunday")
    await expect(page.get_by_test_id("notice-faults")).not_to_contain_text("应是")
    await page.get_by_test_id("language").click()
    assert hall.calendar.days == {}
    await page.get_by_test_id("notice").fill(PUBLISHED)
    await page.get_by_test_id("look").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("preview")).to_contain_text("尚未录入")
    await expect(page.get_by_test_id("notice-changes")).to_contain_text("2027-02-20 春节 · 周末 → 调休上班")
    await expect(page.get_by_test_id("notice-left")).to_contain_text("鼓励单位")
    await expect(page.get_by_test_id("day-2027-02-20")).to_have_class("numbers make_up notice changed")
    await expect(page.get_by_test_id("day-2027-02-22")).to_have_class("numbers working notice")
    await picture(page, "calendar-preview-zh")
    assert hall.calendar.days == {}
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
