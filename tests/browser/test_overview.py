"""What supervisors and the room see: the wallboard, live, and the supervisor's page. A ticket's own page."""

import re
import wave
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from crm.journal.events import CallEnded
from routing.agent import AgentState
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.fakes.desk_messages import card

LIVE_MS = 2_000
"""A second, as promised, and another for the test's own questions on a busy machine."""


@pytest.mark.req("RPT-1", "TEL-1", "TEL-2")
async def test_the_wallboard_follows_within_a_second_and_ticks_by_itself(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8801", "/wallboard")
    waiting, longest = page.get_by_test_id("tile-waiting"), page.get_by_test_id("tile-longest")
    await expect(waiting).to_contain_text("0")
    await expect(longest).to_contain_text("无人等候")
    hall.acd.enqueue("hotline", "c1", "20261122-0001", "13812345678", datetime.now(UTC) - timedelta(seconds=57))
    await expect(waiting).to_contain_text("1", timeout=LIVE_MS)
    await expect(page.get_by_test_id("queue-hotline")).to_contain_text("0:5")
    await expect(longest).to_contain_text("1:0")
    hall.acd.now("8002", "available")
    await expect(page.get_by_test_id("state-available")).to_contain_text("1", timeout=LIVE_MS)
    hall.acd.leave("hotline", "c1")
    await expect(waiting).to_contain_text("0", timeout=LIVE_MS)


@pytest.mark.req("RPT-1")
async def test_the_wallboard_shows_todays_figures_and_nothing_where_there_is_nothing(
    hall: Hall, open_page: OpenPage
) -> None:
    page = await open_page("8801", "/wallboard")
    await expect(page.get_by_test_id("tile-rings")).to_contain_text("–")
    for call, ani in (("c1", "13800000001"), ("c2", "13800000002")):
        ticket = await hall.arrive(call, ani)
        if call == "c1":
            await hall.offer("8001", call, ticket, card(ani))
            await hall.talk("8001", call, ticket)
        outcome = "answered" if call == "c1" else "abandoned_queue"
        await hall.record(hall.told(CallEnded, call, ended_by="caller", outcome=outcome))
    await expect(page.get_by_test_id("tile-rings")).to_contain_text("100%2 / 2")
    await expect(page.get_by_test_id("tile-abandoned")).to_contain_text("50%1 / 2")
    await expect(page.get_by_test_id("tile-asa")).to_contain_text("秒")


async def test_the_wallboard_fits_its_screen_in_both_languages(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8801", "/wallboard")
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await page.get_by_test_id("queue-table").wait_for()
    for _ in ("zh-CN", "en"):
        size = await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert size == [1920, 1080]
        await page.get_by_test_id("language").click()


async def test_the_wallboard_says_when_its_line_is_lost_and_comes_back(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8801", "/wallboard")
    await page.get_by_test_id("queue-table").wait_for()
    await hall.stop_serving()
    await expect(page.get_by_test_id("connection-lost")).to_contain_text("连接中断")
    await hall.serve()
    await expect(page.get_by_test_id("connection-lost")).to_have_count(0)
    hall.acd.enqueue("aid", "c1", "20261122-0001", "13812345678", datetime.now(UTC))
    await expect(page.get_by_test_id("tile-waiting")).to_contain_text("1")


@pytest.mark.parametrize("path", ["/wallboard", "/supervisor"])
async def test_agents_are_told_that_these_pages_are_not_theirs(open_page: OpenPage, path: str) -> None:
    page = await open_page("8001", path)
    await expect(page.get_by_text(re.compile("班长.*管理员"))).to_be_visible()


async def test_a_supervisor_sets_an_agents_state_and_sees_who_waits(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8801", "/supervisor")
    row = page.get_by_test_id("agent-8002")
    await row.get_by_test_id("force-available").click()
    await expect(row.get_by_test_id("state-badge")).to_have_attribute("data-state", "available")
    assert hall.acd.agent("8002").state is AgentState.AVAILABLE
    await row.get_by_test_id("force-not-ready").click()
    await expect(row.get_by_test_id("state-badge")).to_have_attribute("data-state", "not_ready")
    ticket = await hall.arrive("c1", "13812345678")
    hall.acd.enqueue("hotline", "c1", ticket, "13812345678", datetime.now(UTC))
    await expect(page.get_by_test_id("waiting-callers")).to_contain_text("138 1234 5678")
    await expect(page.get_by_test_id("latest-calls")).to_contain_text(ticket, timeout=20_000)
    await expect(page.get_by_test_id("system-parts")).to_contain_text("电话 正常")


@pytest.mark.req("TKT-3", "TEL-10")
async def test_a_ticket_shows_its_history_and_plays_its_recording_which_is_logged(
    hall: Hall, open_page: OpenPage
) -> None:
    hall.data.recordings.mkdir(parents=True)
    with wave.open(str(hall.data.recordings / "c1.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        sound.writeframes(b"\x00\x01" * 8000)
    ticket = await hall.arrive("c1", "13812345678")
    await hall.offer("8001", "c1", ticket, card())
    await hall.talk("8001", "c1", ticket, recording="c1.wav")
    await hall.hang_up("8001", "c1", ticket)
    page = await open_page("8001", f"/tickets/{ticket}")
    timeline = page.get_by_test_id("timeline")
    await expect(timeline).to_contain_text("13812345678 → 4008100002")
    await expect(timeline).to_contain_text("第 1 声振铃内")
    await expect(timeline).to_contain_text("已接通 · 客户挂机")
    assert "播放" not in await timeline.inner_text()
    await page.get_by_test_id("play").click()
    await expect(page.locator("audio")).to_have_js_property("duration", 1.0)
    await page.reload()
    await expect(timeline).to_contain_text("调听：通话录音")


async def test_a_ticket_that_is_not_there_is_said_to_be_missing(open_page: OpenPage) -> None:
    page = await open_page("8001", "/tickets/20200101-0001")
    await expect(page.get_by_text("没有这张工单")).to_be_visible()


@pytest.mark.req("RPT-1")
async def test_the_page_of_figures_follows_and_each_number_leads_to_its_calls(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8801", "/figures")
    await expect(page.get_by_text("这一天还没有来电")).to_be_visible()
    ticket = await hall.arrive("c1", "13800000001")
    await expect(page.get_by_test_id("how-abandon_rate")).to_contain_text("01", timeout=LIVE_MS)
    await hall.record(hall.told(CallEnded, "c1", ended_by="caller", outcome="abandoned_queue"))
    await expect(page.get_by_test_id("how-abandon_rate")).to_contain_text("100%11", timeout=LIVE_MS)
    await expect(page.get_by_test_id("interval-chart").get_by_role("link")).to_have_count(8)
    await page.get_by_text("按队列").click()
    row = page.get_by_test_id("group-hotline")
    await expect(row).to_contain_text("咨询与预约")
    await row.get_by_role("link", name="100%").last.click()
    await expect(page.get_by_test_id("counted-calls")).to_contain_text(ticket)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("放弃")


@pytest.mark.req("RPT-1")
async def test_the_wallboard_shows_lines_and_levels_too(hall: Hall, open_page: OpenPage) -> None:
    await hall.arrive("c1", "13800000001")
    page = await open_page("8801", "/wallboard")
    await page.get_by_test_id("view-line").click()
    await expect(page.get_by_test_id("line-hotline")).to_contain_text("客服热线")
    await page.get_by_test_id("view-level").click()
    await expect(page.get_by_test_id("level-hall")).to_contain_text(re.compile(r"展览馆\s*1"))
    await page.get_by_test_id("tile-answer-rate").get_by_role("link").click()
    await expect(page.get_by_test_id("counted-calls").get_by_role("row")).to_have_count(2)


async def test_a_page_of_figures_that_cannot_be_read_says_so_and_goes_on(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8801", "/figures")
    await page.get_by_test_id("how-counted").wait_for()
    await page.route("**/api/figures**", lambda route: route.abort())
    await page.get_by_text("按坐席").click()
    await expect(page.get_by_test_id("figures-fault")).to_contain_text("连不上服务器")
    await page.unroute("**/api/figures**")
    await page.get_by_test_id("figures-fault").get_by_role("button").click()
    await expect(page.get_by_test_id("how-counted")).to_be_visible()
