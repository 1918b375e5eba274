"""Reports through the API: the same figures on page, workbook and paper; breaches named; what leaves is audited."""

import asyncio
import hashlib
import re
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select

from app.reports.archive import ReportArchive
from app.reports.delivery import Send, SendFailed
from app.reports.printing import sender
from app.web.api.reports import reports
from crm.db.schema.audit import audit
from crm.db.schema.cases import ticket_clock, ticket_step
from crm.journal.events import AgentAnswered, CallAnswered, CallEnded, CallQueued, TalkStarted
from tests.integration.web.conftest import House, kind_of, write_sound


async def late_call(house: House, recording: str | None = None) -> str:
    """Picked up in ring 4, a person after 30 s."""
    arrived = house.arrival("late")
    at = arrived.at

    def after(seconds: float) -> datetime:
        return at + timedelta(seconds=seconds)

    await house.record(
        arrived,
        CallAnswered(event_id="late.2", at=after(16), call_id="late", rings=4),
        CallQueued(at=after(17), call_id="late", queue="hotline"),
        AgentAnswered(at=after(47), call_id="late", agent="8001"),
        TalkStarted(
            at=after(48), call_id="late", agent="8001", agent_channel_id="l", bridge_id="b", recording=recording
        ),
        CallEnded(at=after(100), call_id="late", ended_by="caller", outcome="answered"),
    )
    return arrived.ticket


async def late_complaint(house: House) -> str:
    """A complaint that was passed on after three hours instead of one."""
    ticket = await house.call(agent="8001")
    at = house.clock()
    clock = {
        "ticket": ticket,
        "clause": "CPL-2.pass",
        "round": 1,
        "in_force_from": "2026-01-01",
        "started_at": at,
        "due_at": at + timedelta(hours=1),
        "provisional": False,
        "stopped_at": at + timedelta(hours=3),
        "holder": "hotline:hall",
        "person": "8001",
    }
    steps = [
        {"step": "registered", "details": '{"kind":"complaint","severity":"normal"}'},
        {"step": "plan_proposed", "details": '{"measures":["apology","improvement"],"text":"向客户致歉 & <改进>"}'},
        {"step": "plan_approved", "details": '{"words":""}'},
        {"step": "fed_back", "details": '{"satisfied":true,"how":"telephone","words":"满意"}'},
    ]
    gone = clock | {"clause": "CPL-3.branch", "stopped_at": at + timedelta(minutes=5), "verdict": "moved"}
    async with house.store.database.write() as connection:
        for each in (clock | {"verdict": "late"}, gone):
            await connection.execute(insert(ticket_clock).values(**each))
        for step in steps:
            await connection.execute(insert(ticket_step).values(ticket=ticket, at=at, by="8001", **step))
    return ticket


def today(house: House) -> str:
    return house.clock().astimezone(house.site.zone).date().isoformat()


@pytest.mark.req("RPT-4", "TEL-1", "TEL-2")
async def test_each_rule_is_judged_and_each_breach_names_its_ticket(house: House) -> None:
    call, complaint = await late_call(house), await late_complaint(house)
    house.clock.advance(timedelta(hours=5))
    since = (house.clock() - timedelta(days=1)).isoformat()
    async with (
        house.logged_in("8801") as supervisor,
        supervisor.get("/api/compliance", params={"since": since}) as answer,
    ):
        assert answer.status == 200, await answer.text()
        found = {section["id"]: section["rows"] for section in (await answer.json())["sections"]}
    rules = {row[0]: row for row in found["rules"]}
    assert rules["TEL-1"][2:5] == [1, 0, 1]
    assert rules["TEL-1"][8] == {"zh": "未达标", "en": "missed"}
    assert rules["CPL-2.pass"][2:6] == [1, 0, 1, 0]
    breaches = {(row[0], row[1]): row for row in found["breaches"]}
    assert breaches["TEL-1", call][5] == pytest.approx(1.0)
    assert breaches["TEL-2", call][5] == pytest.approx(20.0)
    assert breaches["CPL-2.pass", complaint][5] == 2 * 3600
    assert breaches["CPL-2.pass", complaint][6:] == ["展览馆客服热线", "8001 林晓雨"]
    due = (house.clock() - timedelta(hours=4)).astimezone(house.site.zone).date().isoformat()
    async with house.logged_in("8801") as supervisor, supervisor.get(f"/api/reports/daily/{due}") as answer:
        found = {section["id"]: section["rows"] for section in (await answer.json())["sections"]}
    assert [row[:2] for row in found["overdue"]] == [["CPL-2.pass", complaint]]


