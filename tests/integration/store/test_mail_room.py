"""A mailbox becomes tickets, each mail once: through a real IMAP connection, both stores, cuts and restarts. TKT-1"""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.channels.attachments import AttachmentFiles
from app.channels.mail_out import letter_of
from app.channels.mailbox import MailRoom
from app.channels.raw_mails import RawMails
from config.service.channels import Mail
from config.service.matters import Matters
from crm.cases.organisation import Organisation
from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.intake.model import Opening
from crm.journal.journal import Journal
from crm.outbox.model import OutMessage
from crm.parsing.apart import NotParsed, read_mail_apart
from crm.parsing.child import Limits
from crm.parsing.jobs import MailRead
from crm.parsing.keys import key_of
from crm.parsing.mail import read_mail
from crm.regulation.policy import Regulated
from crm.tickets.model import TicketForm, TicketStep
from crm.use_cases.intake import Intake
from crm.use_cases.mail.letters import Letters
from crm.use_cases.tickets import Tickets
from ivr.port.space import MEGABYTE, Space
from tests.fakes.imap_server import ImapServer
from tests.fakes.small_site import small_site
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import projecting

WANG, STRANGER = "wang@example.cn", "stranger@elsewhere.example"
SUPERVISOR = "8801"

Read = Callable[[bytes, str, frozenset[str]], MailRead]


def letter(
    identity: str | None = "<1@x>",
    subject: str = "complaint",
    *headers: str,
    body: str = "late",
    sender: str = WANG,
) -> bytes:
    head = [f"Subject: {subject}", *headers]
    if not any(header.startswith("From:") for header in headers):
        head.insert(0, f"From: Wang <{sender}>")
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
        read: Read = read_mail,
        monotonic: Callable[[], float] = time.monotonic,
        folder: str = "INBOX",
    ) -> None:
        site = small_site()
        self.server, self.store, self.journal, self.home = server, store, journal, home
        self.clock = HandClock()
        self.tickets = Tickets(journal, ZoneInfo("Asia/Shanghai"), lambda event: None)
        regulated = Regulated.of(site.policy, site.zone, site.special_days)
        intake = Intake(self.tickets, Matters(), regulated, self.clock)
        where = {"host": "127.0.0.1", "port": server.port, "security": "none", "folder": folder, "moved_to": moved_to}
        mail = Mail.model_validate({"user": "kefu@example.cn", **where})
        self.files = AttachmentFiles(home / "attachments")
        self.raw_mails = RawMails(home / "mail-aside")
        self.on_disk, self.space = True, Space()
        self.room = MailRoom(
            mail,
            Letters(intake, store, Organisation(site)),
            store,
            self.files,
            self.raw_mails,
            projector.caught_up,
            self.is_kept,
            partial(self.space.allows, "mail"),
            read,
            monotonic,
        )
        self.projector = projector
        self.password = home / "mail-password"
        if not self.password.exists():
            self.password.write_text("secret\n")
            self.password.chmod(0o600)

    async def is_kept(self) -> bool:
        """As the disk of this test has it."""
        return self.on_disk

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
async def test_each_mail_is_one_ticket_however_often_it_is_seen(
    server: ImapServer, store: Store, journal: Journal, tmp_path: Path
) -> None:
    async with projecting(journal, store) as projector:
        await each_mail_once(Desk(server, store, journal, projector, tmp_path, read=read_mail_apart))


async def each_mail_once(desk: Desk) -> None:
    for raw in (letter(), letter("<2@x>", "second"), letter(), letter(None, "no id")):
        desk.server.put(raw)
    desk.server.put(letter("<3@x>", "away", "Auto-Submitted: auto-replied"))
    assert await desk.poll() == 3
    assert await desk.subjects() == ["complaint", "no id", "second"]
    assert [mail.why for mail in await desk.store.aside.list("kept")] == ["machine: Auto-Submitted"]
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
    _, ours = await written_about(desk, ticket.number)
    desk.server.put(letter("<2@x>", "Re: that", f"In-Reply-To: {ours}", *parts, body=body))
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


