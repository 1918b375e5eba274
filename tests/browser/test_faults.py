"""What no action expected is said on the page, in both languages; and everything works on the plain HTTP of a LAN."""

import pytest
from playwright.async_api import Page, Route, expect

from app.web.wire.desk_log import About
from app.web.wire.desk_messages import ScreenPop
from tests.browser.conftest import OpenPage
from tests.browser.hall import PASSWORDS, Hall
from tests.browser.pictures import picture
from tests.fakes.desk_messages import card

SAID = {"zh-CN": "页面出错了", "en": "This page failed"}


async def in_language(page: Page, language: str) -> None:
    await page.evaluate("language => localStorage.setItem('sanxiang.locale', language)", language)
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", language)


async def nonsense(route: Route) -> None:
    """An answer of a shape that no page expects."""
    await route.fulfill(body="null", content_type="application/json")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_click_that_fails_in_the_page_says_so(
    open_page: OpenPage, expected_errors: list[str], language: str
) -> None:
    page = await open_page()
    await in_language(page, language)
    expected_errors.append("no such function")
    await page.evaluate("() => { crypto.getRandomValues = () => { throw new TypeError('no such function') } }")
    await page.get_by_test_id("write-message").click()
    await expect(page.get_by_role("alert").filter(has_text=SAID[language])).to_be_visible()
    await picture(page, f"fault-{language}")


async def test_a_list_that_fails_by_itself_says_so(hall: Hall, open_page: OpenPage, expected_errors: list[str]) -> None:
    page = await open_page()
    await expect(page.get_by_test_id("idle")).to_be_visible()
    expected_errors.append("Cannot read properties of null")
    await page.route("**/api/due-calls*", nonsense)
    ticket = await hall.arrive("c1", "13812345678")
    await hall.offer("8001", "c1", ticket, card())
    await expect(page.get_by_role("alert").filter(has_text=SAID["zh-CN"])).to_be_visible()


async def test_a_message_that_the_desk_cannot_show_says_so_and_the_next_one_is_shown(
    hall: Hall, open_page: OpenPage, expected_errors: list[str]
) -> None:
    page = await open_page()
    await expect(page.get_by_test_id("idle")).to_be_visible()
    expected_errors.append("Cannot read properties of null")
    ticket = await hall.arrive("c1", "13812345678")
    against_the_contract = ScreenPop(call="c1", ticket=ticket, pop=None)  # type: ignore[arg-type]
    hall.hub._keep("8001", About("screen_pop", "c1", ticket), lambda: against_the_contract)
    await expect(page.get_by_role("alert").filter(has_text=SAID["zh-CN"])).to_be_visible()
    await hall.offer("8001", "c1", ticket, card())
    await expect(page.get_by_test_id("caller-number")).to_have_text("138 1234 5678")


async def test_a_part_of_the_pages_that_cannot_be_fetched_says_so(
    open_page: OpenPage, expected_errors: list[str]
) -> None:
    page = await open_page()
    await expect(page.get_by_test_id("idle")).to_be_visible()
    expected_errors.append("dynamically imported module")
    await page.route("**/assets/KnowledgePage*.js", lambda route: route.abort())
    await page.locator("a[href='/knowledge']").click()
    await expect(page.get_by_role("alert").filter(has_text=SAID["zh-CN"])).to_be_visible()


async def on_the_lan(hall: Hall, page: Page, person: str, path: str) -> None:
    """The page as a site's computers open it: by a name of the LAN and without https."""
    await page.goto(f"http://hotline.lan:{hall.port}/login")
    assert not await page.evaluate("isSecureContext || 'randomUUID' in crypto")
    await page.fill("input[name=name]", person)
    await page.fill("input[name=password]", PASSWORDS[person])
    await page.press("input[name=password]", "Enter")
    await expect(page.get_by_test_id("user")).to_be_visible()
    await page.goto(f"http://hotline.lan:{hall.port}{path}")


@pytest.mark.req("TEL-7")
async def test_a_message_goes_out_on_plain_http(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(None)
    await on_the_lan(hall, page, "8001", "/")
    await page.get_by_test_id("write-message").click()
    await page.get_by_test_id("message-recipient").select_option("8002")
    await page.get_by_test_id("message-text").fill("请回电王先生")
    await page.get_by_test_id("send-message").click()
    await expect(page.get_by_test_id("sent-message")).to_contain_text("请回电王先生")


@pytest.mark.req("QUA-6")
async def test_a_file_note_is_written_on_plain_http(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(None)
    await on_the_lan(hall, page, "8801", "/quality#file")
    await page.get_by_test_id("note-words").fill("当月满意度第一")
    await page.get_by_test_id("write-note").click()
    await expect(page.get_by_test_id("note")).to_contain_text("当月满意度第一")


@pytest.mark.req("CPL-10")
async def test_a_new_card_is_saved_on_plain_http(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(None)
    await on_the_lan(hall, page, "8801", "/knowledge")
    await page.get_by_test_id("new-card").click()
    await page.get_by_test_id("card-title").fill("停车须知")
    await page.get_by_test_id("card-text").fill("地下停车场周一闭馆。")
    await page.get_by_test_id("card-kind-consultation").check()
    await page.get_by_test_id("save-card").click()
    await expect(page.get_by_test_id("card").filter(has_text="停车须知")).to_be_visible()
