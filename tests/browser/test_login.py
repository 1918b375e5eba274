"""The way in: words for every refusal, the page that was asked for, the language chosen, a session that ends."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.hall import PASSWORDS, Hall
from tests.fakes.desk_messages import card


async def log_in(page: Page, name: str, password: str) -> None:
    await page.fill("input[name=name]", name)
    await page.fill("input[name=password]", password)
    await page.press("input[name=password]", "Enter")


async def test_a_wrong_password_is_refused_in_words_and_the_right_one_opens_the_desk(open_page: OpenPage) -> None:
    page = await open_page(None)
    await expect(page.locator("input[name=name]")).to_be_focused()
    await log_in(page, "8001", "wrong")
    await expect(page.get_by_test_id("login-fault")).to_contain_text("工号或密码不正确")
    await expect(page.locator("input[name=password]")).to_be_focused()
    await page.keyboard.type(PASSWORDS["8001"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("user")).to_contain_text("林晓雨")
    await expect(page.get_by_test_id("idle")).to_contain_text("尚未签入")
    await page.get_by_test_id("logout").click()
    await expect(page.locator("input[name=name]")).to_be_visible()
    await page.reload()
    await expect(page.locator("input[name=name]")).to_be_visible()


async def test_nothing_is_sent_without_name_and_password(open_page: OpenPage) -> None:
    page = await open_page(None)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    await page.press("input[name=name]", "Enter")
    await expect(page.get_by_text("请输入工号")).to_be_visible()
    await page.fill("input[name=name]", "8001")
    await page.press("input[name=name]", "Enter")
    await expect(page.get_by_text("请输入密码")).to_be_visible()
    assert "POST" not in sent


async def test_who_tries_too_often_is_told_how_long_to_wait(open_page: OpenPage) -> None:
    page = await open_page(None)
    words = page.get_by_test_id("login-fault")
    for _ in range(15):
        async with page.expect_response("**/api/login") as answered:
            await log_in(page, "8002", "wrong")
        if (await answered.value).status == 429:
            break
    await expect(words).to_contain_text(re.compile(r"请 \d+ 秒后再试"))
    await expect(page.get_by_role("button", name="登录", exact=True)).to_be_disabled()


async def test_the_page_asked_for_opens_after_the_login(open_page: OpenPage) -> None:
    page = await open_page(None, "/supervisor")
    await log_in(page, "8801", PASSWORDS["8801"])
    await expect(page.get_by_test_id("agents-table")).to_be_visible()
    assert page.url.endswith("/supervisor")


async def test_the_language_is_switched_and_remembered(open_page: OpenPage) -> None:
    page = await open_page("8001")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(page.get_by_test_id("go-available")).to_contain_text("就绪")
    await page.get_by_test_id("language").click()
    await expect(page.get_by_test_id("go-available")).to_contain_text("Available")
    await expect(page.get_by_test_id("due-calls")).to_contain_text("Calls to make")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_test_id("go-available")).to_contain_text("Available")


@pytest.mark.req("CUS-4")
async def test_a_session_that_ends_costs_no_words_and_shows_them_to_nobody_else(
    hall: Hall, open_page: OpenPage
) -> None:
    page = await open_page("8001")
    ticket = await hall.arrive("c1", "13812345678")
    await hall.offer("8001", "c1", ticket, card())
    await page.fill("textarea[name=matter]", "写到一半")
    await expect(page.get_by_test_id("save")).to_be_enabled()
    await hall.store.users.sessions.end("8001")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("登录已过期")).to_be_visible()
    await log_in(page, "8001", PASSWORDS["8001"])
    await expect(page.locator("textarea[name=matter]")).to_have_value("写到一半")
    await page.get_by_test_id("logout").click()
    await log_in(page, "8002", PASSWORDS["8002"])
    await expect(page.get_by_test_id("idle")).to_be_visible()
    await expect(page.get_by_test_id("unsaved-tickets")).to_have_count(0)
