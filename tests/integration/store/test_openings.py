"""Tickets of other channels in both stores: from the journal, once each, with the customer, found by words. TKT-1"""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, select, text

from app.channels.attachments import AttachmentFiles
from app.data_protection.privacy import remove_customer
from config.ids import AgentId
from config.numbering import normalise
from config.paths import DataDir
from crm.customers.model import Customer, CustomerNumber
from crm.db.base.engine import make_engine
from crm.db.migrate import MIGRATIONS
from crm.db.schema.intake import attachment, intake
from crm.db.store import Store
from crm.intake.model import CHANNELS, FileKept, Letter, Opening, contact_of, masked_email
from crm.journal.events import TicketOpened
from crm.journal.journal import Journal
from crm.tickets.model import TicketForm, TicketKind, TicketStep
from crm.use_cases.accounts.people import enrol_site
from crm.use_cases.tickets import Tickets
from tests.fakes.small_site import small_site
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

SHANGHAI = ZoneInfo("Asia/Shanghai")
FILE = FileKept(id="a" * 32, name="a.pdf", media="application/pdf", size=9, sha256="x")


def tickets_of(journal: Journal) -> Tickets:
    return Tickets(journal, SHANGHAI, lambda event: None)


@pytest.mark.req("TKT-1", "TKT-3")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_every_channel_makes_a_ticket_with_what_is_known(
    store: Store, journal: Journal, clock: HandClock, channel: str
) -> None:
    number = normalise("13812345678", "0571")
    card = CustomerNumber(raw=number.raw, normalised=number.normalised, kind=number.kind)
    customer = await store.customers.save(Customer(id=0, name="王建国", numbers=(card,)), by="8001")
    opening = Opening(
        received_at=datetime(2026, 11, 20, tzinfo=UTC),
        kind=TicketKind.COMPLAINT,
        category="guiding",
        department="reception",
        matter="讲解员迟到",
        contact_number="138-1234-5678",
        files=(FILE,),
    )
    made = tickets_of(journal).open_from(channel, opening, clock())  # type: ignore[arg-type]
    await project_all(journal, store)
    ticket = await store.tickets.get(made)
    assert ticket is not None and (ticket.channel, ticket.kind) == (channel, TicketKind.COMPLAINT)
    assert (ticket.customer_id, ticket.line, ticket.call) == (customer.id, None, None)
    assert [row.number for row in (await store.tickets.list(channel="other")).items] == [made]
    assert (await store.tickets.list(channel="telephone")).items == ()
    assert [file.id for file in await store.intake.files(made)] == [FILE.id]


@pytest.mark.req("TKT-1")
async def test_a_batch_applied_twice_and_a_key_met_twice_are_one_ticket(
    store: Store, journal: Journal, clock: HandClock
) -> None:
    tickets = tickets_of(journal)
    letter = Opening(received_at=clock(), matter="one", key="mail:1", files=(FILE,))
    first = tickets.open_from("email", letter, clock())
    tickets.open_from("email", letter, clock())
    await project_all(journal, store)
    tickets.open_from("email", letter, clock())
    await project_all(journal, store)
    async with store.database.write() as connection:
        await connection.execute(text("DELETE FROM journal_position"))
    await project_all(journal, store)
    assert [row.number for row in (await store.tickets.list()).items] == [first]
    async with store.database.read() as connection:
        assert len((await connection.execute(select(intake))).all()) == 1
        assert len((await connection.execute(select(attachment))).all()) == 1


@pytest.mark.req("TKT-1")
async def test_a_persons_words_outlive_a_second_reading_of_the_journal(
    store: Store, journal: Journal, clock: HandClock
) -> None:
    tickets = tickets_of(journal)
    made = tickets.open_from("letter", Opening(received_at=clock(), matter="before"), clock())
    await project_all(journal, store)
    await store.tickets.save_form(made, TicketForm(matter="after"), by=AgentId("8001"), version=1)
    async with store.database.write() as connection:
        await connection.execute(text("DELETE FROM journal_position"))
    await project_all(journal, store)
    ticket = await store.tickets.get(made)
    assert ticket is not None and ticket.matter == "after"


async def test_an_answer_tells_whoever_has_the_ticket(store: Store, journal: Journal, clock: HandClock) -> None:
    tickets = tickets_of(journal)
    made = tickets.open_from("letter", Opening(received_at=clock(), matter="x"), clock())
    await enrol_site(store, [agent for agent in small_site().agents if agent.role == "supervisor"])
    answer = Letter(received_at=clock(), sender="a@b.cn", subject="再问", text="怎么样了", key="mail:9")
    tickets.answer_on(made, answer, clock())
    tickets.answer_on(made, answer, clock())
    await project_all(journal, store)
    (notice,) = (await store.messages.list(recipient="8801")).items
    assert made in notice.text and notice.ticket == made
    detail = await store.tickets.get(made)
    assert detail is not None
    assert [entry.source for entry in detail.timeline if entry.source == "letter"] == ["letter"]