async def written_about(desk: Desk, number: str, recipient: str = WANG) -> tuple[str, str]:
    """We have written about a ticket: the token and the Message-ID of that."""
    told = OutMessage(key=number, route="mail", recipient=recipient, title="t", text="x", about="test", ticket=number)
    async with desk.store.database.write() as connection:
        await desk.store.outbox.enter(connection, told, desk.clock())
    (row,) = await desk.store.outbox.about("test")
    assert row.token and row.message_id and row.token != row.message_id
    return row.token, f"<{row.message_id}@example.cn>"


TOKEN_SUBJECT, PLUS = "more [#{token}]", "To: kefu+{token}@example.cn"
SEVERAL = "From: Wang <wang@example.cn>, other@elsewhere.example"


@pytest.mark.req("TKT-1", "LNE-6")
@pytest.mark.parametrize("hidden", ["", "restricted", "closed"])
@pytest.mark.parametrize(
    ("sender", "headers", "subject", "joins"),
    [
        # what we have sent is answered
        (WANG, ("In-Reply-To: {ours}",), "still not content", True),
        (STRANGER, ("References: <unknown@x> {ours} <other@x>",), "from my other address", True),
        # a token of ours, from somebody whom the ticket knows
        (WANG, (), TOKEN_SUBJECT, True),
        (WANG.upper(), (PLUS,), "more", True),
        (STRANGER, (), TOKEN_SUBJECT, False),
        (STRANGER, (PLUS, "Reply-To: wang@example.cn"), TOKEN_SUBJECT, False),
        (WANG, (SEVERAL,), TOKEN_SUBJECT, False),
        # what anybody can guess, see or choose
        (WANG, (), "more on {number}", False),
        (STRANGER, (), "more on {number}", False),
        (WANG, ("In-Reply-To: <1@x>",), "on my own letter", False),
        (STRANGER, ("References: <1@x>",), "{number}", False),
        (STRANGER, ("In-Reply-To: <ticket-{number}@example.cn>",), "{number}", False),
        (WANG, ("In-Reply-To: <{token}@example.cn>",), "{number}", False),
    ],
)
async def test_a_mail_joins_a_ticket_by_what_we_have_sent_alone(
    desk: Desk, hidden: str, sender: str, headers: tuple[str, ...], subject: str, joins: bool
) -> None:
    opening = Opening(
        received_at=desk.clock(),
        matter="complaint",
        email=WANG,
        key=key_of("<1@x>"),
        restricted=hidden == "restricted",
    )
    number = desk.tickets.open_from("email", opening, desk.clock())
    await desk.projector.caught_up()
    token, ours = await written_about(desk, number)
    if hidden == "closed":
        await desk.store.tickets.save_form(number, TicketForm(), by="8001", version=1, step=TicketStep.CLOSE)
    given = {"number": number, "token": token, "ours": ours}
    headers = tuple(header.format(**given) for header in headers)
    desk.server.put(letter("<2@x>", subject.format(**given), *headers, sender=sender))
    assert await desk.poll() == 1
    await desk.projector.caught_up()
    first = await desk.store.tickets.get(number)
    assert first is not None
    others = [row for row in (await desk.store.tickets.list()).items if row.number != number]
    letters = [entry for entry in first.timeline if entry.source == "letter"]
    assert (len(letters), len(others)) == ((1, 0) if joins and not hidden else (0, 1))
    for other in others:
        made = await desk.store.tickets.get(other.number)
        assert made is not None
        (arrival,) = [entry for entry in made.timeline if entry.source == "intake"]
        assert arrival.details["reference"] == number
        assert made.restricted is (hidden == "restricted")
        told = [row for row in (await desk.store.messages.list()).items if row.ticket == other.number]
        assert {row.recipient for row in told} == ({SUPERVISOR} if hidden == "restricted" else set())
        assert not any("still" in row.text or "more" in row.text for row in told)


