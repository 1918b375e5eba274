"""Cases in the browser: registered, passed on, planned, approved; their list; a call about an open one. CPL, TKT-4"""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from crm.cases.rights import Actor
from crm.cases.steps import CallStep, PassedOn, PlanProposed, Registered, Started
from crm.journal.events import AgentAnswered, AgentOffered, CallEnded, TalkStarted
from crm.tickets.model import Severity, TicketKind
from crm.use_cases.cases import CaseService
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture
from tests.fakes.desk_messages import card


async def answered(hall: Hall, call: str = "c1", ani: str = "13812345678", agent: str = "8003") -> str:
    """A call that the agent has had; its ticket."""
    ticket = await hall.arrive(call, ani)
    await hall.record(
        hall.told(AgentOffered, call, agent=agent, channel_id="a"),
        hall.told(AgentAnswered, call, agent=agent),
        hall.told(TalkStarted, call, agent=agent, agent_channel_id="a", bridge_id="b", recording=None),
        hall.told(CallEnded, call, ended_by="caller", outcome="answered"),
    )
    return ticket


async def taken(hall: Hall, ticket: str, by: str, *steps: CallStep, role: str = "agent") -> None:
    """Steps that somebody has taken already."""
    cases = CaseService(hall.site, hall.store, lambda: datetime.now(UTC), hall.calendar.days)
    who = Actor(name=by, person=by, role=role)
    for step in steps:
        version = (await cases.look(ticket, who)).file.version
        await cases.take(ticket, type(step)(**{**_fields(step), "version": version}), who)


def _fields(step: CallStep) -> dict[str, object]:
    return {name: getattr(step, name) for name in step.__struct_fields__}


COMPLAINT = Registered(kind=TicketKind.COMPLAINT, category="guiding", nature="态度")
MAJOR = Registered(kind=TicketKind.COMPLAINT, severity=Severity.MAJOR, category="guiding", nature="安全")


@pytest.mark.req("CPL-1", "CPL-2", "TKT-3")
async def test_an_agent_registers_a_complaint_and_passes_it_on(hall: Hall, open_page: OpenPage) -> None:
    ticket = await answered(hall)
    page = await open_page("8003", f"/tickets/{ticket}")
    panel = page.get_by_test_id("case-panel")
    await expect(panel).to_contain_text("未登记")
    await picture(page, "new-zh")
    await panel.get_by_test_id("step-registered").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_test_id("step-dialog")
    await dialog.get_by_text("重大", exact=True).click()
    await dialog.get_by_test_id("field-category").click()
    await page.get_by_role("option", name="讲解服务").click()
    await dialog.get_by_test_id("field-written").check()
    await dialog.locator("input[name=nature]").fill("讲解员中途离开")
    await picture(page, "register-zh")
    await dialog.locator("input[name=nature]").press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(panel).to_contain_text("已受理")
    await expect(panel.get_by_test_id("major")).to_be_visible()
    await expect(panel).to_contain_text("要求书面答复")
    await expect(panel.get_by_test_id("clock").first).to_be_visible()
    await panel.get_by_test_id("hindered-solved").focus()
    await expect(panel.get_by_test_id("hindered-solved").get_by_role("tooltip")).to_be_visible()
    await picture(page, "registered-zh")
    await panel.get_by_test_id("step-passed_on").click()
    await dialog.get_by_test_id("step-submit").click()
    await expect(dialog).to_contain_text("请填写此项")
    await dialog.get_by_test_id("field-to").click()
    await page.get_by_role("option", name="展览馆客户援助").click()
    await dialog.locator("input[name=reason]").fill("请尽快回复客户")
    await dialog.locator("input[name=reason]").press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(panel).to_contain_text("展览馆客户援助")
    timeline = page.get_by_test_id("timeline")
    await expect(timeline).to_contain_text("登记为投诉")
    await expect(timeline).to_contain_text("转交展览馆客户援助")
    await expect(timeline).to_contain_text("讲解员中途离开")
    await picture(page, "passed-zh")


