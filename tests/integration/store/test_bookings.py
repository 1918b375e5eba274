"""Bookings in both stores: never oversold, a guide never twice at once, moved in one go, answered once. BKG-1…5."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import insert, select, text

from crm.bookings.model import Aftermath, Booking, BookingState, BookingStep
from crm.bookings.slots import placing
from crm.customers.model import Customer, CustomerNumber
from crm.db.base.engine import Database, make_engine
from crm.db.migrate import MIGRATIONS
from crm.db.schema.core import ticket, ticket_change
from crm.db.store import Store
from crm.errors import BookingRefused, IllegalTransition, UnknownRecord, VersionConflict
from crm.journal.events import BookingAnswered, VisitRated
from crm.journal.journal import Journal
from crm.outbox.model import OutMessage, next_try
from tests.integration.store.booker import DAY, NOTHING_MORE, RULES, TICKET, book, crowd, slot_at, wish
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

BOOKERS = 50
PLACES = 10
REMINDER = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


def confirmed(row: Booking) -> OutMessage:
    key = f"booking {row.id} v{row.version}"
    return OutMessage(
        key=key, route="confirmation", recipient=row.contact_number, title="", text="x", about=f"booking {row.id}"
    )


FOLLOWED = Aftermath(reminder_at=REMINDER, queue="hotline", message=confirmed)


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Store]:
    """A store with a ticket to book on."""
    await open_ticket(store, TICKET)
    yield store


async def open_ticket(store: Store, number: str, kind: str | None = None) -> None:
    row = {"number": number, "opened_at": store.clock(), "state": "open", "severity": "normal", "channel": "telephone"}
    async with store.database.write() as connection:
        await connection.execute(insert(ticket).values(**row, kind=kind, version=1))


async def audit_actions(store: Store) -> list[str]:
    async with store.database.read() as connection:
        return list((await connection.execute(text("SELECT action FROM audit ORDER BY id"))).scalars())


@pytest.mark.req("BKG-1")
async def test_fifty_at_once_take_ten_places_and_not_one_more(desk: Store) -> None:
    came = await crowd(desk, 0, BOOKERS, wish())
    assert came == {"booked": PLACES, "full": BOOKERS - PLACES}
    slot = slot_at(14)
    taken = await desk.bookings.taken(slot.starts_at, slot.ends_at)
    assert sum(each.party for each in taken) == PLACES
    assert (await crowd(desk, 100, 3, wish(party=2)))["full"] == 3


@pytest.mark.req("BKG-1")
async def test_bookings_of_many_days_on_one_ticket_do_not_wait_for_each_other(desk: Store) -> None:
    days = [DAY + timedelta(days=number) for number in range(12)]
    made = await asyncio.gather(*(book(desk, f"{day}", wish(language="zh"), day=day) for day in days))
    assert {row.state for row in made} == {BookingState.BOOKED}


@pytest.mark.req("BKG-1")
async def test_a_guide_is_never_twice_at_once(desk: Store) -> None:
    came = await crowd(desk, 0, BOOKERS // 2, wish(language="zh"))
    assert came == {"booked": 2, "no_guide": BOOKERS // 2 - 2}
    slot = slot_at(14)
    guides = [each.guide for each in await desk.bookings.taken(slot.starts_at, slot.ends_at)]
    assert sorted(map(str, guides)) == ["he", "lin"]


@pytest.mark.req("BKG-1")
@pytest.mark.parametrize("language", [None, "zh"])
async def test_two_processes_do_not_oversell_either(desk: Store, store_url: str, language: str | None) -> None:
    arguments = ["-m", "tests.integration.store.booker", store_url]

    async def process(first: int) -> Counter[str]:
        more = [str(first), str(BOOKERS // 2), "3", *([language] if language else [])]
        running = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, *more, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await running.communicate()
        assert running.returncode == 0
        return Counter(json.loads(said))

    one, other = await asyncio.gather(process(0), process(1000))
    came = one + other
    assert came["booked"] == (2 if language else PLACES // 3)
    assert came.total() == BOOKERS
    slot = slot_at(14)
    taken = await desk.bookings.taken(slot.starts_at, slot.ends_at)
    assert sum(each.party for each in taken) == came["booked"] * 3 <= PLACES
    if language:
        assert len({each.guide for each in taken}) == 2


@pytest.mark.req("BKG-1")
async def test_a_slot_swapped_by_many_at_once_is_never_over_full(desk: Store) -> None:
    """Everybody wants to change places with everybody: what is moved is moved whole, and the sums are right."""
    rows = [await book(desk, f"a{number}", wish(party=5), hour) for number, hour in enumerate((9, 9, 10, 11, 11))]

    async def move(row: Booking, hour: int) -> str:
        slot = slot_at(hour)
        place = placing(RULES, slot, "working", wish(party=5))
        try:
            await desk.bookings.change(row, slot, wish(party=5), place, None, by="8001")
        except BookingRefused:
            return "full"
        except VersionConflict:
            return "conflict"
        return "moved"

    came = await asyncio.gather(*(move(row, hour) for row in rows for hour in (9, 10, 11)))
    assert "moved" in came
    for hour in (9, 10, 11):
        slot = slot_at(hour)
        assert sum(each.party for each in await desk.bookings.taken(slot.starts_at, slot.ends_at)) <= PLACES
    slot = slot_at(9)
    assert len(await desk.bookings.taken(slot.starts_at, slot.ends_at + timedelta(hours=3))) == len(rows)


@pytest.mark.req("BKG-1", "TKT-2")
async def test_a_booking_hangs_on_its_ticket_and_customer_and_is_made_once_per_key(desk: Store) -> None:
    card = await desk.customers.save(Customer(name="王芳", numbers=(CustomerNumber(raw="138-1234-5678"),)))
    booked = await book(desk, "k", wish(language="zh"), after=FOLLOWED)
    again = await book(desk, "k", wish(language="zh"), after=FOLLOWED)
    assert booked == again
    assert (booked.customer_id, booked.customer_name, booked.guide) == (card.id, "王芳", "he")
    detail = await desk.tickets.get(TICKET)
    assert detail is not None
    assert (detail.kind, detail.version) == ("guide_booking", 2)
    told = {(entry.source, entry.action): entry for entry in detail.timeline}
    assert told["booking", "booked"].details["number"] == str(booked.id)
    assert told["change", "kind"].details == {"old": None, "new": "guide_booking"}
    assert ("due_call", "scheduled") in told
    assert (await audit_actions(desk)).count("booking_made") == 1
    (call,) = (await desk.due_calls.list(ticket=TICKET)).items
    assert (call.kind, call.due_at, call.queue, call.number_key) == ("reminder", REMINDER, "hotline", "13812345678")
    (message,) = await desk.outbox.about(f"booking {booked.id}")
    assert (message.state, message.recipient) == ("waiting", "13812345678")
    with pytest.raises(UnknownRecord):
        slot, place = slot_at(14), placing(RULES, slot_at(14), "working", wish())
        await desk.bookings.book("other", "20261122-9999", slot, wish(), place, NOTHING_MORE, by="8001")


async def test_a_complaint_that_leads_to_a_booking_stays_a_complaint(desk: Store) -> None:
    await open_ticket(desk, "20261122-0002", kind="complaint")
    slot, place = slot_at(14), placing(RULES, slot_at(14), "working", wish())
    await desk.bookings.book("k", "20261122-0002", slot, wish(), place, NOTHING_MORE, by="8001")
    async with desk.database.read() as connection:
        kinds = await connection.execute(select(ticket.c.kind).where(ticket.c.number == "20261122-0002"))
        assert kinds.scalar_one() == "complaint"
        assert (await connection.execute(select(ticket_change))).all() == []


@pytest.mark.req("BKG-1", "BKG-2", "BKG-3")
async def test_moving_and_cancelling_move_places_calls_and_messages_with_them(desk: Store, clock: HandClock) -> None:
    booked = await book(desk, "k", wish(party=6, language="zh", guide="lin"), after=FOLLOWED)
    await desk.bookings.told(booked.id, by="8001")
    there = await desk.bookings.get(booked.id)
    assert there is not None and there.told_at == clock.now and there.version == 2
    slot, wanted = slot_at(10, DAY + timedelta(days=1)), wish(party=7, language="zh")
    place = placing(RULES, slot, "working", wanted)
    with pytest.raises(VersionConflict):
        await desk.bookings.change(booked, slot, wanted, place, FOLLOWED, by="8002")
    later = Aftermath(reminder_at=REMINDER + timedelta(days=1), queue="hotline", message=confirmed)
    moved = await desk.bookings.change(there, slot, wanted, place, later, by="8002")
    assert (moved.starts_at, moved.party, moved.guide, moved.told_at) == (slot.starts_at, 7, "he", None)
    old = slot_at(14)
    assert await desk.bookings.taken(old.starts_at, old.ends_at) == ()
    calls = (await desk.due_calls.list(ticket=TICKET)).items
    assert [(call.state, call.due_at) for call in calls] == [
        ("cancelled", REMINDER),
        ("scheduled", REMINDER + timedelta(days=1)),
    ]
    newest, withdrawn = await desk.outbox.about(f"booking {moved.id}")
    assert (newest.state, withdrawn.state, withdrawn.error) == ("waiting", "failed", "withdrawn")
    off = await desk.bookings.step(moved.id, BookingStep.CANCEL, moved.version, by="8001", note="客户改期")
    assert off.state is BookingState.CANCELLED
    assert await desk.bookings.taken(slot.starts_at, slot.ends_at) == ()
    assert {call.state for call in (await desk.due_calls.list(ticket=TICKET)).items} == {"cancelled"}
    assert {each.state for each in await desk.outbox.about(f"booking {moved.id}")} == {"failed"}
    with pytest.raises(IllegalTransition):
        await desk.bookings.step(moved.id, BookingStep.CONFIRM, off.version, by="8001")
    history = await desk.bookings.history(moved.id)
    assert [entry.step for entry in history] == ["booked", "told", "moved", "cancel"]
    assert history[2].details["old_party"] == 6 and history[2].details["party"] == 7
    assert history[3].details == {"note": "客户改期"} and history[2].by == "8002"
    actions = await audit_actions(desk)
    assert actions == ["booking_made", "booking_told", "booking_changed", "booking_cancel"]


@pytest.mark.req("BKG-1")
async def test_a_refused_move_leaves_everything_as_it_was(desk: Store) -> None:
    await book(desk, "full", wish(party=10), hour=10)
    booked = await book(desk, "k", wish(party=2), after=FOLLOWED)
    slot = slot_at(10)
    with pytest.raises(BookingRefused):
        place = placing(RULES, slot, "working", wish(party=2))
        await desk.bookings.change(booked, slot, wish(party=2), place, FOLLOWED, by="8001")
    assert await desk.bookings.get(booked.id) == booked
    assert [call.state for call in (await desk.due_calls.list(ticket=TICKET)).items] == ["scheduled"]
    assert [entry.step for entry in await desk.bookings.history(booked.id)] == ["booked"]


@pytest.mark.req("BKG-3", "BKG-4")
async def test_a_customers_keys_are_applied_once_each_however_often_they_come(desk: Store, journal: Journal) -> None:
    rows = [await book(desk, f"k{hour}", wish(), hour, after=FOLLOWED) for hour in (9, 10, 11)]

    def pressed(row: Booking, answer: str, event: str, **other: datetime) -> BookingAnswered:
        fields = {"starts_at": row.starts_at} | other
        return BookingAnswered(
            event_id=event, at=desk.clock(), call_id="c1", booking=row.id, answer=answer, **fields  # type: ignore[arg-type]
        )  # fmt: skip

    confirm, cancel = pressed(rows[0], "confirm", "e1"), pressed(rows[1], "cancel", "e2")
    other_time = pressed(rows[2], "cancel", "e3", starts_at=REMINDER)
    too_late = pressed(rows[1], "confirm", "e4")
    rated = VisitRated(event_id="e5", at=desk.clock(), call_id="c1", booking=rows[0].id, score=4)
    nobody = BookingAnswered(
        event_id="e6", at=desk.clock(), call_id="c1", booking=999, starts_at=REMINDER, answer="confirm"
    )
    for event in (confirm, confirm, cancel, other_time, too_late, rated, cancel, rated, nobody):
        journal.append(event)
    await project_all(journal, desk)
    now = [await desk.bookings.get(row.id) for row in rows]
    assert [row.state for row in now if row] == ["confirmed", "cancelled", "change_asked"]
    assert [row.version for row in now if row] == [2, 2, 2]
    assert now[0] is not None and now[0].rating == 4
    assert [entry.step for entry in await desk.bookings.history(rows[0].id)] == ["booked", "confirm", "rated"]
    assert [entry.step for entry in await desk.bookings.history(rows[1].id)] == ["booked", "cancel", "too_late"]
    states = {call.key.split("/")[1]: call.state for call in (await desk.due_calls.list(ticket=TICKET)).items}
    assert [states[str(row.id)] for row in rows] == ["scheduled", "cancelled", "scheduled"]
    slot = slot_at(10)
    assert await desk.bookings.taken(slot.starts_at, slot.ends_at) == ()


@pytest.mark.req("BKG-4")
async def test_who_came_is_asked_how_it_was_unless_that_is_unwanted(desk: Store) -> None:
    await desk.customers.save(Customer(name="王芳", numbers=(CustomerNumber(raw="13812345678"),), do_not_call=True))
    asked = await book(desk, "a", wish(number="13900000000"), after=FOLLOWED)
    spared = await book(desk, "b", wish(), after=FOLLOWED)
    at = REMINDER + timedelta(days=2)
    for row in (asked, spared):
        came = await desk.bookings.step(row.id, BookingStep.ARRIVE, row.version, by="8001", survey=(at, "hotline"))
        assert came.state is BookingState.VISITED
    scheduled = (await desk.due_calls.list(state="scheduled")).items
    assert [(call.due_at, call.number_key, call.key) for call in scheduled] == [
        (at, "13900000000", f"booking/{asked.id}/survey/2")
    ]
    slip = await desk.bookings.step(asked.id, BookingStep.MISS, 2, by="8001")
    assert slip.state is BookingState.NO_SHOW
    assert (await desk.due_calls.list(state="scheduled")).items == ()


@pytest.mark.req("BKG-1")
async def test_lists_go_by_time_and_page_by_page(desk: Store) -> None:
    days = (DAY, DAY + timedelta(days=1))
    made = [await book(desk, f"{day}{hour}", wish(), hour, day) for day in days for hour in (11, 9)]
    ids = sorted(made, key=lambda row: row.starts_at)
    first = await desk.bookings.list(limit=3)
    rest = await desk.bookings.list(limit=3, after=first.next)
    assert [row.id for row in (*first.items, *rest.items)] == [row.id for row in ids]
    assert rest.next is None
    one_day = await desk.bookings.list(since=slot_at(9).starts_at, until=slot_at(9).starts_at + timedelta(days=1))
    assert len(one_day.items) == 2
    await desk.bookings.step(made[0].id, BookingStep.CANCEL, 1, by="8001")
    assert [row.id for row in (await desk.bookings.list(state="cancelled")).items] == [made[0].id]
    assert len((await desk.bookings.list(ticket_number=TICKET)).items) == 4
    assert len(await desk.bookings.between(slot_at(9).starts_at, slot_at(11).starts_at)) == 1


@pytest.mark.req("BKG-2")
async def test_messages_are_claimed_by_one_tried_again_and_given_up(desk: Store, clock: HandClock) -> None:
    await book(desk, "k", wish(), after=FOLLOWED)
    claims = await asyncio.gather(*(desk.outbox.claim(clock.now, lease_s=60, limit=5) for _ in range(4)))
    (message,) = [each for claim in claims for each in claim]
    again = next_try(1, clock.now, most=3, retry_s=60)
    assert again == clock.now + timedelta(seconds=60)
    await desk.outbox.failed(message.id, "500 from the gateway", again)
    assert await desk.outbox.claim(clock.now, lease_s=60, limit=5) == []
    (message,) = await desk.outbox.claim(clock.forward(seconds=61), lease_s=60, limit=5)
    assert (message.attempts, message.error) == (1, "500 from the gateway")
    assert await desk.outbox.claim(clock.forward(seconds=59), lease_s=60, limit=5) == []
    (message,) = await desk.outbox.claim(clock.forward(seconds=2), lease_s=60, limit=5)  # its worker died
    await desk.outbox.sent(message.id, clock.now)
    (row,) = await desk.outbox.about(message.about)
    assert (row.state, row.sent_at, row.attempts, row.error) == ("sent", clock.now, 2, "")
    assert next_try(2, clock.now, most=3, retry_s=60) == clock.now + timedelta(seconds=120)
    assert next_try(3, clock.now, most=3, retry_s=60) is None


async def test_the_migration_goes_up_with_data_and_down_again(store_url: str) -> None:
    """From the revision before, with a ticket in it, to this one and back."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    async def go(way: str, to: str) -> None:
        engine = make_engine(Database(store_url, _nothing, busy_timeout_s=5).url, 5, for_migrations=True)
        async with engine.begin() as connection:

            def run(sync: object) -> None:
                config.attributes["connection"] = sync
                (command.upgrade if way == "up" else command.downgrade)(config, to)

            await connection.run_sync(run)
            if to == "0007" and way == "up":
                row = "'20261122-0001', '2026-11-22 02:00:00', 'open', 'normal', 'telephone', 1"
                columns = "number, opened_at, state, severity, channel, version"
                await connection.execute(text(f"INSERT INTO ticket ({columns}) VALUES ({row})"))
        await engine.dispose()

    await go("up", "0007")
    await go("up", "0008")
    await go("down", "0007")
    await go("up", "head")
    store = await Store.open(store_url, clock=HandClock())
    booked = await book(store, "k", wish())
    assert booked.ticket == TICKET
    await store.close()


async def _nothing(database: Database) -> None:
    """No migrations by itself."""