@pytest.mark.req("TKT-1")
async def test_an_answer_to_our_mail_finds_its_ticket_whatever_was_done_to_the_subject(desk: Desk) -> None:
    desk.server.put(letter())
    await desk.poll()
    (ticket,) = (await desk.store.tickets.list()).items
    await written_about(desk, ticket.number)
    (row,) = await desk.store.outbox.about("test")
    mail = Mail(host="127.0.0.1", user="kefu", addresses=("kefu@example.cn",), subaddresses=True)
    sent = letter_of(row, mail, sender="kefu@example.cn", name="客服", to=[WANG], at=desk.clock())
    for count, headers in enumerate((f"In-Reply-To: {sent['Message-ID']}", f"To: {sent['Reply-To']}")):
        desk.server.put(letter(f"<answer-{count}@x>", "another subject", headers))
    assert await desk.poll() == 2
    assert await desk.subjects() == ["complaint"]
    assert sent["Auto-Submitted"] == "auto-generated" and "客服" in str(sent["From"])


async def test_a_letter_that_nothing_of_ours_joins_names_the_ticket_of_its_thread(desk: Desk) -> None:
    desk.server.put(letter())
    desk.server.put(letter("<2@x>", "more", "In-Reply-To: <1@x>"))
    assert await desk.poll() == 2
    first = (await desk.store.tickets.list()).items[-1].number
    second = await desk.store.tickets.get((await desk.store.tickets.list()).items[0].number)
    assert second is not None
    (arrival,) = [entry for entry in second.timeline if entry.source == "intake"]
    assert arrival.details["reference"] == first


class Died(BaseException):
    """The controller is gone, in the middle of a mail."""


def trips_over(what: bytes, failure: BaseException) -> Read:
    def read(raw: bytes, place: str, own: frozenset[str]) -> MailRead:
        if what in raw:
            raise failure
        return read_mail(raw, place, own)

    return read


@pytest.mark.req("OPS-7", "TKT-1")
@pytest.mark.parametrize("failure", [NotParsed("time"), NotParsed("crash"), ValueError("13812345678")])
async def test_a_mail_that_cannot_be_read_is_set_aside_and_those_behind_it_are_tickets(
    server: ImapServer, store: Store, journal: Journal, tmp_path: Path, failure: Exception
) -> None:
    async with projecting(journal, store) as projector:
        desk = Desk(server, store, journal, projector, tmp_path, read=trips_over(b"poison", failure))
        poison = letter("<1@x>", "poison")
        server.put(poison)
        server.put(letter("<2@x>", "second"))
        assert await desk.poll() == 1
        assert await desk.subjects() == ["second"]
        assert desk.room.status()["set_aside"] == 1
        (kept,) = await store.aside.list("kept")
        assert (kept.tries, kept.size) == (3, len(poison))
        file = desk.raw_mails.path(kept.file)
        assert file.read_bytes() == poison and file.stat().st_mode & 0o777 == 0o600
        assert {mail.folder for mail in server.mails} == {"Done"}
        server.commands.clear()
        assert await desk.poll() == 0
        assert not any("FETCH" in command for command in server.commands), "it is not read again"


@pytest.mark.req("OPS-7", "TKT-1")
async def test_a_mail_that_kills_us_is_not_read_for_ever(
    server: ImapServer, store: Store, journal: Journal, tmp_path: Path
) -> None:
    tries = list[bytes]()

    def dies(raw: bytes, place: str, own: frozenset[str]) -> MailRead:
        tries.append(raw)
        raise Died

    server.put(letter("<1@x>", "poison"))
    async with projecting(journal, store) as projector:
        for _ in range(2):
            with pytest.raises(Died):
                await Desk(server, store, journal, projector, tmp_path, read=dies).poll()
        server.put(letter("<2@x>", "second"))
        desk = Desk(server, store, journal, projector, tmp_path, read=trips_over(b"poison", Died()))
        assert await desk.poll() == 1
        assert (len(tries), len(await store.aside.list("kept"))) == (2, 1)
        assert await desk.subjects() == ["second"]


