"""The first login, one's own password and sessions, and the administrator's page of people. ACC-1, ACC-2."""

import time
from datetime import timedelta

import pyotp
import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from app.web.http.permissions import SHOWN_HOLDS
from crm.db.schema.users import user_session
from crm.rights import Principal
from crm.use_cases.accounts.people import NewPerson, add_person, lock, reset_password
from crm.use_cases.accounts.second_factor import begin_second_factor, confirm_second_factor
from tests.browser.conftest import OpenPage
from tests.browser.hall import PASSWORDS, Hall
from tests.browser.pictures import picture
from tests.browser.test_login import log_in

CHEF = Principal(name="8901", agent=None, role="administrator")
CHOSEN = "teapot glacier violin"


async def choose(page: Page, new: str, again: str | None = None) -> None:
    await page.fill("input[name=new]", new)
    await page.fill("input[name=again]", new if again is None else again)
    await page.press("input[name=again]", "Enter")


@pytest.mark.req("ACC-1")
async def test_a_newcomer_is_led_from_the_one_time_password_to_the_own_one_in_less_than_a_minute(
    hall: Hall, open_page: OpenPage
) -> None:
    first = await reset_password(hall.store, "8001", who=CHEF)
    page = await open_page(None, "/tickets")
    began = time.monotonic()
    await log_in(page, "8001", first.password)
    await expect(page.get_by_text("请设置自己的密码")).to_be_visible()
    await expect(page.locator("input[name=new]")).to_be_focused()
    await expect(page.locator("input[name=old]")).to_have_count(0)
    await picture(page, "first-login")
    await choose(page, "too short")
    await expect(page.get_by_text("至少 10 个字符", exact=True)).to_be_visible()
    await choose(page, CHOSEN, "teapot glacier violins")
    await expect(page.get_by_text("两次输入的新密码不一致")).to_be_visible()
    await choose(page, "1234567890")
    await expect(page.get_by_text("太容易猜到")).to_be_visible()
    await picture(page, "first-login-common")
    await choose(page, CHOSEN)
    await expect(page.get_by_test_id("user")).to_contain_text("林晓雨")
    assert page.url.endswith("/tickets")
    assert time.monotonic() - began < 60
    await page.get_by_test_id("logout").click()
    await log_in(page, "8001", first.password)
    await expect(page.get_by_test_id("login-fault")).to_contain_text("不正确")
    await log_in(page, "8001", CHOSEN)
    await expect(page.get_by_test_id("user")).to_be_visible()


@pytest.mark.req("ACC-1")
async def test_a_page_that_is_opened_again_before_the_password_is_changed_asks_for_the_change(
    hall: Hall, open_page: OpenPage
) -> None:
    first = await reset_password(hall.store, "8001", who=CHEF)
    page = await open_page(None)
    await log_in(page, "8001", first.password)
    await expect(page.locator("input[name=new]")).to_be_visible()
    await page.goto(f"{hall.url}/tickets")
    await expect(page.locator("input[name=old]")).to_be_focused()
    await page.keyboard.type(first.password)
    await choose(page, CHOSEN)
    await expect(page.get_by_test_id("user")).to_be_visible()


@pytest.mark.req("ACC-1", "ACC-2")
async def test_the_own_password_is_changed_and_other_logins_are_ended_on_a_page(
    hall: Hall, open_page: OpenPage
) -> None:
    page, other = await open_page("8001"), await open_page("8001", "/account")
    await expect(other.get_by_test_id("session")).to_have_count(2)
    await picture(other, "account")
    await other.get_by_test_id("end-session").click()
    await expect(other.get_by_test_id("session")).to_have_count(1)
    await expect(page.locator("input[name=password]")).to_be_visible(timeout=10_000)
    await other.fill("input[name=old]", "a wrong one")
    await choose(other, CHOSEN)
    await expect(other.get_by_text("原密码不正确")).to_be_visible()
    await other.fill("input[name=old]", PASSWORDS["8001"])
    await choose(other, CHOSEN)
    await expect(other.get_by_text("密码已修改")).to_be_visible()
    await log_in(page, "8001", CHOSEN)
    await expect(page.get_by_test_id("user")).to_be_visible()


@pytest.mark.req("ACC-1", "ACC-2")
async def test_an_administrator_adds_resets_locks_and_retires_people_on_a_page(hall: Hall, open_page: OpenPage) -> None:
    at_work = await open_page("8002")
    page = await open_page("8901", "/users")
    row = page.get_by_test_id("user-8002")
    await expect(row).to_contain_text("正常")
    await picture(page, "users")
    await page.get_by_test_id("add").click()
    await page.fill("input[name=name]", "Li Na")
    await page.fill("input[name=display_name]", "李娜")
    await page.fill("input[name=display_name_en]", "Li Na")
    await page.press("input[name=display_name_en]", "Enter")
    await expect(page.get_by_text("2 到 32 个小写字母")).to_be_visible()
    await page.fill("input[name=name]", "li.na")
    await page.get_by_test_id("add-person").click()
    await expect(page.get_by_test_id("first-password")).to_contain_text("li.na")
    await expect(page.get_by_test_id("user-li.na")).to_contain_text("一次性密码，待修改")
    await picture(page, "users-added")
    await page.get_by_test_id("noted").click()
    await expect(page.get_by_test_id("first-password")).to_have_count(0)

    await row.get_by_test_id("show").click()
    await expect(row.get_by_test_id("session")).to_have_count(1)
    await expect(row.get_by_test_id("history").first).to_contain_text("登录")
    await picture(page, "users-detail")
    await row.get_by_test_id("lock").click()
    await page.get_by_role("button", name="确定").click()
    await expect(row).to_contain_text("已锁定")
    await expect(at_work.locator("input[name=password]")).to_be_visible(timeout=10_000)
    await log_in(at_work, "8002", PASSWORDS["8002"])
    await expect(at_work.get_by_test_id("login-fault")).to_contain_text("账号已锁定")
    await row.get_by_test_id("unlock").click()
    await expect(row).to_contain_text("正常")
    await log_in(at_work, "8002", PASSWORDS["8002"])
    await expect(at_work.get_by_test_id("user")).to_be_visible()
    await row.get_by_test_id("retire").click()
    await page.get_by_role("button", name="确定").click()
    await expect(row).to_contain_text("已离职")
    await expect(at_work.locator("input[name=password]")).to_be_visible(timeout=10_000)
    await expect(page.get_by_test_id("user-8901").get_by_test_id("lock")).to_have_count(0)


