"""A mailbox becomes tickets, each mail once: through a real IMAP connection, both stores, cuts and restarts. TKT-1"""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.channels.attachments import AttachmentFiles
from app.channels.mailbox import MailRoom
from config.service.channels import Mail
from config.service.matters import Matters
from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.intake.mail import read_mail
from crm.intake.model import Opening
from crm.journal.journal import Journal
from crm.regulation.policy import Regulated
from crm.use_cases.intake import Intake
from crm.use_cases.tickets import Tickets
from tests.fakes.imap_server import ImapServer
from tests.fakes.small_site import small_site
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import projecting

WANG, STRANGER = "wang@example.cn", "stranger@elsewhere.example"


def letter(
    identity: str | None = "<1@x>",
    subject: str = "complaint",
    *headers: str,
    body: str = "late",
    sender: str = WANG,
) -> bytes:
    head = [f"From: Wang <{sender}>", f"Subject: {subject}", *headers]
    head += [f"Message-ID: {identity}"] if identity else []
    return "\r\n".join([*head, "", body]).encode()


class Desk:
    """A mail room with everything behind it."""

    def __init__(
        self,
        server: ImapServer,
        store: Store,
        journal: Journal,
        projector: Projector,
        home: Path,
        moved_to: str | None = "Done",
    ) -> None:
        site = small_site()
        self.server, self.store, self.journal, self.home = server, store, journal, home
        self.clock = HandClock()
        self.tickets = Tickets(journal, ZoneInfo("Asia/Shanghai"), lambda event: None)
        regulated = Regulated.of(site.policy, site.zone, site.special_days)
        intake = Intake(self.tickets, Matters(), regulated, self.clock)
        mail = Mail(host="127.0.0.1", port=server.port, security="none", user="kefu@example.cn", moved_to=moved_to)
        self.files = AttachmentFiles(home / "attachments")
        self.room = MailRoom(mail, intake, store, self.files, projector.caught_up)
        self.projector = projector
        self.password = home / "mail-password"
        if not self.password.exists():
            self.password.write_text("secret\n")
            self.password.chmod(0o600)

    async def poll(self) -> int:
        return await self.room.poll(self.password, self.clock())

    async def subjects(self) -> list[str]:
        await self.projector.caught_up()
        return sorted(row.matter.split("\n")[0] for row in (await self.store.tickets.list()).items)


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    running = ImapServer()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def desk(server: ImapServer, store: Store, journal: Journal, tmp_path: Path) -> AsyncIterator[Desk]:
    async with projecting(journal, store) as projector:
        yield Desk(server, store, journal, projector, tmp_path)


@pytest.mark.req("TKT-1")
async def test_each_mail_is_one_ticket_however_often_it_is_seen(desk: Desk) -> None:
    for raw in (letter(), letter("<2@x>", "second"), letter(), letter(None, "no id")):
        desk.server.put(raw)
    desk.server.put(letter("<3@x>", "away", "Auto-Submitted: auto-replied"))
    assert await desk.poll() == 3
    assert await desk.subjects() == ["complaint", "no id", "second"]
    assert {mail.folder for mail in desk.server.mails} == {"Done"}
    assert await desk.poll() == 0
    row = (await desk.store.tickets.list()).items[0]
    facts = await desk.store.intake.facts(row.number)
    assert row.channel == "email" and facts is not None and facts.email == "wang@example.cn"


@pytest.mark.req("TKT-1")
async def test_a_new_uidvalidity_or_a_lost_place_makes_no_second_ticket(desk: Desk) -> None:
    desk.server.put(letter())
    assert await desk.poll() == 1
    for mail in desk.server.mails:
        mail.folder, mail.flags = "INBOX", set()
    desk.server.uid_validity = 8
    assert await desk.poll() == 0
    assert await desk.subjects() == ["complaint"]


@pytest.mark.req("TKT-1")
@pytest.mark.parametrize("cut", ["LOGIN", "SELECT", "SEARCH", "FETCH", "STORE", "MOVE"])
async def test_cut_at_any_step_nothing_is_lost_and_nothing_twice(
    server: ImapServer, store: Store, journal: Journal, tmp_path: Path, cut: str
) -> None:
    async with projecting(journal, store) as projector:
        desk = Desk(server, store, journal, projector, tmp_path, moved_to=None if cut == "STORE" else "Done")
        await cut_and_again(desk, cut)


async def cut_and_again(desk: Desk, cut: str) -> None:
    desk.server.put(letter())
    desk.server.put(letter("<2@x>", "second"))
    desk.server.drops_at = cut
    await desk.poll()
    assert desk.room.status()["reachable"] is False
    if cut not in ("STORE", "MOVE"):
        assert await desk.subjects() == [], "what the journal does not have is not marked either"
        assert not any(mail.flags for mail in desk.server.mails)
    desk.server.drops_at = None
    await desk.poll()
    assert await desk.subjects() == ["complaint", "second"]
    assert desk.room.status()["reachable"] is True
    assert all(mail.folder == "Done" or "\\Seen" in mail.flags for mail in desk.server.mails)


async def test_without_a_mailbox_or_with_an_open_password_it_is_told_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.password.chmod(0o644)
    assert [await desk.poll(), await desk.poll()] == [0, 0]
    assert [record.getMessage() for record in caplog.records if "chmod 600" in record.getMessage()] != []
    assert sum("not read" in record.getMessage() for record in caplog.records) == 1
    desk.password.chmod(0o600)
    desk.server.password = "other"
    assert await desk.poll() == 0
    assert "wrong password" in str(desk.room.status()["failure"])
    await desk.server.stop()
    assert await desk.poll() == 0


