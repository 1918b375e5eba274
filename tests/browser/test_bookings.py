"""Visits in the browser: from the ticket to a booking and its end; appointments; figures. BKG-1 to BKG-5."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.async_api import expect

from crm.bookings.model import Aftermath, Booking, BookingRequest, BookingStep
from crm.bookings.slots import slots_of
from crm.journal.events import AgentAnswered, AgentOffered, CallEnded, TalkStarted
from crm.use_cases.bookings.desk import BookingDesk
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture


async def answered(hall: Hall, call: str = "c1", ani: str = "13812345678") -> str:
    """A call that 8001 has had; its ticket."""
    ticket = await hall.arrive(call, ani)
    await hall.record(
        hall.told(AgentOffered, call, agent="8001", channel_id="a"),
        hall.told(AgentAnswered, call, agent="8001"),
        hall.told(TalkStarted, call, agent="8001", agent_channel_id="a", bridge_id="b", recording=None),
        hall.told(CallEnded, call, ended_by="caller", outcome="answered"),
    )
    return ticket


async def booked(hall: Hall, ticket: str, days: int, hour: str, party: int, language: str | None = None) -> Booking:
    """A booking that is there already."""
    desk = BookingDesk(hall.site, hall.store, lambda: datetime.now(hall.site.zone), hall.calendar.days)
    day = datetime.now(hall.site.zone).date() + timedelta(days=days)
    ((_, _, slots),) = await desk.slots(day, 1)
    slot = next(each.slot for each in slots if f"{each.slot.starts:%H:%M}" == hour)
    wish = BookingRequest(
        party=party, language=language, guide=None, contact_name="李明", contact_number="13900001111", note=""
    )
    return await desk.book(f"{days}{hour}{party}", ticket, slot.starts_at, wish, by="8001")


@pytest.mark.req("BKG-1", "BKG-2")
async def test_a_visit_is_booked_from_the_ticket_and_told_to_the_customer(hall: Hall, open_page: OpenPage) -> None:
    ticket = await answered(hall)
    day = datetime.now(hall.site.zone).date() + timedelta(days=1)
    await booked(hall, ticket, 1, "10:00", 10)
    await booked(hall, ticket, 1, "14:00", 6)
    page = await open_page("8001", f"/tickets/{ticket}")
    await expect(page.get_by_test_id("ticket-bookings")).to_contain_text("10 人")
    await picture(page, "ticket-zh")
    await page.get_by_test_id("book-for-ticket").click()
    await expect(page.get_by_test_id("for-ticket")).to_contain_text(ticket)
    column = page.get_by_test_id(f"day-{day}")
    await expect(column.get_by_test_id("slot-10:00")).to_contain_text("已满")
    await expect(column.get_by_test_id("slot-10:00")).to_be_disabled()
    await expect(column.get_by_test_id("slot-14:00")).to_contain_text("余 4")
    await picture(page, "week-zh")
    await column.get_by_test_id("slot-14:00").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_test_id("book-dialog")
    await expect(dialog).to_contain_text(ticket)
    await dialog.locator("input[name=party]").fill("5")
    await dialog.locator("input[name=contact_name]").fill("王芳女士")
    await picture(page, "dialog-zh")
    await dialog.get_by_test_id("book-submit").click()
    await expect(dialog.get_by_test_id("book-problem")).to_contain_text("剩余名额不足")
    await dialog.locator("input[name=party]").fill("3")
    await dialog.get_by_test_id("book-language").click()
    await page.get_by_role("option", name="英语").click()
    await dialog.get_by_test_id("book-submit").click()
    confirmation = page.get_by_test_id("confirmation")
    await expect(confirmation).to_contain_text("Please bring a valid identity document")
    await confirmation.get_by_text("中文").click()
    await expect(confirmation).to_contain_text("请携带有效身份证件")
    await expect(confirmation.get_by_test_id("sent")).to_contain_text("须口头告知")
    await expect(page.get_by_test_id("booking-facts")).to_contain_text("林若溪")
    await confirmation.get_by_test_id("mark-told").click()
    await expect(confirmation.get_by_test_id("told")).to_contain_text("已告知")
    await expect(page.get_by_test_id("history")).to_contain_text("登记预约")
    await picture(page, "booking-zh")
    await page.get_by_test_id("step-arrive").click()
    await expect(page.get_by_test_id("booking-refused")).to_contain_text("还没有到时间")
    await page.get_by_test_id("step-cancel").click()
    await page.get_by_role("button", name="确定").click()
    await expect(page.get_by_test_id("booking-facts").get_by_test_id("state")).to_contain_text("已取消")
    await expect(page.get_by_test_id("confirmation")).to_have_count(0)


@pytest.mark.req("BKG-1")
async def test_a_booking_is_moved_and_found_in_the_list_in_english(hall: Hall, open_page: OpenPage) -> None:
    ticket = await answered(hall)
    row = await booked(hall, ticket, 1, "11:00", 4, "zh")
    page = await open_page("8002", "/bookings/list")
    await page.get_by_test_id("language").click()
    line = page.get_by_test_id(f"booking-{row.id}")
    await expect(line).to_contain_text("Booked")
    await expect(line).to_contain_text("139****1111")
    await picture(page, "list-en")
    await line.get_by_role("link").click()
    await page.get_by_test_id("change-booking").click()
    dialog = page.get_by_test_id("book-dialog")
    await dialog.get_by_test_id("book-slot").click()
    await page.get_by_role("option", name="15:00–").click()
    await dialog.get_by_test_id("book-submit").click()
    await expect(page.get_by_test_id("booking-facts")).to_contain_text("15:00–16:00")
    await expect(page.get_by_test_id("history")).to_contain_text("Moved")
    await picture(page, "booking-en")
    await page.get_by_role("link", name="Visits", exact=False).first.click()
    await page.get_by_text("Day", exact=True).click()
    await page.get_by_test_id("later").click()
    await expect(page.get_by_test_id("bookings")).to_contain_text("李明")
    await picture(page, "day-en")


@pytest.mark.req("BKG-5", "FUP-3")
async def test_an_appointment_at_short_notice_needs_a_reason_and_is_cancelled(hall: Hall, open_page: OpenPage) -> None:
    ticket = await answered(hall)
    page = await open_page("8001", f"/bookings/appointments?ticket={ticket}")
    await page.get_by_test_id("new-appointment").click()
    dialog = page.get_by_test_id("appointment-dialog")
    await dialog.locator("input[name=place]").fill("文三路 1 号")
    soon = (datetime.now(hall.site.zone) + timedelta(days=1)).strftime("%Y-%m-%d 10:00")
    when = dialog.locator(".el-date-editor input")
    await when.fill(soon)
    await when.press("Enter")
    await dialog.get_by_test_id("appointment-agreed").check()
    await dialog.get_by_test_id("appointment-submit").click()
    await expect(dialog).to_contain_text("不足 3 天")
    await picture(page, "appointment-dialog-zh")
    await dialog.locator("input[name=because]").fill("客户家中漏水")
    await dialog.get_by_test_id("appointment-submit").click()
    row = page.get_by_test_id("appointments").locator("tbody tr")
    await expect(row).to_contain_text("已约定")
    await expect(row).to_contain_text("提前 1 天约定")
    await picture(page, "appointments-zh")
    await row.get_by_test_id("do-miss").click()
    await expect(page.get_by_test_id("appointment-refused")).to_contain_text("还没有到时间")
    await row.get_by_test_id("do-cancel").click()
    await expect(row).to_contain_text("已取消")


@pytest.mark.req("BKG-4")
async def test_figures_are_for_supervisors(hall: Hall, open_page: OpenPage) -> None:
    ticket = await answered(hall)
    visits = hall.site.bookings.visits
    assert visits is not None
    slot = slots_of(datetime.now(hall.site.zone).date(), visits, "working", hall.site.zone)[0]
    wish = BookingRequest(
        party=4,
        language="zh",
        guide=None,
        contact_name="李明",
        contact_number="",
        note="",
    )
    after = Aftermath(reminder_at=None, queue="hotline", message=lambda row: None)
    came = await hall.store.bookings.book("k", ticket, slot, wish, lambda taken: "he", after, by="8001")
    await hall.store.bookings.step(came.id, BookingStep.ARRIVE, 1, by="8001")
    page = await open_page("8801", "/bookings/figures")
    await page.get_by_text("按语言").click()
    table = page.get_by_test_id("visit-figures")
    await expect(table.locator("tbody tr")).to_have_text(re.compile(r"^中文\s*1\s*4\s*1\s*4\s*1\s*0\s*0%\s*0\s*–$"))
    await expect(table.locator("tfoot")).to_contain_text("合计")
    await picture(page, "figures-zh")
    agent = await open_page("8001", "/bookings/figures")
    await expect(agent.get_by_test_id("slots")).to_be_visible()
    await expect(agent.get_by_test_id("view-figures")).to_have_count(0)