async def test_a_store_or_disk_that_is_away_is_no_fault_of_the_mail(desk: Desk) -> None:
    desk.server.put(letter())
    desk.on_disk = False
    for _ in range(4):
        assert await desk.poll() == 0
    desk.on_disk = True
    assert await desk.poll() == 0, "it is known: only the mark was missing"
    assert await desk.store.aside.list("kept") == () == await desk.store.aside.list("trying")
    assert await desk.subjects() == ["complaint"]


@pytest.mark.req("OPS-7")
async def test_mails_wait_in_the_mailbox_for_room_on_the_disk_and_come_once_there_is(desk: Desk) -> None:
    mails = [desk.server.put(letter(f"<{number}@x>", f"mail {number}")) for number in range(3)]
    desk.space.look(desk.space.rules.mail_mb * MEGABYTE - 1)
    assert await desk.poll() == 0 and desk.server.commands == [], "the mailbox is not even asked"
    assert desk.room.status()["paused"] is True and desk.room.status()["failure"] is None
    assert {mail.folder for mail in mails} == {"INBOX"} and await desk.subjects() == []
    desk.space.look(10**12)
    assert await desk.poll() == 3
    assert await desk.subjects() == ["mail 0", "mail 1", "mail 2"] and desk.room.status()["paused"] is False


@pytest.mark.req("OPS-7")
async def test_a_disk_that_fills_in_the_middle_of_a_poll_stops_it_there(
    server: ImapServer, store: Store, journal: Journal, tmp_path: Path
) -> None:
    """The first of many mails takes the room: those behind it stay where they are, unread, and are tickets later."""

    def fills(raw: bytes, place: str, own: frozenset[str]) -> MailRead:
        desk.space.look(desk.space.rules.mail_mb * MEGABYTE - 1)
        return read_mail(raw, place, own)

    async with projecting(journal, store) as projector:
        desk = Desk(server, store, journal, projector, tmp_path, read=fills)
        mails = [server.put(letter(f"<{number}@x>", f"mail {number}")) for number in range(3)]
        for polled in range(1, 4):
            assert await desk.poll() == 1 and await desk.poll() == 0
            assert [mail.folder for mail in mails] == ["Done"] * polled + ["INBOX"] * (3 - polled)
            desk.space.look(10**12)
        assert await desk.subjects() == ["mail 0", "mail 1", "mail 2"]
        assert await store.aside.list("kept") == (), "no mail is to blame"


@pytest.mark.req("OPS-7")
async def test_a_mail_without_bounds_costs_its_limit_and_the_next_is_a_ticket(
    server: ImapServer, store: Store, journal: Journal, tmp_path: Path
) -> None:
    bounds = Limits(cpu_s=1)
    async with projecting(journal, store) as projector:
        read = partial(read_mail_apart, limits=bounds)
        desk = Desk(server, store, journal, projector, tmp_path, read=read)
        pages = b"".join(b"--B\r\nContent-Type: text/html\r\n\r\n" + b"<b>x" * 20_000 + b"\r\n" for _ in range(150))
        server.put(letter("<1@x>", "bomb", "Content-Type: multipart/mixed; boundary=B") + pages)
        server.put(letter("<2@x>", "second"))
        lags, stop = list[float](), asyncio.Event()
        watching = asyncio.create_task(watch(lags, stop))
        assert await desk.poll() == 1
        stop.set()
        await watching
        assert (await store.aside.list("kept"))[0].why.startswith("time")
        assert max(lags) < 0.5, "the loop that serves calls goes on"


async def watch(lags: list[float], stop: asyncio.Event) -> None:
    """How late the loop is, all the while."""
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        began = loop.time()
        await asyncio.sleep(0.01)
        lags.append(loop.time() - began - 0.01)


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


