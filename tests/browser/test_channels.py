"""Other channels in the browser: the public form without a login, registering by hand with files, audit, web hooks."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from app.channels.raw_mails import RawMails
from config.ids import AgentId
from crm.tickets.model import TicketForm
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture


async def english(page: Page) -> None:
    await page.evaluate("localStorage.setItem('sanxiang.locale', 'en')")
    await page.reload()


@pytest.mark.req("TKT-1")
async def test_anybody_writes_without_a_login_on_a_telephone_and_hears_the_number(
    hall: Hall, open_page: OpenPage
) -> None:
    page = await open_page(None, "/contact")
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(page.get_by_role("heading", name="留言与投诉")).to_be_visible()
    await picture(page, "contact")
    await page.get_by_test_id("send").click()
    await expect(page.get_by_text("请写下您想反映的事情")).to_be_visible()
    await page.get_by_label("类型").select_option("complaint")
    await page.get_by_label("事项").select_option("guiding")
    await page.get_by_label("您想反映的事情").fill("<img src=x onerror=alert(1)> 讲解员迟到")
    await page.get_by_test_id("send").click()
    await expect(page.get_by_text("没有联系方式")).to_be_visible()
    await page.get_by_label("电话或电子邮箱").fill("138 1234 5678")
    await page.get_by_test_id("send").press("Enter")
    number = await page.get_by_test_id("ticket-number").inner_text()
    due = (datetime.now(hall.site.zone) + timedelta(hours=24)).strftime("%H:")
    await expect(page.get_by_test_id("received")).to_contain_text(f" {due}")
    await picture(page, "contact-received")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    await hall.projector.caught_up()
    ticket = await hall.store.tickets.get(number)
    assert ticket is not None and ticket.contact_number == "138 1234 5678" and ticket.kind == "complaint"
    staff = await open_page("8001", f"/tickets/{number}")
    await expect(staff.get_by_test_id("timeline")).to_contain_text("收到：网上表单")
    await english(page)
    await expect(page.get_by_role("heading", name="Write to us")).to_be_visible()
    await picture(page, "contact-en")


@pytest.mark.req("TKT-1", "TKT-3")
async def test_a_letter_is_registered_with_its_files_and_found_on_its_ticket(
    hall: Hall, open_page: OpenPage, tmp_path: Path
) -> None:
    scan, program = tmp_path / "来信 扫描.pdf", tmp_path / "setup.txt"
    scan.write_bytes(b"%PDF-1.7\n%scan")
    program.write_bytes(b"MZ\x00\x01")
    page = await open_page("8001", "/")
    await page.get_by_role("link", name="登记").click()
    await expect(page.get_by_test_id("recent")).to_contain_text("还没有其他渠道的工单")
    await page.get_by_test_id("channel").get_by_text("12315 转办").click()
    await page.get_by_label("来文编号").fill("市监转〔26〕118号")
    await page.get_by_test_id("kind").select_option("complaint")
    await page.get_by_test_id("category").select_option("guiding")
    await page.get_by_test_id("register").click()
    await expect(page.get_by_text("请填写事由")).to_be_visible()
    await page.get_by_label("事由").fill("讲解员中途离场，未作说明")
    await page.get_by_label("姓名").fill("王建国")
    await page.get_by_label("联系电话").fill("13812345678")
    await page.get_by_test_id("choose-files").set_input_files([scan, program])
    await picture(page, "intake")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("registered")).to_contain_text("已登记")
    await expect(page.get_by_test_id("not-kept")).to_contain_text("setup.txt")
    await expect(page.get_by_test_id("ticket-line")).to_contain_text("讲解员中途离场")
    await picture(page, "intake-done")
    await page.get_by_role("link", name="打开工单").click()
    files = page.get_by_test_id("files")
    await expect(files).to_contain_text("来信 扫描.pdf")
    async with page.expect_download() as waited:
        await files.get_by_test_id("file").click()
    saved = await (await waited.value).path()
    assert await asyncio.to_thread(saved.read_bytes) == b"%PDF-1.7\n%scan"
    await expect(page.get_by_test_id("arrival")).to_contain_text("市监转〔26〕118号")
    await picture(page, "ticket-files")
    await english(page)
    await expect(page.get_by_test_id("timeline")).to_contain_text("Received: 12315 referral")
    assert len((await hall.store.tickets.list()).items) == 1


@pytest.mark.req("CUS-4")
async def test_administrators_read_the_trail_and_nobody_else_does(hall: Hall, open_page: OpenPage) -> None:
    ticket = await hall.arrive("c1", "13812345678")
    for version, matter in enumerate(("问路", "问票价"), start=1):
        await hall.store.tickets.save_form(ticket, TicketForm(matter=matter), by=AgentId("8001"), version=version)
    page = await open_page("8901", "/audit")
    changes = page.get_by_test_id("act").filter(has_text="修改")  # logging in and reading the trail are on it, too
    await expect(changes).to_have_count(2)
    await picture(page, "audit")
    await page.get_by_label("操作人").fill("8002")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("没有符合条件的记录")).to_be_visible()
    await page.get_by_role("button", name="清除条件").click()
    await expect(changes).to_have_count(2)
    await english(page)
    await expect(page.get_by_role("heading", name="Audit trail")).to_be_visible()
    agent = await open_page("8001", "/audit")
    await expect(agent.get_by_text("只有管理员可以查看审计记录")).to_be_visible()
    await expect(agent.get_by_role("link", name="审计")).to_have_count(0)


async def test_a_subscription_is_made_tried_and_its_secret_shown_once(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8901", "/webhooks")
    await expect(page.get_by_text("还没有订阅")).to_be_visible()
    await page.get_by_label("地址").fill("http://127.0.0.1/hook")
    await page.get_by_test_id("add").click()
    await expect(page.get_by_test_id("problem")).to_be_visible()
    await page.get_by_label("地址").fill("https://crm.example.cn/hook")
    await page.get_by_test_id("add").click()
    await expect(page.get_by_test_id("secret")).to_contain_text("只显示这一次")
    await page.get_by_test_id("ping").click()
    await page.get_by_test_id("deliveries").click()
    await expect(page.get_by_test_id("delivery-list")).to_contain_text("webhook.ping")
    await picture(page, "webhooks")
    await page.reload()
    await expect(page.get_by_test_id("hook")).to_contain_text("crm.example.cn")
    await expect(page.get_by_test_id("secret")).to_have_count(0)
    await english(page)
    await expect(page.get_by_test_id("hook")).to_contain_text("1 waiting")


async def set_aside(hall: Hall, place: str) -> None:
    """A mail that two tries came to nothing with."""
    raw = b"From: <a \xff\x00 poison"
    await hall.store.aside.begin(place)
    await hall.store.aside.note(place, "time: killed")
    await hall.store.aside.keep(place, file=RawMails(hall.data.raw_mails).keep(raw), size=len(raw))


@pytest.mark.req("TKT-1", "OPS-7")
async def test_mails_that_could_not_be_read_are_dealt_with_by_the_keyboard(
    hall: Hall, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page("8801", "/aside-mails")
    await expect(page.get_by_text("没有待处理的邮件")).to_be_visible()
    await set_aside(hall, "box:1:1")
    await set_aside(hall, "box:1:2")
    await page.reload()
    mails = page.get_by_test_id("aside-mail")
    await expect(mails).to_have_count(2)
    async with page.expect_download() as coming:
        await mails.first.get_by_test_id("download").click()
    download = await coming.value
    await download.save_as(tmp_path / "mail.eml")
    assert (tmp_path / "mail.eml").read_bytes().endswith(b"poison")
    await mails.first.get_by_test_id("register").press("Enter")
    await page.get_by_test_id("carry-out").press("Enter")
    await expect(page.get_by_text("请填写事由")).to_be_visible()
    await page.get_by_label("事由").fill("来信看不清，已电话核实")
    await page.get_by_label("电子邮箱").fill("wang@example.cn")
    await picture(page, "aside-mails")
    await page.get_by_test_id("carry-out").press("Enter")
    await expect(page.get_by_test_id("made")).to_contain_text("已登记")
    await expect(mails).to_have_count(1)
    await mails.first.get_by_test_id("dismiss").press("Enter")
    await page.get_by_label("搁置原因").fill("广告")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("没有待处理的邮件")).to_be_visible()
    await english(page)
    await expect(page.get_by_text("No mails to deal with")).to_be_visible()
