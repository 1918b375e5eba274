"""A suggestion in the store: passed on, decided, told by a due call of the same transaction, reminded of. SUG-1."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from config.loading.load import load_site
from config.schema import Site
from crm.db.schema.audit import audit
from crm.db.store import Store
from crm.errors import BadValue, IllegalTransition, UnknownRecord, VersionConflict
from crm.followups.model import Outcome
from crm.journal.journal import Journal
from crm.rights import Principal
from crm.suggestions.model import Suggestion
from crm.tickets.model import TicketForm, TicketKind
from crm.use_cases import suggestions as service
from crm.use_cases.cases import Ports
from tests.fakes.acting_ports import ports_of
from tests.fakes.call_story import answered_call
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all
from tests.unit.config.workshop import DEMO

pytestmark = pytest.mark.req("SUG-1")
NUMBER = "20261122-0001"


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(DEMO)


@pytest.fixture
def ports(store: Store, site: Site) -> Callable[[str], Ports]:
    """What an agent or a supervisor acts on."""

    def of(agent: str) -> Ports:
        role = "supervisor" if agent.startswith("88") else "agent"
        return ports_of(site, store, Principal(name=agent, agent=agent, role=role))  # type: ignore[arg-type]

    return of


async def registered(journal: Journal, store: Store, contact: str = "13812345678") -> Suggestion:
    for event in answered_call("c1", NUMBER):
        journal.append(event)
    await project_all(journal, store)
    await store.tickets.save_form(NUMBER, TicketForm(kind=TicketKind.SUGGESTION), by="8001", version=1)  # type: ignore[arg-type]
    return await store.suggestions.register(
        NUMBER, nature="facility", proposer="王芳", contact=contact, summary="展厅增设座椅", by="8001"
    )


async def test_from_the_ticket_to_the_proposer(
    journal: Journal, store: Store, ports: Callable[[str], Ports], site: Site, clock: HandClock
) -> None:
    await registered(journal, store)
    with pytest.raises(IllegalTransition):
        await store.suggestions.register(NUMBER, nature="other", proposer="", contact="", summary="", by="8001")
    with pytest.raises(BadValue, match="reception, exhibition"):
        await service.pass_suggestion(ports("8001"), NUMBER, "kitchen", "", version=1)
    one = await service.pass_suggestion(ports("8001"), NUMBER, "facilities", "请一周内看现场", version=1)
    assert (one.state, one.department, one.decide_by) == ("passed", "facilities", clock.now + timedelta(days=15))
    (notice,) = (await store.messages.list(recipient="8006")).items
    assert (notice.sender, notice.ticket) == ("system", NUMBER)
    assert "转交物业保障部，请于 2026-12-07 前答复" in notice.text
    with pytest.raises(VersionConflict):
        await service.decide_suggestion(ports("8006"), NUMBER, adopted=True, reason="r", result="r", version=1)
    one = await service.decide_suggestion(
        ports("8006"), NUMBER, adopted=True, reason="老人多", result="已添 20 把", version=2
    )
    (call,) = (await store.due_calls.list(ticket=NUMBER)).items
    assert (one.state, one.due_call, one.call_state) == ("adopted", call.id, "scheduled")
    assert (call.kind, call.number_key, call.queue) == ("callback", "13812345678", "hotline")
    assert call.due_at == clock.now + timedelta(minutes=10)
    assert call.note == "答复建议人：您的建议“展厅增设座椅”已采纳。原因：老人多；落实情况：已添 20 把"
    with pytest.raises(IllegalTransition, match="a call that is due"):
        await service.tell_proposer(ports("8801"), NUMBER, "", version=3)

    assert await service.follow_up(store, site, clock.now) == (0, 0)
    (claim,) = await store.due_calls.claim("w", now=clock.forward(minutes=11), lease_s=60, limit=5)
    await store.due_calls.dialling(claim, "out-1")
    await store.due_calls.talking(claim)
    await store.due_calls.finish(claim, Outcome.TALKED, clock.now)
    assert await service.follow_up(store, site, clock.now) == (1, 0)
    assert await service.follow_up(store, site, clock.now) == (0, 0)
    found = await store.suggestions.get(NUMBER)
    assert found is not None
    told, steps = found
    assert told.state == "told"
    assert [(step.step, step.by) for step in steps] == [
        ("register", "8001"),
        ("pass", "8001"),
        ("adopt", "8006"),
        ("told", "system"),
    ]
    assert steps[2].details == {"adopted": True, "reason": "老人多", "result": "已添 20 把", "call": True}
    async with store.database.read() as connection:
        rows = (await connection.execute(select(audit.c.action).order_by(audit.c.id))).scalars().all()
    assert [each for each in rows if each.startswith("suggestion")] == [
        "suggestion_register",
        "suggestion_pass",
        "suggestion_adopt",
    ]


async def test_a_proposer_who_was_not_reached_is_rung_again_or_told_otherwise(
    journal: Journal, store: Store, ports: Callable[[str], Ports], site: Site, clock: HandClock
) -> None:
    await registered(journal, store)
    one = await service.pass_suggestion(ports("8001"), NUMBER, "leadership", "", version=1)
    one = await service.decide_suggestion(ports("8801"), NUMBER, adopted=False, reason="场地不足", result="", version=2)
    (claim,) = await store.due_calls.claim("w", now=clock.forward(minutes=11), lease_s=60, limit=5)
    await store.due_calls.dialling(claim, "out-1")
    await store.due_calls.finish(claim, Outcome.NO_ANSWER, clock.now)
    assert await service.follow_up(store, site, clock.now) == (0, 0)
    again = await service.tell_proposer(ports("8801"), NUMBER, "", version=3)
    assert (again.state, again.call_state) == ("declined", "scheduled") and again.due_call != one.due_call
    assert len((await store.due_calls.list(ticket=NUMBER)).items) == 2
    told = await service.tell_proposer(ports("8801"), NUMBER, "已书面答复", version=4)
    assert (told.state, told.call_state) == ("told", "cancelled"), "nobody is rung who knows already"
    with pytest.raises(IllegalTransition):
        await service.tell_proposer(ports("8801"), NUMBER, "再次", version=5)


async def test_without_a_number_no_call_is_due(
    journal: Journal, store: Store, ports: Callable[[str], Ports], site: Site
) -> None:
    await registered(journal, store, contact="意见箱")
    one = await service.pass_suggestion(ports("8001"), NUMBER, "reception", "", version=1)
    one = await service.decide_suggestion(ports("8801"), NUMBER, adopted=False, reason="已有安排", result="", version=2)
    assert (one.state, one.due_call) == ("declined", None)
    assert (await store.due_calls.list(ticket=NUMBER)).items == ()
    with pytest.raises(BadValue, match="no number to ring"):
        await service.tell_proposer(ports("8801"), NUMBER, "", version=3)


async def test_a_department_that_is_late_is_reminded_every_few_days(
    journal: Journal, store: Store, ports: Callable[[str], Ports], site: Site, clock: HandClock
) -> None:
    await registered(journal, store)
    one = await service.pass_suggestion(ports("8001"), NUMBER, "facilities", "", version=1)
    clock.forward(days=15, minutes=-1)
    assert await service.follow_up(store, site, clock.now) == (0, 0)
    assert (await store.suggestions.list(late_at=clock.now)).items == ()
    clock.forward(minutes=1)
    assert await service.follow_up(store, site, clock.now) == (0, 1)
    assert await service.follow_up(store, site, clock.forward(days=2, hours=23)) == (0, 0)
    assert await service.follow_up(store, site, clock.forward(hours=1)) == (0, 1)
    texts = [each.text for each in (await store.messages.list(recipient="8006")).items]
    assert len(texts) == 3 and "期限已过 3 天" in texts[0]
    (late,) = (await store.suggestions.list(late_at=clock.now, departments=["facilities"])).items
    assert (late.ticket, late.state, late.version) == (NUMBER, "passed", one.version + 2)
    assert (await store.suggestions.list(departments=["reception"], by="8002")).items == ()
    assert len((await store.suggestions.list(departments=[], by="8001")).items) == 1


async def test_a_suggestion_needs_a_ticket_of_its_kind(journal: Journal, store: Store) -> None:
    for event in answered_call("c1", NUMBER, datetime(2026, 11, 22, 1, tzinfo=UTC)):
        journal.append(event)
    await project_all(journal, store)
    fields = {"nature": "other", "proposer": "", "contact": "", "summary": "", "by": "8001"}
    with pytest.raises(IllegalTransition, match="unclassified"):
        await store.suggestions.register(NUMBER, **fields)
    with pytest.raises(UnknownRecord):
        await store.suggestions.register("20261122-9999", **fields)
