"""Reports in the browser: a day's report, how the rules were kept, files, what is on file."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture


@pytest.mark.req("RPT-3", "RPT-4")
async def test_a_supervisor_reads_reports_and_takes_them_along(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8801", "/reports")
    await expect(page.get_by_test_id("section-calls")).to_contain_text("合计")
    await expect(page.get_by_test_id("section-topics")).to_contain_text("本期没有记录")
    async with page.expect_download() as waiting:
        await page.get_by_test_id("report-pdf").click()
    download = await waiting.value
    assert download.suggested_filename.startswith("daily-")
    assert (await download.path()).read_bytes().startswith(b"%PDF-")
    await page.get_by_test_id("report-file").click()
    await expect(page.get_by_text("已归档：daily-")).to_be_visible()
    await page.get_by_text("规范执行", exact=True).click()
    await expect(page.get_by_test_id("section-rules")).to_contain_text("TEL-1")
    await picture(page, "rules-zh")
    await page.get_by_test_id("language").click()
    await expect(page.get_by_test_id("section-rules")).to_contain_text("TEL-1")
    await picture(page, "rules-en")
    await expect(page.get_by_test_id("section-rules").locator("tbody")).not_to_contain_text(re.compile("[一-鿿]"))
    await page.get_by_test_id("language").click()
    await page.get_by_text("已归档", exact=True).click()
    yesterday = (datetime.now(UTC).astimezone(hall.site.zone) - timedelta(days=1)).date().isoformat()
    await expect(page.get_by_test_id("filed-reports")).to_contain_text(yesterday)


async def test_an_agent_is_told_whose_reports_are(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8001", "/reports")
    await expect(page.get_by_text("报表只对班长和管理员开放")).to_be_visible()
