"""E-mails become tickets, each once (flow): fetched, understood, kept in the journal, only then marked as read. TKT-1

Once: by Message-ID in the store; how far was read (UIDVALIDITY, UID) only saves looking again. Between the journal and
the mark a death may fall: then the mail is fetched again, and the store knows it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from app.channels.attachments import AttachmentFiles
from app.channels.imap import Fetched, Mailbox, MailboxAway, open_mailbox
from config.ids import TicketNumber
from config.service.channels import Mail
from crm.db.store import Store
from crm.errors import StoreAway
from crm.intake.files import MOST_FILES, FileRefused
from crm.intake.mail import MOST_TEXT, MailRead, read_mail, unreadable
from crm.intake.model import FileKept, Letter, Opening
from crm.tickets.model import TicketDetail
from crm.use_cases.intake import Intake

log = logging.getLogger(__name__)

MOST_A_POLL: Final = 100
CATCH_UP_S: Final = 10.0


class MailRoom:
    """One per system with a mailbox. `caught_up` returns when the store has what the journal has."""

    def __init__(
        self,
        mail: Mail,
        intake: Intake,
        store: Store,
        files: AttachmentFiles,
        caught_up: Callable[[], Awaitable[None]],
    ) -> None:
        self._mail = mail
        self._intake = intake
        self._store = store
        self._files = files
        self._caught_up = caught_up
        self._own = frozenset(each.lower() for each in (*mail.addresses, mail.user))
        self._name = f"{mail.user}@{mail.host}/{mail.folder}"
        self._failure: str | None = None
        self._received = 0

    async def poll(self, password_file: Path, now: datetime) -> int:
        """Reads what is new; how many tickets and answers it was. A mailbox or store that is away: the next time."""
        try:
            password = await asyncio.to_thread(_password, password_file)
            await asyncio.wait_for(self._caught_up(), CATCH_UP_S)
            made = await self._poll(password, now)
        except (MailboxAway, StoreAway, TimeoutError, OSError, ValueError) as exc:
            failure = str(exc) or type(exc).__name__
            if failure != self._failure:
                log.error("The mailbox is not read: %s", failure, extra={"action": "mailbox_away"})
            self._failure = failure
            return 0
        if self._failure is not None:
            log.warning("The mailbox is read again", extra={"action": "mailbox_back"})
        self._failure = None
        return made

    def status(self) -> dict[str, object]:
        """For /status. A mailbox that is away keeps nobody from calling: it is told, the system is up."""
        return {"up": True, "reachable": self._failure is None, "received": self._received, "failure": self._failure}

    async def _poll(self, password: str, now: datetime) -> int:
        """The connection lives on one thread at a time: each step is handed over and waited for."""
        mailbox = await asyncio.to_thread(open_mailbox, self._mail, password)
        try:
            known = await self._store.intake.mailbox_read_to(self._name)
            last = known[1] if known and known[0] == mailbox.uid_validity else None
            made = 0
            for uid in (await asyncio.to_thread(mailbox.after, last))[:MOST_A_POLL]:
                fetched = await asyncio.to_thread(mailbox.fetch, uid)
                if fetched is not None and await self._take(mailbox, fetched, now):
                    made += 1
                await self._store.intake.remember_mailbox(self._name, mailbox.uid_validity, uid)
            return made
        finally:
            await asyncio.to_thread(mailbox.close)

    async def _take(self, mailbox: Mailbox, fetched: Fetched, now: datetime) -> bool:
        """Whether something came of it. It is marked only when the journal has it."""
        place = f"{self._name}:{mailbox.uid_validity}:{fetched.uid}"
        mail = await asyncio.to_thread(self._understood, fetched.raw, place)
        made = False
        if mail.automatic is not None:
            log.info("A mail made by a machine is left: %s", mail.automatic, extra={"action": "mail_automatic"})
        elif await self._store.intake.ticket_of_key(mail.key) is None:
            await self._enter(mail, fetched.whole, now)
            if not self._intake.all_on_disk:
                raise MailboxAway("the journal's disk refuses; the mail stays unread")
            made = True
            self._received += 1
            # The next mail with this Message-ID, perhaps in this very poll, has to find it.
            await asyncio.wait_for(self._caught_up(), CATCH_UP_S)
        await asyncio.to_thread(mailbox.done_with, fetched.uid)
        return made

    def _understood(self, raw: bytes, place: str) -> MailRead:
        """A mail that trips the reader must not stop those behind it: it becomes a ticket as it is."""
        try:
            return read_mail(raw, place, self._own)
        except Exception:
            log.exception("A mail cannot be understood; its raw words are kept", extra={"action": "mail_unreadable"})
            return unreadable(raw, place)

    async def _enter(self, mail: MailRead, whole: bool, now: datetime) -> None:
        files, refused = await asyncio.to_thread(self._keep_files, mail)
        text = mail.matter
        if refused or not whole:
            left = ", ".join(refused) if whole else "（邮件过大）"
            note = f"\n\n未收存的附件：{left}"[:400]
            text = text[: MOST_TEXT - len(note)] + note
        received_at = mail.sent_at if mail.sent_at and now - timedelta(days=366) < mail.sent_at <= now else now
        named = await self._named(mail)
        number = await self._continued(mail, named)
        if number is not None:
            letter = Letter(
                received_at=received_at, sender=mail.sender, subject=mail.subject, text=text, key=mail.key, files=files
            )
            self._intake.answer_on(number, letter)
            return
        opening = Opening(
            received_at=received_at,
            matter=text,
            contact_name=mail.name,
            email=mail.sender if "@" in mail.sender else "",
            reference=named.number if named else "",
            key=mail.key,
            files=files,
        )
        self._intake.register("email", opening)

    async def _named(self, mail: MailRead) -> TicketDetail | None:
        """The ticket whose number stands in the subject."""
        return None if mail.ticket is None else await self._store.tickets.get(mail.ticket)

    async def _continued(self, mail: MailRead, named: TicketDetail | None) -> TicketNumber | None:
        """The ticket that a mail goes on with; None: it makes one of its own, for a person to join.

        By the thread, whose Message-IDs nobody guesses. By the number in the subject only for an address that has
        written on that ticket, and never for a restricted one: numbers are guessed, addresses forged (LNE-6).
        """
        number = await self._store.intake.ticket_of_thread(mail.thread) if mail.thread else None
        if number is None and named is not None and not named.restricted and "@" in mail.sender:
            number = named.number if await self._store.intake.has_written_on(named.number, mail.sender) else None
        return None if number is None else TicketNumber(number)

    def _keep_files(self, mail: MailRead) -> tuple[tuple[FileKept, ...], list[str]]:
        """What was kept, and the names of what was not."""
        kept, refused = list[FileKept](), list[str]()
        for file in mail.files:
            try:
                if len(kept) >= MOST_FILES:
                    raise FileRefused(f"at most {MOST_FILES} files are kept with one ticket")
                kept.append(self._files.keep(file.name, file.content))
            except FileRefused as exc:
                log.info("A mail's file is not kept: %s", exc, extra={"action": "mail_file_refused"})
                refused.append(file.name[:80])
        return tuple(kept), refused


def _password(file: Path) -> str:
    """Raises ValueError for a file that others can read, OSError when there is none."""
    if file.stat().st_mode & 0o077:
        raise ValueError(f"{file} can be read by others: chmod 600 it")
    return file.read_text(encoding="utf-8").strip()