@pytest.mark.req("ACC-3")
async def test_the_second_factor_of_somebody_who_lost_the_app_is_reset_on_a_page(
    hall: Hall, open_page: OpenPage
) -> None:
    chen = Principal(name="8002", agent="8002", role="agent")
    secret = (await begin_second_factor(hall.store, "站点", who=chen)).secret.replace(" ", "")
    assert await confirm_second_factor(hall.store, pyotp.TOTP(secret).now(), session=None, who=chen)
    page = await open_page("8901", "/users")
    row = page.get_by_test_id("user-8002")
    await row.get_by_test_id("show").click()
    await row.get_by_test_id("reset-factor").click()
    await page.get_by_role("button", name="确定").click()
    await expect(row.get_by_test_id("history").first).to_contain_text("重置二次验证")
    await expect(row.get_by_test_id("reset-factor")).to_have_count(0)
    at_work = await open_page(None)
    await log_in(at_work, "8002", PASSWORDS["8002"])
    await expect(at_work.get_by_test_id("user")).to_be_visible()


@pytest.mark.req("ACC-1")
async def test_a_page_that_was_left_open_asks_for_the_password_and_then_goes_on(
    hall: Hall, open_page: OpenPage
) -> None:
    page = await open_page("8901", "/users")
    row = page.get_by_test_id("user-8002")
    await row.get_by_test_id("show").click()
    async with hall.store.database.write() as connection:
        long_ago = hall.store.clock() - SHOWN_HOLDS - timedelta(minutes=1)
        await connection.execute(update(user_session).where(user_session.c.name == "8901").values(created_at=long_ago))

    async def lock_8002() -> None:
        await row.get_by_test_id("lock").click()
        await page.get_by_role("button", name="确定").click()
        await expect(entry).to_be_focused()

    window, entry = page.get_by_test_id("confirm-password"), page.locator("input[name=confirm-password]")
    await lock_8002()
    await picture(page, "confirm-password")
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("没有确认密码，操作未进行")).to_be_visible()
    await expect(window).to_be_hidden()
    await expect(row).to_contain_text("正常")

    await lock_8002()
    await page.keyboard.type("a wrong one")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("confirm-fault")).to_contain_text("密码不正确")
    await expect(entry).to_be_focused()
    await page.keyboard.type(PASSWORDS["8901"])
    await page.keyboard.press("Enter")
    await expect(row).to_contain_text("已锁定")
    await expect(window).to_be_hidden()
    await row.get_by_test_id("unlock").click()
    await expect(row).to_contain_text("正常")


@pytest.mark.req("ACC-4")
async def test_the_secret_of_a_telephone_is_renewed_by_a_click_and_shown_once(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8901", "/users")
    row = page.get_by_test_id("user-8002")
    await row.get_by_test_id("show").click()
    await row.get_by_test_id("renew-telephone").click()
    async with page.expect_response("**/api/audit*"):
        await page.get_by_role("button", name="确定").click()
    await page.evaluate("fetch('/api/users').then((answer) => answer.text())")
    await expect(row.get_by_test_id("telephone-secret")).to_contain_text("another secret of 8002")
    await picture(page, "users-telephone")
    await page.reload()
    await expect(row).to_contain_text("正常")
    await expect(page.get_by_text("another secret of 8002")).to_have_count(0)


@pytest.mark.req("ACC-2")
async def test_the_page_of_people_is_found_by_keyboard_and_refused_to_others_in_words(
    hall: Hall, open_page: OpenPage
) -> None:
    await add_person(hall.store, NewPerson(id="8902", name="何静", name_en="He Jing", role="administrator"), who=CHEF)
    await lock(hall.store, "8902", who=CHEF)
    page = await open_page("8901", "/users")
    await page.fill("input[name=find]", "he jing")
    await expect(page.get_by_test_id("user-8902")).to_be_visible()
    await expect(page.get_by_test_id("user-8001")).to_have_count(0)
    await page.fill("input[name=find]", "nobody at all")
    await expect(page.get_by_text("没有符合条件的人员")).to_be_visible()
    agent = await open_page("8001", "/users")
    await expect(agent.get_by_text("只有管理员可以管理账号")).to_be_visible()
