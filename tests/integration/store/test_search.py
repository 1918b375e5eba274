"""Search over tickets, the same on both stores: what is found, in which order, and what is not shown. TKT-7."""

from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, text, update

from config.ids import AgentId
from crm.cases.organisation import SEES_ALL
from crm.db.migrate import MIGRATIONS
from crm.db.schema.cases import ticket_step
from crm.db.schema.core import ticket
from crm.db.store import Store
from crm.db.tickets.search_index import index_ticket
from crm.db.tickets.search_queries import LOOKED_THROUGH, Within
from crm.errors import BadCursor
from crm.journal.journal import Journal
from crm.tickets.model import TicketForm, TicketKind, TicketStep
from tests.fakes.call_story import DAY, INVITED, answered_call
from tests.integration.store.projecting import project_all

pytestmark = pytest.mark.req("TKT-7")

BY = AgentId("8001")
TEXTS = [
    TicketForm(kind=TicketKind.COMPLAINT, matter="投诉讲解员迟到", wish="要求道歉", contact_name="王建国"),
    TicketForm(kind=TicketKind.CONSULTATION, matter="咨询开放时间", note="已告知，客户满意"),
    TicketForm(kind=TicketKind.COMPLAINT, matter="投诉停车费", wish="退费", disposition="refund"),
    TicketForm(kind=TicketKind.SUGGESTION, matter="建议增设ＡＥＤ设备与WiFi 6"),
    TicketForm(kind=TicketKind.COMPLAINT, matter="电话投诉：诉求未处理", contact_number="0571-88889999"),
]
EVERYTHING = Within(sight=SEES_ALL)


def number(count: int) -> str:
    return f"20261122-{count:04d}"


@pytest.fixture(autouse=True)
async def six_tickets(journal: Journal, store: Store) -> None:
    """Five with texts, the sixth without one; to the callers of the even ones nobody has spoken yet."""
    for count in range(1, 7):
        at, ani = INVITED + timedelta(minutes=count), f"1391111000{count}"
        events = answered_call(f"c{count}", journal.next_ticket_number(DAY), at, ani=ani)
        for event in events if count % 2 else events[:1]:
            journal.append(event)
    await project_all(journal, store)
    for count, form in enumerate(TEXTS, start=1):
        await store.tickets.save_form(number(count), form, by=BY, version=1)


async def found(store: Store, typed: str, within: Within = EVERYTHING) -> list[int]:
    page = await store.search.find(typed, within)
    assert page.next is None
    return [int(each.ticket.number[-4:]) for each in page.items]


FOUND: list[tuple[str, list[int]]] = [
    ("投诉", [5, 3, 1]),
    ("投", [5, 3, 1]),
    ("诉", [5, 3, 1]),
    ("到", [1]),
    ("诉求", [5]),
    ("投诉 退费", [3]),
    ("投诉 -退费", [5, 1]),
    ("投诉 -退费 -道歉", [5]),
    ("“投诉讲解员”", [1]),
    ("讲解员投诉", []),
    ("迟到要求", []),
    ("aed", [4]),
    ("wifi", [4]),
    ("“wifi 6”", [4]),
    ("wi", []),
    ("王建国", [1]),
    ("refund", [3]),
    ("20261122-0006", [6]),
    ("20261122-0003 投诉", [3]),
    ("139 1111 0006", [6]),
    ("+86 13911110001", [1]),
    ("13911110001 投诉", [1]),
    ("13911110002 投诉", []),
    ("20260101-0001", []),
    ("没有的词", []),
    ("'投诉' & | ! : * \\", [5, 3, 1]),
]


async def test_what_is_found(store: Store) -> None:
    assert [(typed, await found(store, typed)) for typed, _ in FOUND] == FOUND


async def test_filters_narrow_a_search(store: Store) -> None:
    assert await found(store, "投诉", Within(kind="complaint")) == [5, 3, 1]
    assert await found(store, "咨询", Within(kind="complaint")) == []
    assert await found(store, "投诉", Within(agent="8001", line="hotline")) == [5, 3, 1]
    assert await found(store, "开放", Within(agent="8001")) == []
    assert await found(store, "投诉", Within(line="aid")) == []
    assert await found(store, "投诉", Within(since=INVITED + timedelta(minutes=3))) == [5, 3]
    assert await found(store, "投诉", Within(until=INVITED + timedelta(minutes=3))) == [1]
    assert await found(store, "投诉", Within(since=INVITED + timedelta(days=1))) == []
    await store.tickets.save_form(number(3), TicketForm(), by=BY, version=2, step=TicketStep.CLOSE)
    assert await found(store, "投诉", Within(state="closed")) == [3]
    assert await found(store, "投诉", Within(state="open")) == [5, 1]