@pytest.mark.req("TKT-1", "TKT-3")
async def test_an_answer_goes_to_its_ticket_with_its_files(desk: Desk) -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n....").decode()
    desk.server.put(letter())
    await desk.poll()
    (ticket,) = (await desk.store.tickets.list()).items
    parts = (
        'Content-Type: multipart/mixed; boundary="B"',
        "MIME-Version: 1.0",
    )
    body = (
        "--B\r\nContent-Type: text/plain\r\n\r\nmore\r\n"
        f'--B\r\nContent-Type: image/png; name="a.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n{png}\r\n'
        '--B\r\nContent-Type: application/zip; name="b.zip"\r\n\r\nPK\x03\x04..\r\n--B--\r\n'
    )
    desk.server.put(letter("<2@x>", f"Re: {ticket.number}", *parts, body=body))
    desk.server.put(letter("<3@x>", "Re: 20200101-0001"))
    assert await desk.poll() == 2
    assert await desk.subjects() == ["Re: 20200101-0001", "complaint"]
    detail = await desk.store.tickets.get(ticket.number)
    assert detail is not None
    (told,) = [entry for entry in detail.timeline if entry.source == "letter"]
    assert "b.zip" in str(told.details["text"]) and str(told.details["text"]).startswith("Re: ")
    (file,) = await desk.store.intake.files(ticket.number)
    assert (file.name, file.media) == ("a.png", "image/png")
    assert desk.files.path(file.id).read_bytes().startswith(b"\x89PNG")


@pytest.mark.req("TKT-1", "LNE-6")
@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize(
    ("sender", "headers", "subject", "joins"),
    [
        (WANG, (), "more on {number}", {False: True, True: False}),
        (WANG.upper(), (), "{number}", {False: True, True: False}),
        (STRANGER, (), "more on {number}", {False: False, True: False}),
        (STRANGER, ("Reply-To: other@elsewhere.example",), "{number}", {False: False, True: False}),
        (STRANGER, ("In-Reply-To: <unknown@x>",), "{number}", {False: False, True: False}),
        (STRANGER, ("In-Reply-To: <ticket-{number}@example.cn>",), "{number}", {False: False, True: False}),
        (WANG, (), "still not content", {False: False, True: False}),
        (WANG, ("In-Reply-To: <1@x>",), "still not content", {False: True, True: True}),
        (STRANGER, ("References: <1@x> <unknown@x>",), "from my other address", {False: True, True: True}),
        (STRANGER, ("In-Reply-To: <unknown@x>", "References: <1@x>"), "{number}", {False: True, True: True}),
    ],
)
async def test_a_mail_joins_a_ticket_by_what_nobody_can_guess(
    desk: Desk, restricted: bool, sender: str, headers: tuple[str, ...], subject: str, joins: dict[bool, bool]
) -> None:
    opening = Opening(
        received_at=desk.clock(),
        matter="complaint",
        email=WANG,
        key=read_mail(letter(), "", frozenset()).key,
        restricted=restricted,
    )
    number = desk.tickets.open_from("email", opening, desk.clock())
    headers = tuple(header.format(number=number) for header in headers)
    desk.server.put(letter("<2@x>", subject.format(number=number), *headers, sender=sender))
    assert await desk.poll() == 1
    await desk.projector.caught_up()
    first = await desk.store.tickets.get(number)
    assert first is not None
    others = [row.number for row in (await desk.store.tickets.list()).items if row.number != number]
    letters = [entry for entry in first.timeline if entry.source == "letter"]
    assert (len(letters), len(others)) == ((1, 0) if joins[restricted] else (0, 1))
    for other in others:
        made = await desk.store.tickets.get(other)
        assert made is not None
        (arrival,) = [entry for entry in made.timeline if entry.source == "intake"]
        assert arrival.details["reference"] == (number if "{number}" in subject else "")


async def test_a_letter_on_a_ticket_is_of_its_thread_too(desk: Desk) -> None:
    desk.server.put(letter())
    desk.server.put(letter("<2@x>", "more", "In-Reply-To: <1@x>"))
    desk.server.put(letter("<3@x>", "and more", "In-Reply-To: <2@x>", sender=STRANGER))
    assert await desk.poll() == 3
    assert await desk.subjects() == ["complaint"]


async def test_a_mail_that_is_too_large_is_a_ticket_all_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.channels.imap.MOST_BYTES", 2000)
    monkeypatch.setattr("app.channels.imap.BEGINNING", 1000)
    desk.server.put(letter(body="x" * 5000))
    assert await desk.poll() == 1
    (ticket,) = (await desk.store.tickets.list()).items
    assert "邮件过大" in ticket.matter
    assert not any("BODY.PEEK[])" in command for command in desk.server.commands)


@pytest.mark.req("TKT-1")
async def test_numbers_go_on_after_a_restart_of_the_journal(store: Store, tmp_path: Path) -> None:
    server = ImapServer()
    await server.start()
    numbers = []
    for identity in ("<1@x>", "<2@x>"):
        server.put(letter(identity))
        journal = Journal.open(tmp_path / "journal")
        async with projecting(journal, store) as projector:
            desk = Desk(server, store, journal, projector, tmp_path)
            assert await desk.poll() == 1
            await projector.caught_up()
        numbers.append((await store.tickets.list()).items[0].number)
        journal.close()
    await server.stop()
    assert [int(number[-4:]) for number in numbers] == [1, 2]
