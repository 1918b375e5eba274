"""A message about a ticket goes out as a mail that its answer is known by, on a real SMTP connection. TKT-1, BKG-2"""

from collections.abc import AsyncIterator
from email import message_from_bytes, policy

import pytest

from app.channels.outbox import send_waiting
from config.service.channels import Mail
from config.service.outbox import Outbox
from crm.db.store import Store
from crm.outbox.model import OutMessage
from tests.fakes.smtp_server import SmtpServer
from tests.integration.store.hand_clock import HandClock

OURS = Mail(host="127.0.0.1", user="kefu@hall.example", addresses=("kefu@hall.example",))


@pytest.fixture
async def server() -> AsyncIterator[SmtpServer]:
    running = SmtpServer()
    await running.start()
    yield running
    await running.stop()


def routes(server: SmtpServer) -> Outbox:
    url = f"mailto://127.0.0.1:{server.port}?from=kefu@hall.example&name=客服&to={{recipient}}&mode=insecure"
    return Outbox(routes={"mail": (url,)}, attempts=3, retry_s=1)


async def enter(store: Store, clock: HandClock, ticket: str | None = "20261130-0001") -> tuple[str, str]:
    told = OutMessage(
        key="k",
        route="mail",
        recipient="wang@customer.example",
        title="展览馆",
        text="您好",
        about="test",
        ticket=ticket,
    )
    async with store.database.write() as connection:
        await store.outbox.enter(connection, told, clock())
    (row,) = await store.outbox.about("test")
    return row.token or "", row.message_id or ""


@pytest.mark.req("TKT-1")
@pytest.mark.parametrize("subaddresses", [False, True])
async def test_a_mail_of_ours_carries_its_token_and_its_durable_message_id(
    store: Store, clock: HandClock, server: SmtpServer, subaddresses: bool
) -> None:
    token, message_id = await enter(store, clock)
    mail = OURS.model_copy(update={"subaddresses": subaddresses})
    server.refuses = True
    assert await send_waiting(store, routes(server), mail, clock) == 0
    server.refuses = False
    clock.forward(seconds=5)
    assert await send_waiting(store, routes(server), mail, clock) == 1
    (taken,) = server.mails
    assert (taken.sender, taken.recipients) == ("kefu@hall.example", ["wang@customer.example"])
    read = message_from_bytes(taken.raw, policy=policy.default)
    assert read["Message-ID"] == f"<{message_id}@hall.example>"
    assert read["Subject"] == f"展览馆 [#{token}]"
    assert read["Reply-To"] == (f"kefu+{token}@hall.example" if subaddresses else "kefu@hall.example")
    assert read["Auto-Submitted"] == "auto-generated"
    assert read.get_content().strip() == "您好"
    assert len(read.get_all("Message-ID")) == 1


async def test_a_mail_about_no_ticket_and_a_site_without_a_mailbox_go_as_before(
    store: Store, clock: HandClock, server: SmtpServer
) -> None:
    token, _ = await enter(store, clock)
    assert await send_waiting(store, routes(server), None, clock) == 1
    assert token.encode() not in server.mails[0].raw
