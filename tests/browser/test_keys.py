"""Keys of other systems in the browser: made with a scope, shown once, revoked. ACC-4"""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture


@pytest.mark.req("ACC-4")
async def test_an_administrator_makes_a_key_and_revokes_it(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8901", "/")
    await page.get_by_role("link", name="密钥").click()
    await expect(page.get_by_text("还没有密钥")).to_be_visible()
    await page.get_by_label("名称").fill("Report System")
    await page.get_by_test_id("add").click()
    await expect(page.get_by_text("至少一个").first).to_be_visible()
    await page.get_by_label("名称").fill("report-system")
    await page.get_by_test_id("scope").click()
    await page.keyboard.type("list_tickets")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.get_by_test_id("add").click()
    await expect(page.get_by_test_id("secret")).to_contain_text("只显示这一次")
    await expect(page.get_by_test_id("key")).to_contain_text("从未使用")
    await picture(page, "keys")
    secret = await page.get_by_test_id("secret").locator("code").inner_text()
    assert (await hall.store.keys.find(secret)) is not None
    await page.get_by_label("名称").fill("report-system")
    await page.get_by_test_id("scope").click()
    await page.keyboard.type("get_ticket")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.get_by_test_id("add").click()
    await expect(page.get_by_test_id("problem")).to_contain_text("请换一个名称")
    await page.reload()
    await expect(page.get_by_test_id("secret")).to_have_count(0)
    await page.get_by_test_id("revoke").click()
    await page.get_by_role("button", name="确定").click()
    await expect(page.get_by_test_id("key")).to_contain_text("已吊销")
    await expect(page.get_by_test_id("revoke")).to_have_count(0)
    await picture(page, "keys-revoked")
    await page.evaluate("localStorage.setItem('sanxiang.locale', 'en')")
    await page.reload()
    await expect(page.get_by_role("heading", name="API keys")).to_be_visible()
    agent = await open_page("8801", "/keys")
    await expect(agent.get_by_text("只有管理员可以管理密钥")).to_be_visible()
