"""The head of the call in each of its states: nothing lies on anything else, whatever the language and the width."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from app.web.wire.desk_messages import ScreenPop
from routing.agent import AgentState
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture
from tests.fakes.desk_messages import card

WIDTHS = (1440, 1280, 390)

OVERLAPS = """header => {
    const shown = [...header.querySelectorAll("button, h1, p, small, strong")]
        .map(e => ({ e, name: e.dataset.testid ?? e.textContent.trim(), box: e.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0 && box.height > 0);
    const faults = [];
    for (const one of shown) {
        const edge = header.getBoundingClientRect();
        if (one.box.left < edge.left || one.box.right > edge.right + 0.5) faults.push(`${one.name} sticks out`);
        for (const other of shown) {
            if (one === other || one.e.contains(other.e) || other.e.contains(one.e)) continue;
            const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
            const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
            if (across > 0.5 && down > 0.5) faults.push(`${one.name} and ${other.name}`);
        }
    }
    for (const button of header.querySelectorAll("button")) {
        button.scrollIntoView({ block: "center" });
        const { left, top, width, height } = button.getBoundingClientRect();
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        if (!button.contains(hit)) faults.push(`${button.dataset.testid} cannot be clicked`);
    }
    return faults;
}"""
"""Names of texts and buttons that overlap, stick out, or cannot be hit in their middle."""


async def states(hall: Hall, page: Page) -> AsyncIterator[str]:
    """Every state of a call that the head shows, one after the other, each on the page when it is named."""
    stage, header = page.get_by_test_id("stage"), page.get_by_test_id("call-header")
    ticket = await hall.arrive("c1", "13812345678")
    await hall.offer("8001", "c1", ticket, card(came_from=["aid"], language="en"))
    await expect(header).to_have_attribute("data-stage", "ringing")
    yield "ringing"
    await hall.talk("8001", "c1", ticket, since=datetime.now(UTC) - timedelta(minutes=61))
    await expect(page.get_by_test_id("talk-clock")).to_have_attribute("data-pace", "calm")
    yield "talking"
    hall.progress("8001", "c1", ticket, "hold")
    await expect(header).to_have_attribute("data-stage", "hold")
    yield "hold"
    await expect(page.get_by_test_id("save")).to_be_enabled()
    await page.fill("textarea[name=matter]", "还没保存")
    await hall.hang_up("8001", "c1", ticket, wrap_up_s=3_000)
    await expect(page.get_by_test_id("end-wrap-up")).to_be_visible()
    yield "wrap-up"
    hall.acd.now("8001", "available")
    await expect(page.get_by_test_id("put-away")).to_be_visible()
    yield "ended"
    hall.acd.now("8001", "reserved", call_id="c9", until=datetime.now(UTC) + timedelta(seconds=300))
    shown = card(kind="callback", due_call="d1", reason="答复讲解安排", waited_s=None)
    hall.hub.publish("8001", ScreenPop(call="c9", ticket=ticket, pop=shown))
    await expect(page.get_by_test_id("callback-offer")).to_be_visible()
    yield "callback offered"
    for pace, talked_s in (("amber", 155), ("red", 185)):
        call = f"c-{pace}"
        ticket = await hall.arrive(call, "13812345678")
        await hall.offer("8001", call, ticket, card())
        await hall.talk("8001", call, ticket, since=datetime.now(UTC) - timedelta(seconds=talked_s), outbound=True)
        await expect(page.get_by_test_id("talk-clock")).to_have_attribute("data-pace", pace)
        yield pace
    await hall.hang_up("8001", call, ticket, wrap_up_s=3_000)
    await expect(page.get_by_test_id("end-wrap-up")).to_be_visible()
    await expect(stage).not_to_be_empty()
    yield "wrap-up of an outbound talk"


@pytest.mark.req("TEL-8")
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_nothing_in_the_head_lies_on_anything_else(hall: Hall, open_page: OpenPage, language: str) -> None:
    page = await open_page()
    await page.evaluate("language => localStorage.setItem('sanxiang.locale', language)", language)
    await page.reload()
    await expect(page.get_by_test_id("idle")).to_be_visible()
    faults = []
    async for state in states(hall, page):
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            await picture(page, f"head-{state}-{language}-{width}")
            found = await page.get_by_test_id("call-header").evaluate(OVERLAPS)
            faults += [f"{state}, {width}: {one}" for one in found]
    assert faults == []


async def test_the_two_choices_of_wrap_up_are_clicked_each(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page()
    ticket = await hall.arrive("c1", "13812345678")
    await hall.offer("8001", "c1", ticket, card())
    await hall.talk("8001", "c1", ticket)
    await hall.hang_up("8001", "c1", ticket, wrap_up_s=20)
    before = hall.acd.agent("8001").until
    async with page.expect_response("**/wrap-up"):
        await page.get_by_test_id("extend-wrap-up").click()
    after = hall.acd.agent("8001").until
    assert before and after and after - before == timedelta(seconds=30)
    await page.get_by_test_id("end-wrap-up").click()
    await expect(page.get_by_test_id("idle")).to_be_visible()
    assert hall.acd.agent("8001").state is AgentState.AVAILABLE