@pytest.mark.req("RPT-2", "RPT-3", "CUS-4")
async def test_page_workbook_and_paper_say_the_same_and_what_leaves_is_audited(house: House) -> None:
    await late_call(house)
    path = f"/api/reports/daily/{today(house)}"
    async with house.logged_in("8801") as supervisor:
        async with supervisor.get(path) as answer:
            page = await answer.json()
        async with supervisor.get(f"{path}/file", params={"type": "xlsx"}) as answer:
            book = load_workbook(BytesIO(await answer.read()))
        async with supervisor.get(f"{path}/file", params={"type": "pdf"}) as answer:
            paper = await answer.read()
    calls = next(section for section in page["sections"] if section["id"] == "calls")
    sheet = book["来电"]
    assert calls["rows"][0][:3] == [{"zh": "合计", "en": "Total"}, 1, 1]
    assert [cell.value for cell in sheet[2]][:3] == ["合计 Total", 1, 1]
    (agent,) = next(section["rows"] for section in page["sections"] if section["id"] == "agents")
    assert agent[:3] == ["8001 林晓雨", 1, 0]
    assert paper.startswith(b"%PDF-")
    assert b"DroidSansFallback" in paper, "the Chinese typeface has to be in the file"
    async with house.store.database.read() as connection:
        columns = select(audit.c.by, audit.c.action, audit.c.subject).where(audit.c.action != "logged_in")
        rows = (await connection.execute(columns)).all()
    assert [tuple(row) for row in rows] == [("8801", "exported", f"report daily-{today(house)}")] * 2


@pytest.mark.req("TKT-7")
async def test_the_handling_form_and_the_register_are_printed(house: House, tmp_path: Path) -> None:
    ticket = await late_complaint(house)
    async with house.logged_in("8001") as agent:
        async with agent.get(f"/api/tickets/{ticket}/form") as answer:
            assert (answer.status, answer.content_type) == (200, "application/pdf")
            assert f"form-{ticket}.pdf" in answer.headers["Content-Disposition"]
            form = await answer.read()
        async with agent.get("/api/register/file") as answer:
            assert answer.status == 403
    async with house.logged_in("8002") as colleague, colleague.get(f"/api/tickets/{ticket}/form") as answer:
        assert answer.status == 403
    async with house.logged_in("8801") as supervisor:
        async with supervisor.get("/api/register/file", params={"type": "xlsx"}) as answer:
            register = load_workbook(BytesIO(await answer.read()))["登记"]
    assert form.startswith(b"%PDF-")
    assert b"DroidSansFallback" in form
    assert register["A2"].value == ticket


