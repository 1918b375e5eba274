"""Cases on both stores: a step is one transaction, clocks are told once, lists agree with the rules. CPL, LNE, TKT."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from crm.cases.listed import CaseFilter
from crm.cases.organisation import SEES_ALL, Sight
from crm.cases.rights import Actor, StepRefused
from crm.cases.steps import STEPS
from crm.db.schema.audit import audit
from crm.db.schema.cases import ticket_clock, ticket_step
from crm.db.schema.core import colleague_message
from crm.db.store import Store
from crm.errors import UnknownRecord, VersionConflict
from crm.journal.events import AnyEvent
from crm.journal.journal import Journal
from crm.messages.model import ColleagueMessage
from crm.use_cases.by_clock.case_watch import Watch
from crm.use_cases.by_clock.days import RunningCalendar
from crm.use_cases.cases import CaseService
from tests.fakes.call_story import answered_call, arrived
from tests.fakes.case_desk import at
from tests.fakes.case_site import case_site
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

SITE = case_site()
ROLES = {agent.id: agent.role for agent in SITE.agents}
NUMBER = "20260309-0001"


class Office:
    """A store with tickets, and people who take steps on them."""

    def __init__(self, store: Store, clock: HandClock) -> None:
        self.store, self.clock = store, clock
        self.calendar = RunningCalendar(store.calendar, SITE.special_days, SITE.zone)
        self.service = CaseService(SITE, store, clock, self.calendar.days)

    async def take(self, person: str, name: str, number: str = NUMBER, **fields: Any) -> tuple[ColleagueMessage, ...]:
        version = (await self.store.cases.get(number)).version
        return await self.take_at(version, person, name, number, **fields)

    async def take_at(
        self, version: int, person: str, name: str, number: str = NUMBER, **fields: Any
    ) -> tuple[ColleagueMessage, ...]:
        step = msgspec.convert({"step": name, "version": version, **fields}, STEPS[name])
        return await self.service.take(number, step, reader(person))

    async def judged(self, number: str) -> None:
        """A complaint of 8003, found valid."""
        await self.take("8002", "registered", number, kind="complaint", about=["8003"])
        await self.take("8002", "started", number)
        await self.take("8801", "judged", number, verdict="valid", evidence="录音", persons=["8003"])

    async def solve(self, number: str = NUMBER) -> None:
        """From registered at the hotline to solved by aid."""
        await self.take("8002", "passed_on", number, to="aid:hall")
        await self.take("8001", "started", number)
        await self.take("8001", "plan_proposed", number, measures=["apology"], text="致歉")
        await self.take("8801", "plan_approved", number)
        await self.take("8801", "judged", number, verdict="valid", evidence="录音")
        await self.take("8001", "solved", number, result="已致歉")

    async def messages(self, recipient: str) -> list[str]:
        return [each.text for each in (await self.store.messages.list(recipient=recipient, limit=200)).items]


def reader(person: str) -> Actor:
    return Actor(name=person, person=person, role=ROLES[person])


@pytest.fixture
async def office(store: Store, journal: Journal, clock: HandClock) -> Office:
    clock.now = at("2026-03-09 10:00")
    await calls(journal, store, NUMBER, "20260309-0002", "20260309-0003")
    return Office(store, clock)


async def calls(journal: Journal, store: Store, *numbers: str, ani: str = "13812345678") -> None:
    for number in numbers:
        events: list[AnyEvent] = [arrived(f"c{number}", number, at("2026-03-09 10:00"), ani=ani)]
        for event in events:
            journal.append(event)
    await project_all(journal, store)


@pytest.mark.req("TKT-3", "TKT-6", "CPL-1")
async def test_a_complaint_goes_its_whole_way_and_every_step_is_on_the_log(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint", nature="服务", category="exhibits")
    await office.solve()
    await office.take("8001", "fed_back", satisfied=True, words="满意")
    await office.take("8001", "closed")
    await office.take("8005", "cause_recorded", cause="展板过期", measure="每周巡查")
    file = await store.cases.get(NUMBER)
    names = [each.name for each in file.taken]
    assert names == [
        *("registered", "received", "passed_on", "received", "started", "plan_proposed", "plan_approved", "judged"),
        *("solved", "fed_back", "closed", "cause_recorded"),
    ]
    assert (file.case.stage, file.version) == ("archived", 11)
    ticket = await store.tickets.get(NUMBER)  # type: ignore[arg-type]
    assert ticket is not None
    assert (ticket.stage, ticket.state, ticket.kind, ticket.holder, ticket.level, ticket.department) == (
        *("archived", "closed", "complaint", "aid:hall", "hall"),
        "exhibits",
    )
    assert [each.action for each in ticket.timeline if each.source == "step"] == names
    async with store.database.read() as connection:
        acts = (await connection.execute(select(audit.c.by).where(audit.c.action == "case_step"))).scalars().all()
    assert Counter(acts) == {"8002": 2, "8001": 5, "8801": 2, "8005": 1}, "one row for each act of a person"


@pytest.mark.req("CPL-4")
async def test_a_refused_step_writes_nothing(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint")
    before = await store.cases.get(NUMBER)
    for person, name, fields in (
        ("8002", "closed", {}),
        ("8001", "started", {}),
        ("8002", "linked", {"to": "20260309-0404"}),
        ("8002", "merged", {"into": "20260309-0002"}),
    ):
        with pytest.raises(StepRefused):
            await office.take(person, name, **fields)
    with pytest.raises(UnknownRecord):
        await office.take_at(1, "8002", "noted", "20260309-0404", text="x")
    assert await store.cases.get(NUMBER) == before


async def test_of_fifty_who_act_at_once_one_goes_through_and_nothing_is_lost(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint")
    version = (await store.cases.get(NUMBER)).version
    wishes = [office.take_at(version, "8002", "noted", text=f"第 {count} 条") for count in range(50)]
    results = await asyncio.gather(*wishes, return_exceptions=True)
    done = [count for count, result in enumerate(results) if not isinstance(result, BaseException)]
    assert len(done) == 1
    assert all(isinstance(each, VersionConflict) for count, each in enumerate(results) if count not in done)
    file = await store.cases.get(NUMBER)
    notes = [each.step for each in file.taken if each.name == "noted"]
    assert [note.text for note in notes] == [f"第 {done[0]} 条"]  # type: ignore[attr-defined]
    assert file.version == version + 1


@pytest.mark.req("LNE-2", "CPL-7")
async def test_supervision_has_a_copy_of_each_step_and_a_major_complaint_is_reported_at_once(office: Office) -> None:
    sent = await office.take("8002", "registered", kind="complaint", severity="major")
    assert {each.recipient for each in sent} == {"8005", "8801", "8802", "8701"}
    assert any("重大投诉报告" in text for text in await office.messages("8701"))
    await office.take("8002", "passed_on", to="aid:hall")
    assert len(await office.messages("8005")) == 2
    assert any("转到贵处" in text for text in await office.messages("8001"))
    assert await office.messages("8002") == [], "nobody is told of what one did"
    await office.take("8001", "noted", text="便条")
    assert len(await office.messages("8005")) == 2, "a note is no step of the procedure"


@pytest.mark.req("TKT-5", "FUP-1")
async def test_a_promise_and_a_result_each_owe_the_customer_a_call(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint")
    await office.take("8002", "promised", until="2026-03-10T15:00:00+08:00", words="明天下午答复")
    await office.take("8002", "promised", until="2026-03-10T16:00:00+08:00", words="改到四点")
    office.clock.now = at("2026-03-09 12:30")  # not a permitted hour
    await office.solve()
    found = [(each.state, each.due_at, each.kind) for each in (await store.due_calls.list(ticket=NUMBER)).items]
    assert found == [
        ("scheduled", at("2026-03-09 14:00"), "callback"),
        ("cancelled", at("2026-03-10 15:00"), "callback"),
        ("scheduled", at("2026-03-10 16:00"), "callback"),
    ]
    feedback = (await store.due_calls.list(ticket=NUMBER)).items[0]
    assert "投诉结果反馈" in feedback.note and (feedback.number_key, feedback.queue) == ("13812345678", "aid")
    await office.take("8001", "fed_back", satisfied=True)
    states = {each.state for each in (await store.due_calls.list(ticket=NUMBER)).items}
    assert states == {"cancelled"}, "nobody is rung for what was said already"


@pytest.mark.req("CPL-6")
async def test_each_rung_is_told_once_by_two_watchers_and_after_an_outage(
    office: Office, store: Store, store_url: str
) -> None:
    await office.take("8002", "registered", kind="complaint")
    told: list[ColleagueMessage] = []
    another = await Store.open(store_url, area_code="0571", clock=office.clock)  # as another process has it
    first = Watch(office.service, store, office.clock, told.append)
    second = Watch(CaseService(SITE, another, office.clock, SITE.special_days), another, office.clock, told.append)
    assert await first.tick() == 0
    office.clock.now = at("2026-03-09 10:31")  # half of the hour for passing on
    counts = await asyncio.gather(first.tick(), second.tick(), first.tick())
    assert sum(counts) == 1
    assert [(each.recipient, "CPL-2.pass" in each.text, "50%" in each.text) for each in told] == [("8002", True, True)]
    assert await Watch(office.service, store, office.clock).tick() == 0, (
        "a watcher that starts anew tells nothing twice"
    )
    office.clock.now = at("2026-03-09 12:00")  # down over 80 % and the end
    assert await second.tick() == 3
    late = [each for each in told if "超时" in each.text]
    assert {each.recipient for each in late} == {"8002", "8801", "8802"}, "80 %: person, supervisors; 100 %: above, too"
    assert await first.tick() == 0
    assert office.service.at_risk == (0, 1)
    await office.take("8002", "passed_on", to="aid:hall")
    assert await first.tick() == 0, "what stopped is told no more"
    await another.close()


@pytest.mark.req("CPL-6")
async def test_a_broken_case_or_a_store_that_is_away_keeps_nobody_from_being_told(
    office: Office, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (NUMBER, "20260309-0002"):
        await office.take("8002", "registered", number, kind="complaint")
    async with store.database.write() as connection:
        broken = {"ticket": NUMBER, "at": office.clock.now, "by": "8002", "step": "noted", "details": "{"}
        await connection.execute(ticket_step.insert(), [broken])
    office.clock.now = at("2026-03-09 10:31")
    told: list[ColleagueMessage] = []
    watch = Watch(office.service, store, office.clock, told.append)
    assert await watch.tick() == 1
    assert [each.ticket for each in told] == ["20260309-0002"]
    assert f"The clocks of {NUMBER} cannot be told" in caplog.text
    away = await Store.open("sqlite+aiosqlite:////nowhere/at/all.db")
    assert await Watch(office.service, away, office.clock).tick() == 0
    assert "Nobody is told of deadlines now" in caplog.text
    await away.close()


@pytest.mark.req("CPL-6")
async def test_a_deadline_that_moved_is_told_anew(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint")
    await office.take("8002", "passed_on", to="aid:hall")
    await office.take("8001", "started")
    watch = Watch(office.service, store, office.clock)
    office.clock.now = at("2026-03-10 19:00")
    await watch.tick()
    await office.take("8001", "extension_asked", until="2026-03-20T10:00:00+08:00", reason="等待供货")
    await office.take("8801", "extension_granted")
    assert await watch.tick() == 0
    office.clock.now = at("2026-03-15 16:00")
    before = len(await office.messages("8001"))
    await watch.tick()
    (newest, *_) = await office.messages("8001")
    assert len(await office.messages("8001")) == before + 1
    assert "50%" in newest and "CPL-3.aid" in newest and "2026-03-20 10:00" in newest


@pytest.mark.req("CPL-6")
async def test_what_was_late_is_held_against_unit_and_person(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint")
    office.clock.now = at("2026-03-09 11:30")
    await office.take("8002", "passed_on", to="aid:hall")
    await office.take("8001", "started")
    office.clock.now = at("2026-03-12 10:00")
    lists, now = store.cases.lists, office.clock.now
    since, until = now - timedelta(days=30), now + timedelta(days=30)
    page = await lists.late(SEES_ALL, now, since, until, limit=2)
    rest = await lists.late(SEES_ALL, now, since, until, limit=2, after=page.next)
    found = [(each.clause, each.holder, each.person, each.stopped_at is None) for each in (*page.items, *rest.items)]
    assert found == [
        ("CPL-3.aid", "aid:hall", "8001", True),
        ("TKT-4.respond", "hotline:hall", "8001", True),
        ("CPL-2.pass", "hotline:hall", "8002", False),
    ]
    assert rest.next is None
    totals = {(each.holder, each.person): each.count for each in await lists.held_against(SEES_ALL, now, since, until)}
    assert totals == {("aid:hall", "8001"): 1, ("hotline:hall", "8001"): 1, ("hotline:hall", "8002"): 1}
    assert [each.clause for each in (await lists.late(SEES_ALL, now, since, until, person="8002")).items] == [
        "CPL-2.pass"
    ]
    assert await lists.risks(now) == (0, 2)
    assert [each.verdict for each in (await lists.at_risk(SEES_ALL, now)).items] == ["late", "late"]


@pytest.mark.req("CPL-9")
async def test_of_the_sixth_valid_complaint_of_a_year_and_each_further_one_the_supervisor_is_told(
    office: Office, store: Store, journal: Journal
) -> None:
    numbers = [f"20260309-{count:04d}" for count in range(11, 18)]
    await calls(journal, store, *numbers)
    for count, number in enumerate(numbers, start=1):
        office.clock.now = at("2025-12-31 23:00") if count == 1 else at("2026-03-09 10:00")
        await office.judged(number)
    told = [text for text in await office.messages("8802") if "件有效投诉" in text]
    assert len(told) == 1 and "第 6 件" in told[0], "that of last year does not count; six of this year do"
    await calls(journal, store, "20260309-0018")
    await office.judged("20260309-0018")
    assert sum("件有效投诉" in text for text in await office.messages("8802")) == 2
    year = office.service.year_of(office.clock.now)
    assert await store.cases.lists.valid_complaints(*year) == {"8003": 7}
    assert await office.messages("8003") == [], "who is complained of hears nothing of it"


@pytest.mark.req("LNE-6")
async def test_a_restricted_case_is_in_no_list_of_others(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint", category="discipline")
    stranger, office_ = Sight(), Sight(departments=frozenset({"inspection"}))
    everything = CaseFilter()
    now = office.clock.now
    for sight, seen in ((stranger, False), (office_, True), (Sight(levels=frozenset({"province"})), True)):
        numbers = {each.number for each in (await store.tickets.list(sight=sight)).items}
        assert (NUMBER in numbers) is seen
        assert (NUMBER in {each.number for each in (await store.cards.of_caller("13812345678", 9, sight))[1]}) is seen
        assert (NUMBER in {each.ticket for each in (await store.calls.list(sight=sight)).items}) is seen
        assert bool((await store.cases.lists.list(everything, sight, now)).items) is seen
        assert bool(await store.cases.lists.open_of("13812345678", sight)) is seen
        assert await store.cases.lists.hidden([NUMBER, "20260309-0002"], sight) == (set() if seen else {NUMBER})
    with pytest.raises(UnknownRecord):
        await office.service.look(NUMBER, reader("8002"))
    with pytest.raises(UnknownRecord):
        await office.take("8002", "noted", text="x")
    with pytest.raises(StepRefused) as refused:
        await office.take("8003", "merged", "20260309-0002", into=NUMBER)
    assert refused.value.refusal.code == "no_ticket", "a case that one may not see is not there"


@pytest.mark.req("TKT-7")
async def test_the_list_of_cases_is_by_what_is_due_first_page_by_page(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint")
    await office.take("8002", "registered", "20260309-0002", kind="consultation", complex=True)
    office.clock.forward(minutes=5)
    await office.take("8002", "registered", "20260309-0003", kind="complaint", severity="major")
    await office.take("8002", "passed_on", "20260309-0003", to="aid:hall")
    lists, now = store.cases.lists, office.clock.now

    async def numbers(after: str | None = None, **wanted: Any) -> list[str]:
        page = await lists.list(CaseFilter(**wanted), SEES_ALL, now, limit=2, after=after)
        found = [each.number[-1] for each in page.items]
        return found + (await numbers(page.next, **wanted) if page.next else [])

    assert await numbers() == ["1", "3", "2"]
    assert await numbers(holders=frozenset({"hotline:hall"})) == ["1", "2"]
    assert await numbers(severity="major", level="hall", stage="received", open=True) == ["3"]
    assert await numbers(due_before=at("2026-03-09 11:02")) == ["1"]
    assert await numbers(overdue=True) == []
    now = at("2026-03-09 11:02")
    assert await numbers(overdue=True) == ["1"]


@pytest.mark.req("CUS-2")
async def test_a_call_about_an_open_case_is_merged_and_both_timelines_show_it(
    office: Office, store: Store, journal: Journal
) -> None:
    await office.take("8002", "registered", kind="complaint")
    for event in answered_call("again", "20260309-0009", at("2026-03-09 11:00")):  # 8001 spoke
        journal.append(event)
    await project_all(journal, store)
    found = await store.cases.lists.open_of("+86 138 1234 5678", SEES_ALL, but="20260309-0009")
    assert [each.number for each in found] == [NUMBER]
    _, _, offered = await store.cards.of_offer("+86 138 1234 5678", 5, SEES_ALL)
    assert [each.number for each in offered] == [NUMBER], "on the card of the offer, too"
    await office.take("8001", "merged", "20260309-0009", into=NUMBER)
    case, child = await store.tickets.get(NUMBER), await store.tickets.get("20260309-0009")  # type: ignore[arg-type]
    assert case is not None and child is not None
    assert (child.case_of, child.state) == (NUMBER, "closed")
    shown = [(each.action, each.details) for each in case.timeline if each.source == "step"][-1]
    assert shown == ("attached", {"ticket": "20260309-0009"})
    assert [each.action for each in child.timeline if each.source == "step"] == ["merged"]
    await office.take("8001", "urged", words="客户再次来电催问")
    file = await store.cases.get(NUMBER)
    assert file.attached == ("20260309-0009",)
    await office.take("8002", "registered", "20260309-0002", kind="complaint")
    await office.take("8002", "passed_on", "20260309-0002", to="aid:hall")
    await office.take("8002", "passed_on", to="aid:hall")
    await office.take("8001", "merged", into="20260309-0002")
    moved = await store.tickets.get("20260309-0009")  # type: ignore[arg-type]
    assert moved is not None and moved.case_of == "20260309-0002", "what was merged goes along"
    async with store.database.read() as connection:
        clocks = select(ticket_clock.c.verdict).where(
            ticket_clock.c.ticket == NUMBER, ticket_clock.c.stopped_at == at("2026-03-09 10:00")
        )
        assert "merged" in (await connection.execute(clocks)).scalars().all()


async def test_two_cases_are_not_merged_into_each_other(office: Office, store: Store) -> None:
    for number in (NUMBER, "20260309-0002"):
        await office.take("8002", "registered", number, kind="complaint")
        await office.take("8002", "passed_on", number, to="aid:hall")
    results = await asyncio.gather(
        office.take_at(3, "8001", "merged", NUMBER, into="20260309-0002"),
        office.take_at(3, "8001", "merged", "20260309-0002", into=NUMBER),
        return_exceptions=True,
    )
    (refused,) = [each for each in results if isinstance(each, BaseException)]
    assert isinstance(refused, StepRefused) and refused.refusal.code == "not_open"


@pytest.mark.req("CPL-3")
async def test_a_notice_that_comes_out_moves_what_was_provisional(office: Office, store: Store) -> None:
    office.clock.now = at("2027-02-05 16:00")
    await office.take("8002", "registered", kind="complaint")
    before = next(
        each for each in (await office.service.look(NUMBER, reader("8002"))).clocks if each.clause == "CPL-3.branch"
    )
    days = {date(2027, 2, 5): "working", date(2027, 2, 6): "make_up", date(2027, 2, 8): "working"}
    await store.calendar.replace_year(2027, days, "8901")
    office.calendar.recompute.append(office.service.recompute)
    await office.calendar.refresh()
    after = next(
        each for each in (await office.service.look(NUMBER, reader("8002"))).clocks if each.clause == "CPL-3.branch"
    )
    assert (before.provisional, after.provisional) == (True, False)
    assert after.due_at == at("2027-02-06 18:00") != before.due_at
    async with store.database.read() as connection:
        kept = select(ticket_clock.c.due_at).where(ticket_clock.c.clause == "CPL-3.branch")
        assert (await connection.execute(kept)).scalar_one() == after.due_at


async def test_a_case_of_a_thousand_steps_is_still_read_in_one_go(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint")
    rows = [
        {"ticket": NUMBER, "at": office.clock.now, "by": "8002", "step": "noted", "details": '{"text": "x"}'}
        for _ in range(1000)
    ]
    async with store.database.write() as connection:
        await connection.execute(ticket_step.insert(), rows)
    look = await office.service.look(NUMBER, reader("8002"))
    assert len(look.file.taken) == 1002 and look.clocks


async def test_notices_are_written_once_for_each_who_is_told(office: Office, store: Store) -> None:
    await office.take("8002", "registered", kind="complaint")
    async with store.database.read() as connection:
        keys = (await connection.execute(select(colleague_message.c.key))).scalars().all()
    assert sorted(keys) == [f"case:{NUMBER}:1:{person}" for person in ("8005", "8801", "8802")]