@pytest.mark.req("CPL-4", "CPL-2")
async def test_a_plan_is_proposed_and_the_supervisor_approves_it(hall: Hall, open_page: OpenPage) -> None:
    ticket = await answered(hall)
    await taken(hall, ticket, "8003", COMPLAINT, PassedOn(to="aid:hall"))
    page = await open_page("8001", f"/tickets/{ticket}")
    panel = page.get_by_test_id("case-panel")
    await panel.get_by_test_id("step-started").click()
    await expect(panel).to_contain_text("办理中")
    await panel.get_by_test_id("step-plan_proposed").click()
    dialog = page.get_by_test_id("step-dialog")
    await dialog.get_by_label("道歉").check()
    await dialog.get_by_label("培训").check()
    await dialog.locator("textarea[name=text]").fill("向客户致歉，安排重新讲解。")
    await picture(page, "plan-zh")
    await page.keyboard.press("Control+Enter")
    await expect(panel.get_by_test_id("plan")).to_contain_text("待批准")
    await expect(panel).to_contain_text("方案待批")

    supervisor = await open_page("8801", "/cases")
    row = supervisor.get_by_test_id("case-row")
    await expect(row).to_contain_text("方案待批")
    await expect(row).to_contain_text("展览馆客户援助")
    await picture(supervisor, "list-zh")
    await row.get_by_role("link", name=ticket).click()
    await supervisor.get_by_test_id("step-plan_approved").click()
    await supervisor.get_by_test_id("step-dialog").locator("input[name=words]").press("Enter")
    await expect(supervisor.get_by_test_id("plan")).to_contain_text("周岚 8801 已批准")
    await picture(supervisor, "approved-zh")


@pytest.mark.req("CPL-2", "TKT-3")
async def test_what_was_typed_outlives_a_colleagues_step(hall: Hall, open_page: OpenPage) -> None:
    ticket = await answered(hall)
    await taken(hall, ticket, "8003", COMPLAINT, PassedOn(to="aid:hall"))
    page = await open_page("8001", f"/tickets/{ticket}")
    await page.get_by_test_id("step-noted").click()
    dialog = page.get_by_test_id("step-dialog")
    await dialog.locator("textarea[name=text]").fill("客户下午方便接电话")
    await taken(hall, ticket, "8002", Started())
    await dialog.get_by_test_id("step-submit").click()
    await expect(dialog.get_by_test_id("step-problem")).to_contain_text("已被他人更新")
    await expect(dialog.locator("textarea[name=text]")).to_have_value("客户下午方便接电话")
    await expect(page.get_by_test_id("case-panel")).to_contain_text("办理中")
    await dialog.get_by_test_id("step-submit").click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_test_id("timeline")).to_contain_text("客户下午方便接电话")


@pytest.mark.req("CPL-4")
async def test_nobody_approves_a_plan_of_ones_own(hall: Hall, open_page: OpenPage) -> None:
    ticket = await answered(hall)
    await taken(hall, ticket, "8003", MAJOR, PassedOn(to="supervision:hall"))
    plan = PlanProposed(measures=("apology",), text="致歉")
    await taken(hall, ticket, "8801", Started(), plan, role="supervisor")
    page = await open_page("8801", f"/tickets/{ticket}")
    hindered = page.get_by_test_id("hindered-plan_approved")
    await hindered.hover()
    await expect(hindered.get_by_role("tooltip")).to_contain_text("不能审批自己提出的方案")
    await picture(page, "own-plan-zh")