@pytest.mark.req("CUS-4")
async def test_a_removed_customer_is_gone_from_letters_and_files_too(
    store: Store, journal: Journal, clock: HandClock, tmp_path: Path
) -> None:
    number = normalise("13812345678", "0571")
    card = CustomerNumber(raw=number.raw, normalised=number.normalised, kind=number.kind)
    customer = await store.customers.save(Customer(id=0, name="王建国", numbers=(card,)), by="8001")
    data = DataDir(tmp_path)
    file = AttachmentFiles(data.attachments).keep("来信.txt", b"13812345678", "text/plain")
    tickets = tickets_of(journal)
    told = {"matter": "我是王建国", "contact_name": "王建国", "contact_number": "138 1234 5678"}
    opening = Opening(received_at=clock(), email="wang@b.cn", address="西湖区", files=(file,), **told)
    made = tickets.open_from("letter", opening, clock())
    tickets.answer_on(
        made,
        Letter(received_at=clock(), sender="wang@b.cn", subject="", text="王建国 13812345678", key="mail:1"),
        clock(),
    )
    await project_all(journal, store)
    await store.tickets.save_form(made, TicketForm(), by=AgentId("8001"), version=1, step=TicketStep.CLOSE)
    await remove_customer(store, data, customer.id, version=None, by="8901", asked_by="self", reason="asked by letter")
    async with store.database.write() as connection:
        await connection.execute(text("DELETE FROM journal_position"))
    await project_all(journal, store)
    assert not [path for path in data.attachments.rglob("*") if path.is_file()]
    async with store.database.read() as connection:
        for table in ("ticket", "intake", "letter", "event", "attachment"):
            rows = str((await connection.execute(text(f"SELECT * FROM {table}"))).all())
            for word in ("王建国", "13812345678", "138 1234", "wang@b.cn", "西湖区"):
                assert word not in rows, (table, word)


@pytest.mark.req("TKT-7")
def test_numbers_go_on_after_a_restart_without_the_store(tmp_path: Path) -> None:
    at = datetime(2026, 11, 22, 17, tzinfo=UTC)
    journal = Journal.open(tmp_path)
    first = tickets_of(journal).open_from("web", Opening(received_at=at, matter="x"), at)
    journal.close()
    again = Journal.open(tmp_path)
    second = tickets_of(again).open_from("web", Opening(received_at=at, matter="y"), at)
    assert (first, second) == ("20261123-0001", "20261123-0002")
    assert [type(event) for _, event in again.read()] == [TicketOpened, TicketOpened]
    again.close()


async def test_the_tables_come_to_a_store_that_has_tickets_and_an_audit_trail(store_url: str, clock: HandClock) -> None:
    """Up from the revision before, with data; and down again."""
    store = await Store.open(store_url, clock=clock)
    engine = make_engine(store.database.url, 5.0, for_migrations=True)

    def at(revision: str, way: str) -> None:
        def run(connection: Connection) -> None:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            getattr(command, way)(config, revision)

        return run  # type: ignore[return-value]

    async with engine.begin() as connection:
        await connection.run_sync(at("0011", "downgrade"))  # type: ignore[arg-type, func-returns-value]
        await connection.execute(
            text(
                "INSERT INTO ticket (number, opened_at, state, severity, channel, version) "
                "VALUES ('20261122-0001', '2026-11-22 02:00:00', 'open', 'normal', 'telephone', 1)"
            )
        )
        await connection.execute(
            text(
                'INSERT INTO audit (day, serial, at, "by", action, subject, seal) '
                "VALUES ('2026-11-22', 1, '2026-11-22 02:00:00', '8001', 'x', 'y', 'z')"
            )
        )
        await connection.run_sync(at("head", "upgrade"))  # type: ignore[arg-type, func-returns-value]
    await engine.dispose()
    assert (await store.tickets.get("20261122-0001")) is not None
    assert [row.by for row in (await store.audit.list()).items] == ["8001"]
    with pytest.raises(Exception, match="append-only"):
        async with store.database.write() as connection:
            await connection.execute(text("DELETE FROM audit"))
    await store.close()


def test_a_contact_in_one_field_is_a_number_or_an_address() -> None:
    assert contact_of(" a@b.cn ") == ("", "a@b.cn")
    assert contact_of("010 转 5") == ("010 转 5", "")
    assert contact_of("两个 @ 号 @") == ("两个 @ 号 @", "")
    assert masked_email("wang@b.cn") == "w***@b.cn" and masked_email("") == ""
