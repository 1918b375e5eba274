"""The second factor in the browser: an app is set up at the first login, then each login has two steps. ACC-3"""

import re

import pyotp
import pytest
from playwright.async_api import Page, expect

from config.service.accounts import Accounts
from tests.browser.conftest import OpenPage
from tests.browser.hall import PASSWORDS, Hall
from tests.browser.pictures import picture


async def log_in(page: Page, name: str) -> None:
    await page.fill("input[name=name]", name)
    await page.fill("input[name=password]", PASSWORDS[name])
    await page.press("input[name=password]", "Enter")


@pytest.fixture
def site_changes() -> dict[str, object]:
    return {"accounts": Accounts(second_factor=("administrator",))}


@pytest.mark.req("ACC-3")
async def test_an_app_is_set_up_and_asked_for_from_then_on(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(None)
    await log_in(page, "8901")
    await expect(page.get_by_test_id("second-factor").get_by_role("img")).to_be_visible()
    await expect(page.locator("input[name=code]")).to_be_focused()
    await picture(page, "second-factor")
    await page.get_by_test_id("language").click()
    await expect(page.get_by_text("scan this with an authenticator app;")).to_be_visible()
    await picture(page, "second-factor-en")
    await page.get_by_test_id("language").click()
    secret = (await page.get_by_test_id("secret").inner_text()).replace(" ", "")
    await page.fill("input[name=code]", "000000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("code-fault")).to_contain_text("验证码不正确")
    await page.fill("input[name=code]", pyotp.TOTP(secret).now())
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("recovery").locator("li")).to_have_count(10)
    await picture(page, "recovery-codes")
    spare = await page.get_by_test_id("recovery").locator("code").first.inner_text()
    await page.get_by_test_id("kept").click()
    await expect(page.get_by_test_id("user")).to_contain_text("管理员")
    await page.get_by_test_id("logout").click()
    await log_in(page, "8901")
    await expect(page.locator("input[name=code]")).to_be_focused()
    await picture(page, "code")
    await page.reload()
    await page.goto(f"{hall.url}/audit")
    await expect(page.locator("input[name=code]")).to_be_visible()
    await page.fill("input[name=code]", spare)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/audit$"))
    await expect(page.get_by_test_id("user")).to_contain_text("管理员")