async def test_pages_fit_together(store: Store) -> None:
    numbers: list[str] = []
    after = None
    for _ in range(3):
        page = await store.search.find("投诉", EVERYTHING, limit=1, after=after)
        numbers += [each.ticket.number for each in page.items]
        after = page.next
    assert (numbers, after) == ([number(5), number(3), number(1)], None)
    for wrong in ("x", "-1", "9" * 40, ""):
        with pytest.raises(BadCursor):
            await store.search.find("投诉", EVERYTHING, after=wrong)


async def test_a_text_that_is_changed_or_emptied_is_found_by_what_it_says_now(store: Store) -> None:
    await store.tickets.save_form(number(2), TicketForm(matter="咨询票价", note=""), by=BY, version=2)
    assert (await found(store, "开放"), await found(store, "满意"), await found(store, "票价")) == ([], [], [2])
    await store.tickets.save_form(number(2), TicketForm(matter=""), by=BY, version=3)
    assert await found(store, "票价") == []


async def test_what_is_written_at_a_step_is_found_with_its_words(store: Store) -> None:
    async with store.database.write() as connection:
        for details in ('{"text": "已派维修工到现场", "holder": {"why": ["属设备科"]}}', "电话回访：无人接听"):
            row = {"ticket": number(6), "at": INVITED, "by": "8001", "step": "started", "details": details}
            await connection.execute(insert(ticket_step).values(**row))
        await index_ticket(connection, number(6))
    assert (await found(store, "维修"), await found(store, "设备科"), await found(store, "回访")) == ([6], [6], [6])
    (hit,) = (await store.search.find("维修", EVERYTHING)).items
    assert [(each.text, each.hit) for each in hit.snippet] == [("已派", False), ("维修", True), ("工到现场", False)]


async def test_restricted_tickets_are_for_those_who_may_see_them(store: Store) -> None:
    async with store.database.write() as connection:
        await connection.execute(update(ticket).where(ticket.c.number == number(3)).values(restricted=True))
    assert await found(store, "投诉", Within()) == [5, 1], "also before the index knows"
    async with store.database.write() as connection:
        await index_ticket(connection, number(3))
    assert await found(store, "投诉", Within()) == [5, 1]
    assert await found(store, number(3), Within()) == []
    assert await found(store, "13911110003", Within()) == []
    assert await found(store, "投诉") == [5, 3, 1]
    page = await store.search.find("投诉", Within(), limit=1, after=None)
    assert [each.ticket.number for each in page.items] == [number(5)]


async def test_what_a_call_adds_later_is_known_to_the_search(store: Store, journal: Journal) -> None:
    """Ticket 2 has a text and no agent; then somebody speaks with its caller."""
    assert await found(store, "开放", Within(agent="8001")) == []
    for event in answered_call("c2", number(2), INVITED + timedelta(minutes=2))[1:]:
        journal.append(event)
    await project_all(journal, store)
    assert await found(store, "开放", Within(agent="8001")) == [2]


async def test_hits_behind_thousands_of_newer_tickets_are_found(store: Store) -> None:
    def many(connection: Connection) -> None:
        rows = [
            {"key": 20261123 * 10**9 + count, "words": "'门票':1" if postgresql else "门票"}
            for count in range(1, LOOKED_THROUGH + 10)
        ]
        postgresql_words = "CAST(:words AS tsvector)"
        name, value = ("key", postgresql_words) if postgresql else ("rowid", ":words")
        connection.execute(text(f"INSERT INTO ticket_words ({name}, words) VALUES (:key, {value})"), rows)

    postgresql = store.database.dialect == "postgresql"
    async with store.database.write() as connection:
        await connection.run_sync(many)
    assert await found(store, "投诉") == [5, 3, 1]


async def test_a_store_of_before_gets_its_index_with_the_migration(store: Store) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    def there_and_back(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
        command.upgrade(config, "head")

    async with store.database.write() as connection:
        await connection.run_sync(there_and_back)
    assert await found(store, "投诉") == [5, 3, 1]
