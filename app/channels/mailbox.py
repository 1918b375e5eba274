"""E-mails become tickets, each once (flow): fetched, understood, kept in the journal, only then marked as read. TKT-1

Once: by Message-ID in the store; how far was read (UIDVALIDITY, UID) only saves looking again. Between the journal and
the mark a death may fall: then the mail is fetched again, and the store knows it.

A mail that cannot be read, or fetched, stops none behind it: each try is counted in the store before it is made, so
that it counts whatever becomes of this process; a mail that two tries came to nothing with is set aside as it came, for
a person. So is a machine's: whatever becomes no ticket and no letter is on that list, with the reason.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from app.channels.attachments import AttachmentFiles
from app.channels.imap import Fetched, Mailbox, MailboxAway, MailRefused, open_mailbox
from app.channels.raw_mails import RawMails
from config.service.channels import Mail
from crm.db.store import Store
from crm.errors import JournalFailed, StoreAway
from crm.intake.aside import MOST_TRIES, AsideMail
from crm.intake.model import FileKept
from crm.parsing.apart import NotParsed, read_mail_apart
from crm.parsing.jobs import MOST_TEXT, MailRead
from crm.use_cases.mail.letters import LetterKept, Letters

log = logging.getLogger(__name__)

MOST_A_POLL: Final = 100
CATCH_UP_S: Final = 10.0
STALE_POLLS: Final = 3
STALE_S: Final = 300.0
"""So many polls, and so many seconds beside them, may pass without one that ended well: then the mailbox is not up."""
_NOT_THE_MAILS_FAULT: Final = (MailboxAway, StoreAway, JournalFailed, TimeoutError, OSError)


class LeftAside(Exception):
    """No ticket is made of this mail by itself; the words say why."""


class NotFetched(Exception):
    """The mailbox did not give this mail; the words say why."""


class MailRoom:
    """One per system with a mailbox. `caught_up` returns when the store has what the journal has; `is_kept` says
    whether the journal has everything; `has_room`, whether the disk may take more mail: until it does, they stay in the
    mailbox (OPS-7); `read` understands a mail (blocking; raises NotParsed);
    `monotonic`: seconds, of a clock that nobody sets."""

    def __init__(
        self,
        mail: Mail,
        letters: Letters,
        store: Store,
        files: AttachmentFiles,
        raw_mails: RawMails,
        caught_up: Callable[[], Awaitable[None]],
        is_kept: Callable[[], Awaitable[bool]],
        has_room: Callable[[], bool] = lambda: True,
        read: Callable[[bytes, str, frozenset[str]], MailRead] = read_mail_apart,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mail = mail
        self._letters = letters
        self._store = store
        self._files = files
        self._raw_mails = raw_mails
        self._caught_up = caught_up
        self._is_kept = is_kept
        self._has_room = has_room
        self._read = read
        self._own = frozenset(each.lower() for each in (*mail.addresses, mail.user))
        self._name = f"{mail.user}@{mail.host}/{mail.folder}"
        self._monotonic = monotonic
        self._well_at = monotonic()
        self._failure: str | None = None
        self._unmoved: str | None = None
        self._received = 0
        self._aside = 0

    async def poll(self, password_file: Path, now: datetime) -> int:
        """Reads what is new; how many tickets and answers it was. A mailbox or store that is away, a disk without
        room: the next time."""
        if not self._has_room():
            return 0
        try:
            password = await asyncio.to_thread(_password, password_file)
            await asyncio.wait_for(self._caught_up(), CATCH_UP_S)
            made = await self._poll(password, now)
            self._aside = await self._store.aside.waiting()
        except (*_NOT_THE_MAILS_FAULT, ValueError) as exc:
            failure = str(exc) or type(exc).__name__
            if failure != self._failure:
                log.error("The mailbox is not read: %s", failure, extra={"action": "mailbox_away"})
            self._failure = failure
            return 0
        if self._failure is not None:
            log.warning("The mailbox is read again", extra={"action": "mailbox_back"})
        self._failure = None
        self._well_at = self._monotonic()
        return made

    def status(self) -> dict[str, object]:
        """For /status. `up`: the last poll ended well, and lately; nobody's call waits for it. `set_aside`: mails that
        a person has to deal with. `paused`: they wait in the mailbox for room on the disk. `unmoved`: why what has been
        read is marked where it lies."""
        age = self._monotonic() - self._well_at
        reachable = self._failure is None
        return {
            "up": reachable and age <= STALE_POLLS * self._mail.poll_s + STALE_S,
            "reachable": reachable,
            "received": self._received,
            "set_aside": self._aside,
            "failure": self._failure,
            "unmoved": self._unmoved,
            "well_ago_s": round(age),
            "paused": not self._has_room(),
        }

    async def _poll(self, password: str, now: datetime) -> int:
        """The connection lives on one thread at a time: each step is handed over and waited for."""
        mailbox = await asyncio.to_thread(open_mailbox, self._mail, password)
        try:
            known = await self._store.intake.mailbox_read_to(self._name)
            last = known[1] if known and known[0] == mailbox.uid_validity else None
            made = 0
            for uid in (await asyncio.to_thread(mailbox.after, last))[:MOST_A_POLL]:
                if not self._has_room():  # a poll may bring gigabytes: those before this one have filled the disk
                    break
                if await self._deal_with(mailbox, uid, now):
                    made += 1
                await self._store.intake.remember_mailbox(self._name, mailbox.uid_validity, uid)
                self._well_at = self._monotonic()
            return made
        finally:
            await asyncio.to_thread(mailbox.close)

    async def _deal_with(self, mailbox: Mailbox, uid: int, now: datetime) -> bool:
        """Whether something came of it. What is wrong with one mail is never the next one's trouble."""
        place = f"{self._name}:{mailbox.uid_validity}:{uid}"
        while True:
            row = await self._store.aside.begin(place)
            if row.state != "trying" or row.tries > MOST_TRIES:
                break
            try:
                made = await self._take(mailbox, uid, place, now)
            except LeftAside as exc:
                await self._store.aside.note(place, str(exc))
                break
            except NotFetched as exc:
                await self._store.aside.note(place, str(exc))
                if not isinstance(exc.__cause__, MailRefused):
                    raise MailboxAway(str(exc)) from exc  # another connection, at the next poll
            except _NOT_THE_MAILS_FAULT:
                with suppress(StoreAway):
                    await self._store.aside.excuse(place)
                raise
            except NotParsed as exc:
                await self._store.aside.note(place, f"{exc.reason}: {exc.where}")
            except Exception as exc:
                log.exception("A mail cannot be entered", extra={"action": "mail_not_entered"})
                await self._store.aside.note(place, f"{type(exc).__name__}")
            else:
                await self._store.aside.forget(place)
                return made
        await self._set_aside(mailbox, uid, row)
        return False

    async def _take(self, mailbox: Mailbox, uid: int, place: str, now: datetime) -> bool:
        """Whether something came of it. It is marked only when the journal has it. Raises LeftAside, NotFetched."""
        try:
            fetched = await asyncio.to_thread(mailbox.fetch, uid)
        except MailboxAway as exc:
            raise NotFetched(str(exc)) from exc
        if fetched is None:
            return False
        mail = await asyncio.to_thread(self._read, fetched.raw, place, self._own)
        made = False
        if await self._store.intake.ticket_of_key(mail.key) is None:
            if mail.automatic is not None:
                raise LeftAside(f"machine: {mail.automatic}")
            if await self._store.intake.ticket_of_key(mail.identity_key) is not None:
                raise LeftAside("Message-ID of an earlier mail")
            await self._letters.enter(await self._kept(mail, fetched, now))
            if not await self._is_kept():
                raise MailboxAway("the journal's disk refuses; the mail stays unread")
            made = True
            self._received += 1
            # The next mail with this Message-ID, perhaps in this very poll, has to find it.
            await asyncio.wait_for(self._caught_up(), CATCH_UP_S)
        await self._done_with(mailbox, uid)
        return made

    async def _set_aside(self, mailbox: Mailbox, uid: int, row: AsideMail) -> None:
        """Keeps the bytes, then says so, then marks the mail; a death in between makes it begin here again. One that
        the mailbox does not give is on the list without them, and stays where it is."""
        if row.state == "trying":
            try:
                fetched = await asyncio.to_thread(mailbox.fetch, uid)
            except MailboxAway as exc:
                await self._store.aside.keep(row.place, file="", size=0)
                if isinstance(exc, MailRefused):
                    return
                raise
            if fetched is None:
                await self._store.aside.forget(row.place)
                return
            file = await asyncio.to_thread(self._raw_mails.keep, fetched.raw)
            await self._store.aside.keep(row.place, file=file, size=len(fetched.raw))
            log.warning("A mail is set aside for a person.", extra={"action": "mail_set_aside"})
        elif not row.file:
            return
        await self._done_with(mailbox, uid)

    async def _done_with(self, mailbox: Mailbox, uid: int) -> None:
        """Where it is marked instead of moved, that is told once."""
        unmoved = await asyncio.to_thread(mailbox.done_with, uid)
        if unmoved is not None and unmoved != self._unmoved:
            log.error("Mails that were read are not moved: %s", unmoved, extra={"action": "mails_not_moved"})
        self._unmoved = unmoved

    async def _kept(self, mail: MailRead, fetched: Fetched, now: datetime) -> LetterKept:
        files = await asyncio.to_thread(self._keep_files, mail)
        refused = [file.name[:80] for file in mail.files if file.refused]
        text = mail.matter
        if refused or not fetched.whole:
            left = ", ".join(refused) if fetched.whole else "（邮件过大）"
            note = f"\n\n未收存的附件：{left}"[:400]
            text = text[: MOST_TEXT - len(note)] + note
        received_at = mail.sent_at if mail.sent_at and now - timedelta(days=366) < mail.sent_at <= now else now
        return LetterKept(mail=mail, text=text, files=files, received_at=received_at)

    def _keep_files(self, mail: MailRead) -> tuple[FileKept, ...]:
        for file in mail.files:
            if file.refused:
                log.info("A mail's file is not kept: %s", file.refused, extra={"action": "mail_file_refused"})
        return tuple(self._files.keep(file.name, file.content, file.media) for file in mail.files if not file.refused)


def _password(file: Path) -> str:
    """Raises ValueError for a file that others can read, OSError when there is none."""
    if file.stat().st_mode & 0o077:
        raise ValueError(f"{file} can be read by others: chmod 600 it")
    return file.read_text(encoding="utf-8").strip()
