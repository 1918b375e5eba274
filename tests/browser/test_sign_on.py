"""Single sign-on in the browser: a button beside the password, the way to the provider and back, out at both. ACC-3"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from config.paths import DataDir
from config.service.accounts import Accounts, SingleSignOn
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture
from tests.fakes.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[IdentityProvider]:
    async with identity_provider() as running:
        yield running


@pytest.fixture
def site_changes(provider: IdentityProvider, tmp_path: Path) -> dict[str, object]:
    data = DataDir(tmp_path / "data")
    data.root.mkdir()
    data.sign_on_secret.touch(0o600)
    data.sign_on_secret.write_text(SECRET + "\n", encoding="utf-8")
    rule = SingleSignOn(issuer=provider.issuer, client_id=CLIENT)
    return {"accounts": Accounts(single_sign_on=rule)}


@pytest.mark.req("ACC-3")
async def test_one_click_leads_through_the_provider_to_the_page_that_was_asked_for(
    hall: Hall, open_page: OpenPage, provider: IdentityProvider
) -> None:
    provider.redirects = (f"{hall.url}/api/login/sign-on/back",)
    provider.person = "nobody-here"
    page = await open_page(None, "/tickets")
    await expect(page.get_by_test_id("sign-on")).to_have_text("统一身份登录")
    await page.get_by_test_id("sign-on").click()
    await expect(page.get_by_test_id("login-fault")).to_contain_text("这里没有对应的账号")
    await picture(page, "sign-on-unknown")
    provider.person = "8901"
    await page.goto(f"{hall.url}/tickets")
    await page.get_by_test_id("sign-on").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{hall.url}/tickets")
    await expect(page.get_by_test_id("user")).to_contain_text("管理员")
    await page.get_by_test_id("logout").click()
    await expect(page).to_have_url(re.compile(re.escape(f"{provider.issuer}/end?")))
    await page.goto(hall.url)
    await expect(page.locator("input[name=password]")).to_be_visible()
    provider.lie = lambda claims: claims | {"sub": "somebody who is called 8901 there now"}
    await page.get_by_test_id("sign-on").click()
    await expect(page.get_by_test_id("login-fault")).to_contain_text("请管理员重置您在这里的密码")
    await picture(page, "sign-on-another-person")
