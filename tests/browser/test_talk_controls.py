"""The desk's buttons and keys for a talk: what they ask of the server, and how the page shows it. TEL-5, QUA-1."""

import re

from msgspec.structs import replace
from playwright.async_api import Page, expect

from app.web.http.contract import TalkOut
from ivr.live.talks import Refused
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.fakes.desk_messages import card


async def talking(hall: Hall, page: Page) -> None:
    """8001 talks with a caller; the page follows how the talk stands."""
    ticket = await hall.arrive("c1", "13812345678")
    await hall.offer("8001", "c1", ticket, card())
    await hall.talk("8001", "c1", ticket)

    def told(view: TalkOut) -> None:
        hall.progress("8001", "c1", ticket, "hold" if view.held else "talking", talk=view)

    hall.talks.told = told
    hall.talks.begin("c1", "8001")
    await expect(page.get_by_test_id("talk-controls")).to_be_visible()


async def test_hold_and_recording_by_keyboard(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    await talking(hall, page)
    await page.keyboard.press("Alt+KeyH")
    await expect(page.get_by_test_id("talk-status")).to_have_text("客户正在听音乐")
    await expect(page.get_by_test_id("hold")).to_contain_text("恢复通话")
    await expect(page.get_by_test_id("call-header")).to_have_attribute("data-stage", "hold")
    await page.keyboard.press("Alt+KeyH")
    await expect(page.get_by_test_id("hold")).to_contain_text("保持")
    await page.keyboard.press("Alt+KeyR")
    await expect(page.get_by_test_id("recording")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Alt+KeyR")
    await expect(page.get_by_test_id("recording")).to_have_attribute("aria-pressed", "false")
    assert hall.talks.asked == ["hold", "resume", "pause", "record"]


async def test_an_attended_transfer_from_the_key_to_the_end(hall: Hall, open_page: OpenPage) -> None:
    hall.acd.now("8002", "available")
    page = await open_page()
    await talking(hall, page)
    await page.keyboard.press("Alt+KeyT")
    await expect(page.get_by_test_id("target-8002")).to_be_focused()
    await expect(page.get_by_test_id("target-8003")).to_be_disabled()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("attended").click()
    await expect(page.get_by_test_id("talk-status")).to_contain_text("正在呼叫 8002 号")
    assert hall.talks.view
    hall.talks.put(replace(hall.talks.view, transfer="joined"))
    await page.get_by_test_id("conference").click()
    await expect(page.get_by_test_id("talk-status")).to_contain_text("三方通话")
    await page.get_by_test_id("complete").click()
    await expect(page.get_by_text("已转接")).to_be_visible()
    assert hall.talks.asked == ["attended agent 8002", "conference", "complete"]


async def test_a_blind_transfer_to_a_number_outside(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    await talking(hall, page)
    await page.get_by_test_id("transfer").click()
    await page.get_by_test_id("to-number").click()
    await expect(page.get_by_test_id("blind")).to_be_disabled()
    await page.get_by_test_id("to-number-input").fill("139 1234 5678")
    await page.get_by_test_id("blind").click()
    await expect(page.get_by_text("已转接")).to_be_visible()
    assert hall.talks.asked == ["blind number 13912345678"]


async def test_a_refusal_is_told_with_its_words(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    await talking(hall, page)
    hall.talks.refuses = Refused("the caller is on hold already")
    await page.get_by_test_id("hold").click()
    await expect(page.get_by_text(re.compile("on hold already"))).to_be_visible()