@pytest.mark.req("TKT-1")
async def test_a_mailbox_that_asks_who_we_are_and_has_chinese_folders_is_read(
    server: ImapServer, store: Store, journal: Journal, tmp_path: Path
) -> None:
    server.wants_id = True
    async with projecting(journal, store) as projector:
        desk = Desk(server, store, journal, projector, tmp_path, moved_to="已处理 & 旧")
        mail = server.put(letter())
        assert await desk.poll() == 1 and desk.room.status()["failure"] is None
        assert mail.folder == "&XfJZBHQG- &- &Zec-" in server.folders, "it was made, as it was not there"


@pytest.mark.req("TKT-1")
async def test_a_folder_that_refuses_stops_no_mail_and_is_told(desk: Desk) -> None:
    desk.server.folders, desk.server.may_create = {"INBOX"}, False
    mails = [desk.server.put(letter(f"<{number}@x>", f"mail {number}")) for number in range(3)]
    assert await desk.poll() == 3 and await desk.subjects() == ["mail 0", "mail 1", "mail 2"]
    assert all("\\Seen" in mail.flags for mail in mails)
    assert "Done" in str(desk.room.status()["unmoved"]) and desk.room.status()["up"] is True


@pytest.mark.req("TKT-1")
@pytest.mark.parametrize("way", ["refuses", "drops"])
async def test_a_mail_that_the_mailbox_does_not_give_stops_none_behind_it_and_is_on_the_list(
    desk: Desk, way: str
) -> None:
    first, second = desk.server.put(letter("<1@x>", "stuck")), desk.server.put(letter("<2@x>", "second"))
    (desk.server.refuses_fetch if way == "refuses" else desk.server.drops_fetch).add(first.uid)
    for _ in range(4):
        await desk.poll()
    assert await desk.subjects() == ["second"] and second.folder == "Done"
    (kept,) = await desk.store.aside.list("kept")
    assert (kept.size, kept.file) == (0, "") and kept.why and first.folder == "INBOX" and not first.flags
    assert desk.room.status()["up"] is True


@pytest.mark.req("TKT-1")
async def test_one_message_id_with_two_contents_is_two_tickets_and_still_one_thread(desk: Desk) -> None:
    for body in ("first page", "second page", "first page"):
        desk.server.put(letter("<constant@copier>", "scan", body=body))
    assert await desk.poll() == 2
    desk.server.put(letter("<2@x>", "on that", "In-Reply-To: <constant@copier>"))
    assert await desk.poll() == 1
    tickets = (await desk.store.tickets.list()).items
    detail = await desk.store.tickets.get(tickets[0].number)
    assert detail is not None and len(tickets) == 3
    (arrival,) = [entry for entry in detail.timeline if entry.source == "intake"]
    assert arrival.details["reference"] == tickets[1].number


async def test_a_mail_whose_identity_was_known_before_contents_were_told_apart_is_left_to_a_person(desk: Desk) -> None:
    opening = Opening(received_at=desk.clock(), matter="complaint", key=key_of("<1@x>"))
    desk.tickets.open_from("email", opening, desk.clock())
    desk.server.put(letter())
    assert await desk.poll() == 0
    assert [mail.why for mail in await desk.store.aside.list("kept")] == ["Message-ID of an earlier mail"]


@pytest.mark.req("OPS-7", "TKT-1")
async def test_a_mailbox_is_up_when_it_was_read_well_and_lately(
    server: ImapServer, store: Store, journal: Journal, tmp_path: Path
) -> None:
    at = [0.0]
    async with projecting(journal, store) as projector:
        desk = Desk(server, store, journal, projector, tmp_path, monotonic=lambda: at[0])
        assert desk.room.status()["up"] is True
        await desk.poll()
        at[0] += 3 * 60 + 300
        assert desk.room.status()["up"] is True
        at[0] += 1
        assert desk.room.status()["up"] is False, "nobody has polled"
        await desk.poll()
        assert desk.room.status()["up"] is True
        server.drops_at = "SELECT"
        await desk.poll()
        assert desk.room.status()["up"] is False