@pytest.mark.req("TKT-7")
async def test_a_long_matter_goes_over_pages_and_a_long_register_is_a_workbook(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await house.call(agent="8001")
    async with house.logged_in("8001") as agent:
        patch = {"version": 1, "kind": "complaint", "matter": "空调太冷。\n" * 150}
        async with agent.patch(f"/api/tickets/{ticket}", json=patch) as answer:
            assert answer.status == 200, await answer.text()
    for _ in range(3):
        await house.call()
    async with house.logged_in("8801") as supervisor:
        for path in ("/api/register/file", f"/api/tickets/{ticket}/form"):
            async with supervisor.get(path) as answer:
                assert answer.status == 200, await answer.text()
                assert len(re.findall(rb"/Type /Page\b", await answer.read())) > 2
        monkeypatch.setattr(reports, "MOST_PRINTED", 3)
        async with supervisor.get("/api/register/file") as answer:
            assert (answer.status, await kind_of(answer)) == (400, "invalid")
        async with supervisor.get("/api/register/file", params={"type": "xlsx"}) as answer:
            assert answer.status == 200


@pytest.mark.req("RPT-4", "TEL-10", "CUS-4")
async def test_the_evidence_of_a_ticket_can_be_checked_against_the_system(house: House) -> None:
    sound = write_sound(house.data.recordings / "talk.wav")
    ticket, at = await late_call(house, "talk.wav"), house.clock()
    clock = {"ticket": ticket, "clause": "CPL-2.pass", "round": 1, "in_force_from": "2026-01-01", "provisional": False}
    late = {"started_at": at, "due_at": at + timedelta(hours=1), "stopped_at": at + timedelta(hours=3), "holder": "x"}
    async with house.store.database.write() as connection:
        await connection.execute(insert(ticket_clock).values(**clock, **late))
    await house.store.note_act(by="8001", action="printed", subject=f"ticket {ticket}")
    path = f"/api/tickets/{ticket}/evidence"
    async with house.logged_in("8001") as agent, agent.get(path) as answer:
        assert answer.status == 403
    async with house.logged_in("8801") as supervisor:
        async with supervisor.get(path, params={"type": "xlsx"}) as answer:
            assert answer.status == 200, await answer.text()
            book = load_workbook(BytesIO(await answer.read()))
        async with supervisor.get(path) as answer:
            assert (await answer.read()).startswith(b"%PDF-")
    assert book["录音"]["D2"].value == hashlib.sha256(sound).hexdigest()
    (sealed,) = await house.store.audit.about(f"ticket {ticket}")
    assert (book["审计记录"]["A2"].value, book["审计记录"]["F2"].value) == (f"{sealed.row.day} #1", sealed.seal)
    (clause,) = list(book["条款执行"].iter_rows(min_row=2, max_row=2, values_only=True))
    assert clause[0].startswith("CPL-2.pass")
    assert (clause[6], clause[7]) == ("超时 Late", 2 * 3600)
    records = [row[2] for row in book["经过"].iter_rows(min_row=2, values_only=True)]
    assert records[:2] == ["CallArrived", "CallAnswered"]
    rules = {row[0]: row[2:4] for row in book["通话规范"].iter_rows(min_row=2, values_only=True)}
    assert (rules["TEL-1"], rules["TEL-2"]) == ((0, 1), (0, 1))


async def test_a_period_that_is_none_is_refused_in_words(house: House) -> None:
    async with house.logged_in("8801") as supervisor:
        for path in ("daily/2026-13-01", "weekly/2026-11-27", "yearly/2026", "monthly/x"):
            async with supervisor.get(f"/api/reports/{path}") as answer:
                assert (answer.status, await kind_of(answer)) == (404, "not_found")
        async with supervisor.post(f"/api/reports/daily/{today(house)}") as answer:
            assert (answer.status, await kind_of(answer)) == (409, "conflict")
        async with supervisor.get("/api/compliance", params={"since": "2020-01-01T00:00:00Z"}) as answer:
            assert (answer.status, await kind_of(answer)) == (400, "invalid")


@pytest.mark.req("RPT-3")
async def test_a_text_is_no_formula_in_a_workbook(house: House) -> None:
    ticket = await house.call(agent="8001")
    async with house.logged_in("8001") as agent:
        patch = {"version": 1, "kind": "consultation", "matter": '=HYPERLINK("http://x")'}
        async with agent.patch(f"/api/tickets/{ticket}", json=patch) as answer:
            assert answer.status == 200, await answer.text()
    async with house.logged_in("8801") as supervisor:
        async with supervisor.get("/api/register/file", params={"type": "xlsx"}) as answer:
            sheet = load_workbook(BytesIO(await answer.read()))["登记"]
    assert (sheet["E2"].value, sheet["E2"].data_type) == ('\'=HYPERLINK("http://x")', "s")


@pytest.mark.req("RPT-3")
async def test_reports_are_made_once_each_and_sent_until_every_address_has_them(house: House) -> None:
    sending = house.site.reports.model_copy(update={"send_to": {"daily": ("office", "group")}, "make": ("daily",)})
    site = house.site.model_copy(update={"reports": sending})
    house.data.report_addresses.write_text("# secrets\noffice = one://a\n group=two://b\n")
    archive = ReportArchive(house.store, site, house.data)
    taken: list[tuple[str, str, int]] = []
    refusing = {"two://b"}

    def to(url: str) -> Send:
        def send(title: str, text: str, files: list[Path]) -> None:
            if url in refusing:
                raise SendFailed("closed")
            taken.append((url, title, len(files)))

        return send

    eight = house.clock().astimezone(site.zone).replace(hour=8, minute=0)
    house.clock.advance(eight - house.clock().astimezone(site.zone))
    await archive.tick(house.clock(), to)
    assert await house.store.reports.list(20) == (), "before the first ticket there is nothing to report"
    await house.call()
    house.clock.advance(timedelta(days=10))
    await archive.tick(house.clock(), to)
    assert len({title for _, title, _ in taken}) == 7, "a week of downtime is made up for"
    assert {url for url, _, _ in taken} == {"one://a"}
    assert {files for _, _, files in taken} == {2}
    await archive.tick(house.clock(), to)
    assert len(taken) == 7, "who has it does not get it twice, and the next try is a minute away"
    refusing.clear()
    house.clock.advance(timedelta(minutes=1, seconds=1))
    await archive.tick(house.clock(), to)
    assert [url for url, _, _ in taken[7:]] == ["two://b"] * 7
    await asyncio.gather(archive.tick(house.clock(), to), archive.tick(house.clock(), to))
    assert len(taken) == 14
    runs = await house.store.reports.list(20)
    assert {(run.failure, run.sent_at is not None, run.reached) for run in runs} == {("", True, "office,group")}


@pytest.mark.req("RPT-3")
async def test_a_report_reaches_a_real_mailbox(house: House) -> None:
    """By SMTP on loopback, with both files attached."""
    received = bytearray()

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        data = False
        while line := await reader.readline():
            if data:
                received.extend(line)
                data = line != b".\r\n"
                if data:
                    continue
                writer.write(b"250 taken\r\n")
            elif line.upper().startswith(b"DATA"):
                data = True
                writer.write(b"354 go on\r\n")
            elif line.upper().startswith(b"QUIT"):
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 sink\r\n")
        writer.close()

    async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        url = f"mailto://127.0.0.1:{port}?from=hotline@hall.example&to=boss@hall.example&mode=insecure"
        files = [house.data.root / "r.pdf", house.data.root / "r.xlsx"]
        for file in files:
            file.write_bytes(b"content of the file")
        await asyncio.to_thread(sender(url), "日报", "各项规范均达标", files)
    text = received.decode(errors="replace")
    assert "boss@hall.example" in text
    assert text.count("Content-Disposition: attachment") == 2
    with pytest.raises(SendFailed):
        await asyncio.to_thread(sender("nothing-known://x"), "t", "t", [])
    with pytest.raises(SendFailed):
        await asyncio.to_thread(sender(url), "t", "t", [])
