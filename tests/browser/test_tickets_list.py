"""The list of all tickets in the browser: search with the hit marked, filters in the address, by keyboard. TKT-7."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from config.ids import AgentId
from crm.journal.events import CallEnded
from crm.tickets.model import TicketForm, TicketKind
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture

pytestmark = pytest.mark.req("TKT-7")

TEXTS = [
    TicketForm(kind=TicketKind.CONSULTATION, matter="咨询团体参观的开放时间", contact_name="李女士"),
    TicketForm(kind=TicketKind.COMPLAINT, matter="投诉停车费计算有误", wish="要求退费"),
    TicketForm(kind=TicketKind.COMPLAINT, matter="电话久候", note="客户投诉排队时间过长，已致歉"),
]


async def write(hall: Hall) -> list[str]:
    numbers = []
    for count, form in enumerate(TEXTS):
        number = await hall.arrive(f"c{count}", f"1381234567{count}")
        await hall.record(CallEnded(call_id=f"c{count}", at=datetime.now(UTC), ended_by="caller", outcome="answered"))
        row = await hall.store.tickets.get(number)
        assert row is not None
        await hall.store.tickets.save_form(number, form, by=AgentId("8801"), version=row.version)
        numbers.append(number)
    return numbers


async def test_a_ticket_is_found_by_what_is_written_on_it(hall: Hall, open_page: OpenPage) -> None:
    numbers = await write(hall)
    page = await open_page("8801", "/tickets")
    rows = page.get_by_test_id("ticket-row")
    await expect(rows).to_have_count(3)
    await page.keyboard.press("/")
    await page.keyboard.type("投诉")
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text(numbers[2])
    await expect(rows.first.get_by_test_id("snippet").locator("mark")).to_have_text("投诉")
    await expect(rows.first.get_by_test_id("snippet")).to_contain_text("排队时间过长")
    await picture(page, "tickets-zh")
    await page.get_by_test_id("search-box").fill("投诉 -停车费")
    await page.get_by_test_id("search-go").click()
    await expect(rows).to_have_count(1)
    again = await open_page("8801", page.url.removeprefix(hall.url))
    await expect(again.get_by_test_id("ticket-row")).to_have_count(1)
    await rows.first.get_by_role("link").click()
    await expect(page.get_by_role("heading", name=numbers[2])).to_be_visible()


async def test_filters_narrow_the_list_and_an_empty_answer_says_what_to_do(hall: Hall, open_page: OpenPage) -> None:
    await write(hall)
    page = await open_page("8001", "/tickets?kind=complaint")
    rows = page.get_by_test_id("ticket-row")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("138****567")
    await page.get_by_test_id("search-box").fill("团体")
    await page.get_by_test_id("search-box").press("Enter")
    await expect(page.get_by_text("没有找到符合条件的工单")).to_be_visible()
    await page.get_by_test_id("clear").click()
    await expect(rows).to_have_count(3)
    await page.get_by_test_id("search-box").fill("-投诉")
    await page.get_by_test_id("search-box").press("Enter")
    await expect(page.get_by_test_id("search-fault")).to_contain_text("至少一个")
    await page.get_by_test_id("language").click()
    await page.get_by_test_id("clear").click()
    await expect(page.get_by_text("3 shown, the newest first")).to_be_visible()
    await picture(page, "tickets-en")
