"""The agent's desk: state, screen pop, ticket, clocks, callbacks, and a line that breaks and comes back."""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect

from app.web.wire.desk_messages import ScreenPop
from config.ids import AgentId
from crm.followups.model import DueCallKind
from crm.tickets.model import TicketForm, TicketKind
from routing.agent import AgentEvent, AgentState, IllegalTransition
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.fakes.desk_messages import CUSTOMER, EARLIER, card

NOTE_WHEN_CARD_APPEARS = """() => new MutationObserver(() => {
    if (document.querySelector("[data-testid=customer-card]")) window.cardShownAt ??= Date.now();
}).observe(document.body, { childList: true, subtree: true })"""
"""In the page itself: how long the test's own questions take must not count."""


async def offered(hall: Hall, page: Page, call: str = "c1", ani: str = "13812345678", **others: object) -> str:
    """A call is on the desk of 8001. Returns its ticket, which the form has read."""
    ticket = await hall.arrive(call, ani)
    await hall.offer("8001", call, ticket, card(ani, **others))
    await expect(page.get_by_test_id("ticket-number")).to_have_text(ticket)
    await expect(page.get_by_test_id("save")).to_be_enabled()
    return ticket


async def test_states_are_chosen_by_keyboard(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    badge = page.get_by_test_id("state-badge")
    await expect(badge).to_have_attribute("data-state", "logged_out")
    await page.keyboard.press("Alt+Digit1")
    await expect(badge).to_have_attribute("data-state", "available")
    await page.keyboard.press("Alt+Digit2")
    await expect(page.get_by_test_id("reason-break")).to_be_focused()
    await page.keyboard.press("2")
    await expect(badge).to_have_attribute("data-state", "not_ready")
    await expect(badge).to_contain_text("用餐")
    assert (hall.acd.agent("8001").state, hall.acd.agent("8001").reason) == (AgentState.NOT_READY, "meal")


async def test_a_state_that_is_refused_is_explained_and_not_shown(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    hall.acd.refuses = IllegalTransition(AgentState.TALKING, AgentEvent.LOG_OUT)
    await page.get_by_test_id("go-available").click()
    await expect(page.get_by_text("当前状态下不能这样切换")).to_be_visible()
    await expect(page.get_by_test_id("state-badge")).to_have_attribute("data-state", "logged_out")


async def test_a_call_nobody_picked_up_is_explained(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    ticket = await offered(hall, page)
    hall.progress("8001", "c1", ticket, "ended")
    hall.acd.now("8001", "not_ready", reason="rona")
    await expect(page.get_by_test_id("idle")).to_contain_text("无人接听")


@pytest.mark.req("CUS-2", "TEL-3", "TEL-9")
async def test_the_card_is_on_screen_within_a_second_of_the_offer(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    await expect(page.get_by_test_id("idle")).to_be_visible()
    ticket = await hall.arrive("c1", "13812345678")
    await page.evaluate(NOTE_WHEN_CARD_APPEARS)
    hall.acd.now("8001", "ringing", call_id="c1")
    published = time.time()
    hall.hub.publish("8001", ScreenPop(call="c1", ticket=ticket, pop=card(tickets=[EARLIER])))
    await page.get_by_test_id("customer-card").wait_for()
    shown = await page.evaluate("window.cardShownAt")
    assert shown / 1000 - published < 1.0
    await expect(page.get_by_test_id("caller-number")).to_have_text("138 1234 5678")
    await expect(page.get_by_test_id("greeting")).to_contain_text("我是客服8001号，很高兴为您服务")
    await expect(page.get_by_test_id("customer-card")).to_contain_text("王建国先生")
    await expect(page.get_by_test_id("customer-card")).to_contain_text("重点客户")
    await expect(page.get_by_test_id("earlier-tickets")).to_contain_text("停车场指引不清")
    await expect(page.get_by_test_id("call-header")).to_contain_text("已等候 0:04")
    await expect(page).to_have_title("☎ 138 1234 5678 · 三响")
    greeting = (
        await page.get_by_test_id("greeting").locator("span").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    )
    assert greeting >= 20


@pytest.mark.req("TKT-3")
async def test_the_ticket_is_written_while_talking_and_saved_by_keyboard(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    ticket = await offered(hall, page)
    await hall.talk("8001", "c1", ticket)
    await expect(page.locator("textarea[name=matter]")).to_be_focused()
    await page.keyboard.type("团体参观的讲解安排")
    await page.get_by_test_id("kind").click()
    await page.get_by_role("option", name="咨询").click()
    await expect(page.get_by_test_id("unsaved")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text(f"工单 {ticket} 已保存")).to_be_visible()
    await expect(page.get_by_test_id("unsaved")).to_have_count(0)
    saved = await hall.store.tickets.get(ticket)
    assert saved is not None
    assert (saved.matter, saved.kind) == ("团体参观的讲解安排", TicketKind.CONSULTATION)
    assert (saved.contact_name, saved.form_of_address) == ("王建国", "先生")
    await expect(page.get_by_test_id("recent-tickets")).to_contain_text("团体参观的讲解安排")


async def test_a_ticket_the_store_does_not_have_yet_is_waited_for(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    hall.acd.now("8001", "ringing", call_id="c1")
    ticket = hall.journal.next_ticket_number(datetime.now(hall.site.zone).date())
    hall.hub.publish("8001", ScreenPop(call="c1", ticket=ticket, pop=card()))
    await expect(page.get_by_text("工单正在登记")).to_be_visible()
    await page.fill("textarea[name=matter]", "先写下来")
    assert await hall.arrive("c1", "13812345678") == ticket
    await expect(page.get_by_test_id("save")).to_be_enabled()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text(f"工单 {ticket} 已保存")).to_be_visible()


async def test_changes_of_two_people_are_merged_and_only_a_clash_is_asked_about(
    hall: Hall, open_page: OpenPage
) -> None:
    page = await open_page()
    ticket = await offered(hall, page)
    await page.fill("textarea[name=matter]", "我的事由")
    seen = await hall.store.tickets.get(ticket)
    assert seen is not None
    theirs = TicketForm(matter="班长的事由", wish="尽快答复")
    await hall.store.tickets.save_form(seen.number, theirs, by=AgentId("8801"), version=seen.version)
    await page.keyboard.press("Control+Enter")
    conflict = page.get_by_test_id("conflict")
    await expect(conflict).to_contain_text("班长的事由")
    await expect(conflict).to_contain_text("我的事由")
    await expect(page.get_by_test_id("save")).to_be_disabled()
    await expect(page.locator("textarea[name=wish]")).to_have_value("尽快答复")
    await page.get_by_test_id("keep-mine").click()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text(f"工单 {ticket} 已保存")).to_be_visible()
    saved = await hall.store.tickets.get(ticket)
    assert saved is not None and (saved.matter, saved.wish) == ("我的事由", "尽快答复")


async def test_the_next_call_costs_no_unsaved_word(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    first = await offered(hall, page)
    await page.fill("textarea[name=matter]", "还没保存")
    await hall.hang_up("8001", "c1", first)
    hall.acd.now("8001", "available")
    await expect(page.get_by_test_id("put-away")).to_be_visible()
    await offered(hall, page, "c2", "13900000002")
    await expect(page.locator("textarea[name=matter]")).to_have_value("")
    await page.get_by_test_id("unsaved-tickets").get_by_text(first).click()
    await expect(page.locator("textarea[name=matter]")).to_have_value("还没保存")


@pytest.mark.req("TEL-8")
@pytest.mark.parametrize(
    ("outbound", "talked_s", "pace"),
    [(True, 120, "calm"), (True, 150, "amber"), (True, 180, "red"), (False, 200, "calm")],
)
async def test_the_clock_of_an_outbound_talk_changes_colour(
    hall: Hall, open_page: OpenPage, outbound: bool, talked_s: int, pace: str
) -> None:
    page = await open_page()
    ticket = await offered(hall, page)
    await hall.talk("8001", "c1", ticket, since=datetime.now(UTC) - timedelta(seconds=talked_s), outbound=outbound)
    await expect(page.get_by_test_id("talk-clock")).to_have_attribute("data-pace", pace)


async def test_the_clock_turns_amber_while_one_looks_on(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    ticket = await offered(hall, page)
    await hall.talk("8001", "c1", ticket, since=datetime.now(UTC) - timedelta(seconds=143), outbound=True)
    clock = page.get_by_test_id("talk-clock")
    await expect(clock).to_have_attribute("data-pace", "calm")
    await expect(clock).to_have_attribute("data-pace", "amber", timeout=15_000)
    await expect(clock).to_contain_text("2:3")


async def test_wrap_up_counts_down_and_ends_by_keyboard(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    ticket = await offered(hall, page)
    await hall.talk("8001", "c1", ticket)
    await hall.hang_up("8001", "c1", ticket, wrap_up_s=20)
    await expect(page.get_by_test_id("wrap-up")).to_contain_text(re.compile("0:1[0-8]"))
    await expect(page.get_by_test_id("stage")).to_contain_text("客户挂机")
    await page.keyboard.press("Alt+KeyW")
    await expect(page.get_by_test_id("wrap-up")).to_contain_text(re.compile("0:4[0-8]"))
    await page.keyboard.press("Alt+KeyE")
    await expect(page.get_by_test_id("idle")).to_contain_text("等待来电")
    assert hall.acd.agent("8001").state is AgentState.AVAILABLE


@pytest.mark.req("LNE-7")
async def test_the_card_tells_the_way_a_moved_caller_has_come(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    ticket = await hall.arrive("c1", "13812345678")
    hall.hub.publish("8001", ScreenPop(call="c1", ticket=ticket, pop=card(came_from=["aid"])))
    await expect(page.get_by_test_id("call-header")).to_contain_text("客服热线 → 客户援助 → 咨询与预约")


async def callback_offered(hall: Hall, page: Page) -> str:
    """A callback that is due is offered to 8001. Returns its id."""
    ticket = await hall.arrive("c1", "13812345678")
    due = await hall.store.due_calls.schedule(
        kind=DueCallKind.CALLBACK,
        number="13812345678",
        due_at=datetime.now(UTC),
        ticket=ticket,
        queue="hotline",
        note="答复讲解安排",
        key="due",
    )
    await hall.store.due_calls.claim("test", now=datetime.now(UTC), lease_s=60, limit=1)
    hall.acd.now("8001", "reserved", call_id="c9", until=datetime.now(UTC) + timedelta(seconds=30))
    shown = card(kind="callback", due_call=str(due.id), reason="答复讲解安排", waited_s=None)
    hall.hub.publish("8001", ScreenPop(call="c9", ticket=ticket, pop=shown))
    await expect(page.get_by_test_id("callback-reason")).to_contain_text("答复讲解安排")
    return str(due.id)


@pytest.mark.req("FUP-1", "TKT-5")
async def test_a_callback_is_accepted_by_enter(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    due_call = await callback_offered(hall, page)
    await expect(page.get_by_test_id("stage")).to_have_text("等待您接受")
    await expect(page.get_by_test_id("accept-callback")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("callback-offer")).to_have_count(0)
    await expect(page.get_by_test_id("stage")).to_have_text("正在呼叫客户")
    assert hall.accepted == [(due_call, "8001")]
    await page.reload()
    await expect(page.get_by_test_id("call-panel")).to_be_visible()
    await expect(page.get_by_test_id("callback-offer")).to_have_count(0)


async def test_an_open_dialog_keeps_its_enter_and_its_ticket_when_a_callback_comes(
    hall: Hall, open_page: OpenPage
) -> None:
    page = await open_page()
    await page.get_by_test_id("schedule").click()
    await page.locator("input[name=due_number]").focus()
    await callback_offered(hall, page)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("请写明回访事由")).to_be_visible()
    await expect(page.get_by_role("dialog", name="预约回访", exact=True)).to_contain_text("请输入号码")
    await expect(page.get_by_test_id("callback-offer")).to_be_visible()
    assert hall.accepted == []


@pytest.mark.req("TKT-5")
async def test_a_promise_becomes_a_due_call_once(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    ticket = await offered(hall, page)
    await page.keyboard.press("Alt+KeyB")
    await expect(page.locator("textarea[name=due_note]")).to_be_focused()
    await page.keyboard.type("明天答复")
    await page.get_by_test_id("schedule-submit").dblclick()
    await expect(page.get_by_test_id("due-call")).to_contain_text("明天答复")
    kept = (await hall.store.due_calls.list(ticket=ticket)).items
    assert [(call.number, call.note, call.created_by) for call in kept] == [("13812345678", "明天答复", "8001")]
    assert timedelta(minutes=58) < kept[0].due_at - datetime.now(UTC) < timedelta(minutes=61)
    await page.get_by_test_id("due-call").get_by_role("button", name="取消").click()
    await page.get_by_role("button", name="确定").click()
    await expect(page.get_by_test_id("due-call")).to_have_count(0)


async def test_a_broken_line_is_shown_and_what_was_missed_comes_after(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    ticket = await offered(hall, page)
    await page.fill("textarea[name=matter]", "断线时写的")
    await hall.stop_serving()
    await expect(page.get_by_test_id("connection-lost")).to_be_visible()
    hall.progress("8001", "c1", ticket, "talking")
    hall.acd.now("8001", "talking", call_id="c1")
    await hall.serve()
    await expect(page.get_by_test_id("connection-lost")).to_have_count(0)
    await expect(page.get_by_test_id("call-header")).to_have_attribute("data-stage", "talking")
    await expect(page.get_by_test_id("state-badge").first).to_have_attribute("data-state", "talking")
    await expect(page.locator("textarea[name=matter]")).to_have_value("断线时写的")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text(f"工单 {ticket} 已保存")).to_be_visible()


async def test_a_page_opened_anew_shows_the_running_call_and_confirms_it(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    ticket = await offered(hall, page)
    await hall.talk("8001", "c1", ticket, since=datetime.now(UTC) - timedelta(seconds=65))
    await expect(page.get_by_test_id("talk-clock")).to_be_visible()
    await page.reload()
    await expect(page.get_by_test_id("caller-number")).to_have_text("138 1234 5678")
    await expect(page.get_by_test_id("talk-clock")).to_contain_text("1:0")
    async with asyncio.timeout(2):
        while hall.hub.acked("8001") < hall.hub.newest:
            await page.wait_for_timeout(20)


async def test_a_callers_text_never_runs(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    nasty = "<img src=x onerror=\"document.title='broken'\">"
    await offered(hall, page, customer=replace(CUSTOMER, name=nasty, notes=nasty))
    await expect(page.get_by_test_id("customer-card")).to_contain_text("<img src=x")
    assert await page.title() != "broken"