@pytest.mark.req("CPL-8", "TKT-4")
async def test_a_call_about_an_open_complaint_is_attached_to_it(hall: Hall, open_page: OpenPage) -> None:
    first = await answered(hall, "c1", agent="8003")
    await taken(hall, first, "8003", COMPLAINT, PassedOn(to="aid:hall"))
    second = await hall.arrive("c2", "13812345678")
    page = await open_page("8001", "/")
    await expect(page.get_by_test_id("state-badge")).to_be_visible()
    await hall.offer("8001", "c2", second, card())
    await hall.talk("8001", "c2", second)
    notice = page.get_by_test_id("open-cases")
    await expect(notice).to_contain_text("该来电号码有未结投诉")
    await expect(notice).to_contain_text(first)
    await expect(page.get_by_test_id("desk-case").get_by_test_id("step-registered")).to_be_visible()
    await picture(page, "desk-zh")
    await notice.get_by_test_id("attach").click()
    await page.get_by_role("button", name="确定").click()
    await expect(page.get_by_test_id("attached-to")).to_contain_text(first)
    owner = await open_page("8001", f"/tickets/{first}")
    await expect(owner.get_by_test_id("case-panel")).to_contain_text(second)
    await expect(owner.get_by_test_id("timeline")).to_contain_text(f"工单 {second} 归入本单")


@pytest.mark.req("CPL-1")
async def test_a_complaint_is_registered_while_the_customer_is_on_the_line(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8001", "/")
    await expect(page.get_by_test_id("state-badge")).to_be_visible()
    ticket = await hall.arrive("c1", "13812345678")
    await hall.offer("8001", "c1", ticket, card())
    await hall.talk("8001", "c1", ticket)
    await page.locator("textarea[name=matter]").fill("讲解员中途离开")
    await page.get_by_test_id("step-registered").click()
    dialog = page.get_by_test_id("step-dialog")
    await dialog.locator("input[name=nature]").press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_test_id("desk-case")).to_contain_text("已受理")
    await expect(page.locator("textarea[name=matter]")).to_have_value("讲解员中途离开")
    await page.get_by_test_id("save").click()
    await expect(page.get_by_test_id("unsaved")).to_have_count(0)
    await picture(page, "desk-registered-zh")


@pytest.mark.req("TKT-4", "CPL-1")
async def test_the_list_is_narrowed_and_says_so_when_it_is_empty(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page("8001", "/cases")
    await expect(page.get_by_test_id("cases")).to_contain_text("还没有登记过的工单")
    calm, major = await answered(hall, "c1"), await answered(hall, "c2", "13900001111")
    await taken(hall, calm, "8003", COMPLAINT)
    await taken(hall, major, "8003", MAJOR, PassedOn(to="department:reception"))
    await page.reload()
    await expect(page.get_by_test_id("case-row")).to_have_count(2)
    await picture(page, "list-two-zh")
    await page.get_by_test_id("filter-severity").click()
    await page.get_by_role("option", name="重大").click()
    await expect(page.get_by_test_id("case-row")).to_have_count(1)
    await expect(page.get_by_test_id("case-row")).to_contain_text(major)
    await page.get_by_test_id("mine").check()
    await expect(page.get_by_test_id("cases")).to_contain_text("没有符合条件的工单")
    await expect(page.get_by_test_id("tab-late")).to_have_count(0)
    await page.get_by_test_id("tab-due").click()
    await expect(page.get_by_test_id("deadlines")).to_contain_text("没有临期或超时的时限")


@pytest.mark.req("CPL-6", "CPL-9")
async def test_cases_speak_english_too(hall: Hall, open_page: OpenPage) -> None:
    ticket = await answered(hall)
    await taken(hall, ticket, "8003", MAJOR, PassedOn(to="aid:hall"))
    page = await open_page("8801", "/cases")
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_test_id("case-row")).to_contain_text("Received")
    await expect(page.get_by_test_id("case-row")).to_contain_text("Hall: customer aid")
    await picture(page, "list-en")
    await page.get_by_test_id("tab-late").click()
    await expect(page.get_by_test_id("accountability")).to_contain_text("Nothing was late in this time")
    await picture(page, "late-en")
    await page.goto(f"{hall.url}/tickets/{ticket}")
    await expect(page.get_by_test_id("case-panel")).to_contain_text("Category")
    await expect(page.get_by_test_id("timeline")).to_contain_text("Passed on to Hall: customer aid")
    await picture(page, "ticket-en")
