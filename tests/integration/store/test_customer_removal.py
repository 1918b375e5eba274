"""A person is removed on request, on both stores, and the journal does not bring the person back. CUS-4."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select, text

from crm.customers.imports import plan_import
from crm.customers.model import Customer, CustomerNumber, MergePlan
from crm.db.schema.core import call, journal_position, metadata, ticket
from crm.db.schema.customers import erased_number
from crm.db.store import Store
from crm.errors import CallGoesOn, CardMerged, UnknownRecord, VersionConflict
from crm.followups.model import DueCallKind
from crm.journal.events import CallbackOwed, SurveyAnswered
from crm.journal.journal import Journal
from crm.parsing.tables.model import TableRead
from crm.tickets.model import TicketForm
from tests.fakes.call_story import answered_call, arrived
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all, projecting

NUMBERS = ("13812345678", "0571-88886666")
WRITTEN = ("13812345678", "138 1234 5678", "88886666", "王建国", "王先生", "王健国", "老王")
"""How the person stands in texts; nothing of this may be left anywhere."""


async def everything(store: Store) -> str:
    """All text that the store holds."""
    found: list[str] = []
    async with store.database.read() as connection:
        # The index of words is in no metadata.
        found += [str(tuple(row)) for row in await connection.execute(text("SELECT * FROM ticket_words"))]
        for table in metadata.sorted_tables:
            found += [str(tuple(row)) for row in await connection.execute(select(table))]
    return "\n".join(found)


async def a_person_with_a_past(journal: Journal, store: Store, clock: HandClock) -> Customer:
    """A card that was merged, tickets, calls, a message, a due call: all that there is of somebody."""
    first = await store.customers.save(Customer(name="老王", numbers=(CustomerNumber(raw=NUMBERS[1]),)), by="8001")
    person = await store.customers.save(Customer(name="王建国", numbers=(CustomerNumber(raw=NUMBERS[0]),)), by="8001")
    await store.duplicates.merge(MergePlan(stays=person.id, stays_version=1, goes=first.id, goes_version=1), by="8801")
    story = answered_call("c1", "20261122-0001", ani="+8613812345678")
    story[0] = msgspec.structs.replace(story[0], caller_name="WANG JIANGUO")
    for event in story:
        journal.append(event)
    await project_all(journal, store)
    form = TicketForm(
        matter="王先生（王建国）来电 138 1234 5678，座机 88886666",
        note="13812345678",
        contact_name="王健国",
        contact_number="138-1234-5678",
    )
    await store.tickets.save_form("20261122-0001", form, by="8001", version=1)
    await store.messages.send(
        sender="8001",
        recipient="8002",
        text="请回电王建国 0571 8888-6666",
        key="m",
        ticket="20261122-0001",
        caller="王先生",
    )
    await store.due_calls.schedule(
        kind=DueCallKind.CALLBACK,
        key="k",
        number="13812345678",
        due_at=clock.now + timedelta(hours=1),
        queue="hotline",
        ticket="20261122-0001",
        note="找王建国",
        by="8001",
    )
    await store.accesses.revealed(person.id, by="8001", reason="王建国要求核对", ticket="20261122-0001")
    file = [["姓名", "电话"], ["王建国", "138 1234 5678"]]
    await store.imports.keep(plan_import(TableRead(rows=file), "0571", ()), file="f", by="8801")
    saved = await store.customers.get(person.id)
    assert saved is not None
    return saved


@pytest.mark.req("CUS-4")
async def test_nothing_is_left_of_a_removed_person_and_the_figures_stay(
    journal: Journal, store: Store, clock: HandClock
) -> None:
    person = await a_person_with_a_past(journal, store, clock)
    other = await store.customers.save(Customer(name="王建设", numbers=(CustomerNumber(raw="13812345679"),)), by="8001")
    before = await everything(store)
    assert [each for each in (*WRITTEN, "WANG JIANGUO") if each not in before] == []
    (sound,) = await store.removals.recordings(person.id)
    with pytest.raises(CallGoesOn):
        await store.removals.remove(person.id, version=None, by="8901", asked_by="self", reason="")
    await store.recordings.mark_deleted(sound.id, clock.now)
    with pytest.raises(VersionConflict):
        await store.removals.remove(person.id, version=person.version - 1, by="8901", asked_by="self", reason="")
    clock.forward(minutes=5)
    done = await store.removals.remove(
        person.id, version=person.version, by="8901", asked_by="self", reason="王建国来信要求删除"
    )
    left = await everything(store)
    assert [each for each in (*WRITTEN, "WANG JIANGUO") if each in left] == []
    assert "王建设" in left and "13812345679" in left and other.id
    assert done.reason == "[已删除]来信要求删除"
    assert (done.counts["customer"], done.counts["due_calls_called_off"], done.counts["ticket"]) == (2, 1, 1)
    assert done == (await store.removals.list())[0]
    with pytest.raises(UnknownRecord):
        await store.removals.remove(person.id, version=None, by="8901", asked_by="self", reason="")
    kept = await store.tickets.get("20261122-0001")
    assert kept is not None
    assert (kept.customer_id, kept.ani, kept.calls[0].talk_s) == (None, done.pseudonym, 30.0)
    assert kept.matter == f"[已删除]（[已删除]）来电 {done.pseudonym}，座机 {done.pseudonym}"


@pytest.mark.req("CUS-4")
@pytest.mark.parametrize("replayed", [False, True])
async def test_an_erased_number_does_not_come_back_with_the_projector(
    journal: Journal, store: Store, clock: HandClock, replayed: bool
) -> None:
    """Events that the journal has and the store has not, late events of old calls, and the whole journal once more."""
    person = await store.customers.save(Customer(name="王建国", numbers=(CustomerNumber(raw=NUMBERS[0]),)), by="8001")
    for event in answered_call("c1", "20261122-0001", ani="+8613812345678"):
        journal.append(event)
    async with projecting(journal, store) as projector:
        await projector.caught_up()
        # Unfinished, so the projector remembers what was told of it; long ago, so nobody is on the line.
        journal.append(arrived("c0", "20261120-0001", clock.now - timedelta(days=2)))
        await projector.caught_up()
        (sound,) = await store.removals.recordings(person.id)
        await store.recordings.mark_deleted(sound.id, clock.now)
        before = clock.now
        clock.forward(minutes=1)
        done = await store.removals.remove(person.id, version=None, by="8901", asked_by="self", reason="")
        owed = {"ticket": "20261122-0002", "number": "138 1234 5678", "queue": "hotline", "due_at": clock.now}
        for late in (
            arrived("c2", "20261122-0002", before, ani="008613812345678"),
            CallbackOwed(at=before, call_id="c2", note="请回电 13812345678", **owed),
            SurveyAnswered(at=before, call_id="c1", agent="8001", queue=None, score=5),
            SurveyAnswered(at=before, call_id="c0", agent="8001", queue=None, score=4),
        ):
            journal.append(late)
        await projector.caught_up()
    if replayed:
        async with store.database.write() as connection:
            await connection.execute(journal_position.delete())
        await project_all(journal, store)
    left = await everything(store)
    assert [each for each in ("13812345678", "138 1234 5678", "008613812345678") if each in left] == []
    async with store.database.read() as connection:
        told = {row.call_id: (row.ani, row.number_key) for row in await connection.execute(select(call))}
        tickets = set((await connection.execute(select(ticket.c.customer_id))).scalars())
    assert told == dict.fromkeys(("c0", "c1", "c2"), (done.pseudonym, ""))
    assert tickets == {None}
    assert (await store.due_calls.list()).items == ()
    # Who calls again later is a caller like any other.
    for event in answered_call("c9", "20261122-0009", clock.forward(minutes=1)):
        journal.append(event)
    await project_all(journal, store)
    assert (await store.tickets.get("20261122-0009")).ani == "13812345678"  # type: ignore[union-attr]
    assert await store.removals.drop_digests(clock.now + timedelta(days=8)) == 1
    async with store.database.read() as connection:
        assert list(await connection.execute(select(erased_number))) == []


@pytest.mark.req("CUS-4")
async def test_a_number_that_is_somebody_elses_by_now_stays_theirs(
    journal: Journal, store: Store, clock: HandClock
) -> None:
    person = await store.customers.save(Customer(name="王建国", numbers=(CustomerNumber(raw=NUMBERS[0]),)), by="8001")
    heir = await store.customers.save(Customer(name="李强"), by="8001")
    heir = await store.customers.move_number(NUMBERS[0], to=heir, use="mobile", by="8001")
    for event in answered_call("c1", "20261122-0001"):
        journal.append(event)
    await project_all(journal, store)
    done = await store.removals.remove(person.id, version=None, by="8901", asked_by="self", reason="")
    assert done.counts["customer"] == 1
    assert (await store.tickets.get("20261122-0001")).ani == NUMBERS[0]  # type: ignore[union-attr]
    assert await store.customers.get(heir.id) == heir


@pytest.mark.req("CUS-4")
async def test_nobody_is_removed_in_the_middle_of_a_call_and_a_merged_card_leads_on(
    journal: Journal, store: Store, clock: HandClock
) -> None:
    one = await store.customers.save(Customer(name="王建国", numbers=(CustomerNumber(raw=NUMBERS[0]),)), by="8001")
    journal.append(arrived("c1", "20261122-0001", clock.now))
    await project_all(journal, store)
    with pytest.raises(CallGoesOn, match="end it"):
        await store.removals.remove(one.id, version=None, by="8901", asked_by="self", reason="")
    two = await store.customers.save(Customer(name="王建国"), by="8001")
    await store.duplicates.merge(MergePlan(stays=one.id, stays_version=1, goes=two.id, goes_version=1), by="8801")
    with pytest.raises(CardMerged):
        await store.removals.remove(two.id, version=None, by="8901", asked_by="self", reason="")


@pytest.mark.req("CUS-4")
async def test_quiet_cards_are_found_and_not_those_with_open_matters(
    journal: Journal, store: Store, clock: HandClock
) -> None:
    quiet = await store.customers.save(Customer(name="静"), by="8001")
    await store.customers.save(Customer(name="重点", key_customer=True), by="8001")
    await store.customers.save(Customer(name="王建国", numbers=(CustomerNumber(raw=NUMBERS[0]),)), by="8001")
    for event in answered_call("c1", "20261122-0001"):
        journal.append(event)
    await project_all(journal, store)
    assert await store.removals.quiet(clock.now) == ()
    clock.forward(days=800)
    assert await store.removals.quiet(clock.now - timedelta(days=730)) == (quiet.id,)
