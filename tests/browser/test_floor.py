"""The supervisor's hand on the floor, in the browser: supervise, move, close; and a message from desk to desk."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall


@pytest.mark.req("QUA-5")
async def test_a_talk_is_supervised_by_the_keyboard(hall: Hall, open_page: OpenPage) -> None:
    hall.acd.now("8001", "talking", call_id="c1", missed={"rona": 2, "rejected": 1})
    hall.acd.now("8002", "not_ready", reason="break", by="8801")
    page = await open_page("8801", "/supervisor")
    row = page.get_by_test_id("talk-8001")
    await row.get_by_test_id("supervise-listen").focus()
    await page.keyboard.press("Enter")
    await expect(row.get_by_test_id("supervised-by")).to_contain_text("8801 号监听中")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(row.get_by_test_id("supervise-whisper")).to_have_attribute("aria-pressed", "true")
    assert (found := hall.acd.agent("8001").supervision) is not None and found.mode == "whisper"
    await row.get_by_test_id("supervise-stop").click()
    await expect(row.get_by_test_id("supervised-by")).to_have_count(0)
    await row.get_by_test_id("supervise-takeover").click()
    await page.get_by_role("button", name="取消").click()
    assert hall.acd.agent("8001").supervision is None
    await expect(page.get_by_test_id("agent-8001").get_by_test_id("missed")).to_contain_text("三声未接 2 · 话机拒接 1")
    await expect(page.get_by_test_id("agent-8002")).to_contain_text("由 8801 设置")
    await expect(page.get_by_test_id("talk-8002")).to_have_count(0)


@pytest.mark.req("TEL-6")
async def test_a_caller_is_moved_and_a_queue_closed_with_a_reason_and_opened(hall: Hall, open_page: OpenPage) -> None:
    hall.acd.enqueue("hotline", "c1", "20261122-0001", "13812345678", datetime.now(UTC))
    page = await open_page("8801", "/supervisor")
    callers = page.get_by_test_id("waiting-callers")
    await callers.get_by_test_id("move-to").select_option("aid")
    await expect(page.get_by_text("排队时间保留")).to_be_visible()
    queues = {view.queue: view.waiting for view in hall.acd.queues()}
    assert (queues["hotline"], queues["aid"]) == (0, 1)
    await page.get_by_test_id("queue-hotline").get_by_test_id("close-queue").click()
    await page.get_by_role("button", name="暂停受理").last.click()
    await expect(page.get_by_text("请填写原因（不超过")).to_be_visible()
    await page.get_by_placeholder("例如").fill("停电")
    await page.keyboard.press("Enter")
    await expect(callers.get_by_test_id("closed")).to_contain_text("停电（8801）")
    board = await open_page("8801", "/wallboard")
    await expect(board.get_by_test_id("queue-hotline").get_by_test_id("closed")).to_contain_text("暂停受理")
    await page.get_by_test_id("queue-hotline").get_by_test_id("open-queue").click()
    await expect(callers.get_by_test_id("closed")).to_have_count(0)
    await expect(board.get_by_test_id("closed")).to_have_count(0)


@pytest.mark.req("TEL-7")
async def test_a_message_is_on_the_colleagues_desk_at_once_and_its_receipt_comes_back(
    hall: Hall, open_page: OpenPage
) -> None:
    sender, reader = await open_page("8001"), await open_page("8002")
    await expect(reader.get_by_test_id("messages")).to_contain_text("没有留言")
    await sender.get_by_test_id("write-message").click()
    await sender.get_by_test_id("message-recipient").select_option("8002")
    await sender.get_by_test_id("message-text").fill("请给王女士回电")
    await sender.get_by_test_id("send-message").click()
    await expect(sender.get_by_test_id("receipt")).to_contain_text("未阅")
    await expect(reader.get_by_test_id("message")).to_contain_text("请给王女士回电")
    await expect(reader.get_by_test_id("unread")).to_contain_text("1")
    await reader.get_by_test_id("read-message").click()
    await expect(sender.get_by_test_id("receipt")).to_contain_text("已阅")
    await expect(reader.get_by_test_id("unread")).to_have_count(0)
    late = await open_page("8002")
    await expect(late.get_by_test_id("message")).to_contain_text("请给王女士回电")
