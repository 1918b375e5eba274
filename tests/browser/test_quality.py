"""Quality control, knowledge cards and suggestions in the browser: drawn and scored; found; passed on and decided."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from crm.journal.events import AgentMissed, CallArrived, CallEnded, SurveyAnswered, TalkStarted
from crm.quality.scorecard import Marks
from crm.rights import Principal
from crm.tickets.model import TicketForm, TicketKind
from crm.use_cases import quality as service
from tests.browser.conftest import OpenPage
from tests.browser.hall import Hall
from tests.browser.pictures import picture
from tests.fakes.acting_ports import ports_of
from tests.integration.web.conftest import write_sound

SUPERVISOR = Principal(name="8801", agent="8801", role="supervisor")


async def recorded(hall: Hall, call: str, agent: str, seconds: float = 95, satisfaction: int = 5) -> str:
    """A talk that has been recorded. Returns its ticket."""
    ticket = hall.journal.next_ticket_number(datetime.now(hall.site.zone).date())
    said = {"ticket": ticket, "channel_id": call, "direction": "inbound", "dnis": "4008100002", "ani": "13812345678"}
    legs = {"agent_channel_id": f"a-{call}", "bridge_id": f"b-{call}", "recording": f"{call}.wav"}
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    await hall.record(
        hall.told(CallArrived, call, caller_name="", line="hotline", **said),
        hall.told(TalkStarted, call, agent=agent, **legs),
        hall.told(SurveyAnswered, call, agent=agent, queue="hotline", score=satisfaction),
        CallEnded(event_id=f"{call}.end", at=end, call_id=call, ended_by="caller", outcome="answered"),
    )
    write_sound(hall.data.recordings / f"{call}.wav")
    return ticket


@pytest.mark.req("QUA-2")
async def test_a_supervisor_draws_and_scores_and_the_agent_objects(hall: Hall, open_page: OpenPage) -> None:
    ticket = await recorded(hall, "c1", "8001")
    page = await open_page("8801", "/quality")
    await expect(page.get_by_text("没有抽检记录")).to_be_visible()
    await page.get_by_test_id("week").select_option(index=0)
    await page.get_by_test_id("draw").click()
    await expect(page.get_by_test_id("check")).to_have_count(1)
    await expect(page.get_by_test_id("check-detail")).to_contain_text(ticket)
    await page.get_by_test_id("play").click()
    await expect(page.locator("audio")).to_have_count(1)
    await page.get_by_test_id("points-warm").fill("5")
    await expect(page.get_by_test_id("sum")).to_have_text("85")
    await page.get_by_test_id("forbidden-arguing").check()
    await expect(page.get_by_test_id("sum")).to_have_text("0")
    await picture(page, "score-zh")
    await page.get_by_test_id("forbidden-arguing").uncheck()
    await page.get_by_test_id("comment").fill("语速稍快，建议先复述诉求")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("score")).to_have_text("85")
    await expect(page.get_by_test_id("marks")).to_contain_text("5 / 20")

    agent = await open_page("8001", "/quality")
    await expect(agent.get_by_test_id("score")).to_have_text("85")
    await expect(agent.get_by_test_id("draw")).to_have_count(0)
    await agent.get_by_test_id("objection").fill("第 1 分钟已复述诉求")
    await agent.get_by_test_id("answer").click()
    await expect(agent.get_by_test_id("check-detail")).to_contain_text("第 1 分钟已复述诉求")
    await picture(agent, "objected-zh")

    await page.reload()
    await page.get_by_test_id("decision").fill("有理，改为满分")
    await page.get_by_test_id("revise").click()
    await page.get_by_test_id("points-warm").fill("20")
    await page.get_by_test_id("save-score").click()
    await expect(page.get_by_test_id("score")).to_have_text("100")
    await expect(page.get_by_test_id("check")).to_contain_text("异议已裁定")


@pytest.mark.req("QUA-3", "QUA-4")
async def test_the_month_shows_scores_and_grades_and_what_there_is_no_data_for(hall: Hall, open_page: OpenPage) -> None:
    for number, (agent, liked) in enumerate((("8001", 5), ("8001", 4), ("8002", 2))):
        await recorded(hall, f"c{number}", agent, satisfaction=liked)
    year, week, _ = datetime.now(hall.site.zone).isocalendar()
    ports = ports_of(hall.site, hall.store, SUPERVISOR)
    await service.draw_week(ports, f"{year}-W{week:02}")
    for check in (await hall.store.checks.list()).items:
        points = {"polite": 40, "warm": 20 if check.agent == "8001" else 0, "correct": 35}
        marks = Marks(points=points)
        await service.score_check(ports, str(check.id), marks, version=1)
    page = await open_page("8801", "/quality#month")
    good, poor = page.get_by_test_id("row-8001"), page.get_by_test_id("row-8002")
    await expect(good).to_contain_text("优秀")
    await expect(good).to_contain_text("按 80% 权重")
    await expect(poor).to_contain_text("不合格")
    await expect(poor).to_contain_text("0/1")
    await expect(page.get_by_test_id("row-8003")).to_contain_text("未评")
    await expect(page.get_by_test_id("row-reception")).to_be_visible()
    await expect(page.get_by_test_id("close-month")).to_have_count(0)
    await page.get_by_text("如何计算").click()
    await picture(page, "month-zh")
    agent = await open_page("8002", "/quality#month")
    await expect(agent.get_by_test_id("row-8002")).to_be_visible()
    await expect(agent.get_by_test_id("row-8001")).to_have_count(0)
    await agent.get_by_role("button", name="English").click()
    await expect(agent.get_by_test_id("row-8002")).to_contain_text("Failed")
    await picture(agent, "month-en")


@pytest.mark.req("QUA-6")
async def test_a_reward_and_the_days_missed_calls_are_on_the_file(hall: Hall, open_page: OpenPage) -> None:
    await hall.arrive("c1", "13812345678")
    await hall.record(hall.told(AgentMissed, "c1", agent="8001", reason="rona"))
    await service.gather_days(hall.store, hall.site, datetime.now(UTC) + timedelta(days=1))
    page = await open_page("8801", "/quality#file")
    await expect(page.get_by_test_id("note")).to_contain_text("三声未接 1")
    await page.get_by_test_id("note-words").fill("客户来信表扬")
    await page.get_by_test_id("note-points").fill("5")
    await page.get_by_test_id("note-ticket").fill("20261122-9999")
    await page.get_by_test_id("write-note").click()
    await expect(page.get_by_text("没有这个工单")).to_be_visible()
    await page.get_by_test_id("note-ticket").fill("")
    await page.get_by_test_id("write-note").click()
    await expect(page.get_by_test_id("note").first).to_contain_text("客户来信表扬")
    await expect(page.get_by_test_id("note").first).to_contain_text("+5")
    await picture(page, "file-zh")
    agent = await open_page("8001", "/quality#file")
    await expect(agent.get_by_test_id("note")).to_have_count(2)
    await expect(agent.get_by_test_id("note-form")).to_have_count(0)


@pytest.mark.req("CPL-10")
async def test_the_rule_of_seven_days_is_at_hand_on_a_complaint(hall: Hall, open_page: OpenPage) -> None:
    await hall.store.knowledge.ship(hall.site.knowledge.cards)
    ticket = await recorded(hall, "c1", "8001")
    page = await open_page("8001", f"/tickets/{ticket}")
    panel = page.get_by_test_id("knowledge-panel")
    await expect(panel).to_contain_text("选择工单类别后显示相关卡片")
    await page.get_by_test_id("kind").click()
    await page.get_by_role("option", name="投诉").click()
    await panel.get_by_test_id("knowledge-card").click()
    await expect(panel.get_by_test_id("knowledge-text")).to_contain_text("三天：未使用，可退")
    await picture(page, "knowledge-panel-zh")
    await panel.get_by_test_id("knowledge-search").fill("证件")
    await expect(panel.get_by_test_id("knowledge-card")).to_have_text("参观须知")
    await page.goto(f"{hall.url}/knowledge")
    await expect(page.get_by_test_id("card").filter(has_text="退换货")).to_contain_text("查阅 1 次")
    await page.get_by_test_id("new-card").click()
    await page.get_by_test_id("card-title").fill("停车指引")
    await page.get_by_test_id("card-text").fill("# 地下两层\n- 两小时内免费")
    await page.get_by_test_id("card-kind-consultation").check()
    await picture(page, "knowledge-editor-zh")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("card").first).to_contain_text("待审批")
    await expect(page.get_by_test_id("approve")).to_have_count(0)
    supervisor = await open_page("8801", "/knowledge")
    await supervisor.get_by_role("button", name="English").click()
    await supervisor.get_by_test_id("card").first.click()
    await supervisor.get_by_test_id("approve").click()
    await expect(supervisor.get_by_test_id("card").filter(has_text="停车指引")).to_contain_text("In force")
    await picture(supervisor, "knowledge-en")


@pytest.mark.req("SUG-1")
async def test_a_suggestion_is_registered_passed_on_decided_and_told(hall: Hall, open_page: OpenPage) -> None:
    ticket = await recorded(hall, "c1", "8001")
    form = TicketForm(kind=TicketKind.SUGGESTION, matter="展厅二层增设休息座椅", contact_name="王芳")
    await hall.store.tickets.save_form(ticket, form, by="8001", version=1)  # type: ignore[arg-type]
    page = await open_page("8001", f"/tickets/{ticket}")
    await page.get_by_test_id("nature").select_option("facility")
    await page.get_by_test_id("register").click()
    await page.get_by_test_id("department").select_option("reception")
    await page.get_by_test_id("pass-words").fill("请一周内看现场")
    await page.get_by_test_id("pass").click()
    await expect(page.get_by_test_id("step").first).to_contain_text("接待部")
    await expect(page.get_by_test_id("decide-form")).to_have_count(0)
    await picture(page, "suggestion-ticket-zh")

    head = await open_page("8002", "/suggestions")
    await expect(head.get_by_test_id("suggestion")).to_contain_text("138****5678")
    await head.get_by_test_id("reason").fill("老年观众多")
    await head.get_by_test_id("result").fill("已添 20 把座椅")
    await picture(head, "suggestion-decide-zh")
    await head.get_by_test_id("decide").click()
    await expect(head.get_by_test_id("verdict")).to_contain_text("已添 20 把座椅")
    await expect(head.get_by_test_id("tell-form")).to_contain_text("回电已安排")
    (call,) = (await hall.store.due_calls.list(ticket=ticket)).items
    assert "已采纳。原因：老年观众多；落实情况：已添 20 把座椅" in call.note
    await head.get_by_role("button", name="English").click()
    await head.get_by_test_id("told-how").fill("当面答复")
    await head.get_by_test_id("told").click()
    await expect(head.get_by_test_id("listed")).to_contain_text("Proposer told")
    await picture(head, "suggestion-en")
