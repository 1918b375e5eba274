"""A mailbox by IMAP, for one poll at a time (adapter; blocking: for a thread). Every step has a time limit.

A mail is fetched without being marked; it is marked, or moved, when somebody says that it is dealt with. What the
server refuses for one mail (MailRefused) is told apart from a mailbox that is away.
"""

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from config.service.channels import Mail

TIMEOUT_S: Final = 15.0
MOST_BYTES: Final = 30 * 1024 * 1024
"""Of one mail; of a larger one only the beginning is read."""
BEGINNING: Final = 256 * 1024
_IDENTITY: Final = '("name" "Sanxiang" "version" "1.0" "vendor" "Sanxiang")'
_OTHER: Final = re.compile(r"[^\x20-\x7e]+")
_PASSING: Final = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]")
"""RFC 5530: refused for now, whatever mail it is."""


class MailboxAway(Exception):
    """The mailbox cannot be reached or refuses us; the words say why. Nothing is lost: the mails stay there."""


class MailRefused(MailboxAway):
    """The server answers, and refuses this one thing."""


@dataclass(frozen=True)
class Fetched:
    """A mail as it lies there; `whole` is False for the beginning of one that is too large."""

    uid: int
    raw: bytes
    whole: bool


class Mailbox:
    """An open folder. Everything raises MailboxAway."""

    def __init__(self, connection: imaplib.IMAP4, mail: Mail, uid_validity: int) -> None:
        self._connection = connection
        self._mail = mail
        self.uid_validity = uid_validity

    def after(self, uid: int | None) -> list[int]:
        """The UIDs behind one; None: those nobody has read yet. In ascending order."""
        found = self._ask("SEARCH", *(("UNSEEN",) if uid is None else ("UID", f"{uid + 1}:*")))
        uids = {int(each) for each in b" ".join(line for line in found if line).split()}
        # "9:*" also finds the last mail when there is none from 9 on.
        return sorted(each for each in uids if uid is None or each > uid)

    def fetch(self, uid: int) -> Fetched | None:
        """None when it is gone meanwhile."""
        size = re.search(rb"RFC822\.SIZE (\d+)", _joined(self._ask("FETCH", str(uid), "(RFC822.SIZE)")))
        if size is None:
            return None
        whole = int(size[1]) <= MOST_BYTES
        wanted = "(BODY.PEEK[])" if whole else f"(BODY.PEEK[]<0.{BEGINNING}>)"
        raw = next((each[1] for each in self._ask("FETCH", str(uid), wanted) if isinstance(each, tuple)), None)
        return None if raw is None else Fetched(uid, raw, whole)

    def done_with(self, uid: int) -> str | None:
        """Moved, or marked as read when the site names no folder. Not both: between the two it would be neither found
        as unread nor moved. Where the folder refuses it is marked, and the words say why."""
        if self._mail.moved_to is None:
            self._mark(uid)
            return None
        try:
            self._move(uid, _folder(self._mail.moved_to))
        except MailRefused as exc:
            self._mark(uid)
            return f"{self._mail.moved_to}: {exc}"
        return None

    def _mark(self, uid: int) -> None:
        self._ask("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")

    def _move(self, uid: int, folder: str) -> None:
        """Into a folder that is made when it is not there. Raises MailRefused."""
        moves = "MOVE" in self._connection.capabilities
        command = "MOVE" if moves else "COPY"
        try:
            self._ask(command, str(uid), folder)
        except MailRefused:
            with _translated(self._mail):
                if self._connection.create(folder)[0] != "OK":
                    raise
                self._connection.subscribe(folder)
            self._ask(command, str(uid), folder)
        if moves:
            return
        self._ask("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted \Seen)")
        if "UIDPLUS" in self._connection.capabilities:
            self._ask("EXPUNGE", str(uid))

    def close(self) -> None:
        _leave(self._connection)

    def _ask(self, command: str, *words: str) -> list[Any]:
        with _translated(self._mail):
            status, found = self._connection.uid(command, *words)
        if status != "OK":
            refusal = f"the mailbox refuses {command}: {_words(found)}"
            raise MailboxAway(refusal) if _PASSING.search(refusal) else MailRefused(refusal)
        return list(found)


def open_mailbox(mail: Mail, password: str) -> Mailbox:
    """Logs in and opens the folder; to be closed. Raises MailboxAway."""
    with _translated(mail):
        connection = _connect(mail)
        try:
            connection.login(mail.user, password)
            _say_who_we_are(connection)
            status, found = connection.select(_folder(mail.folder))
            validity = connection.response("UIDVALIDITY")[1]
            if status != "OK" or not validity or validity[0] is None:
                raise MailboxAway(f"the folder {mail.folder} does not open: {_words(found)}")
            return Mailbox(connection, mail, int(validity[0]))
        except BaseException:
            _leave(connection)
            raise


@contextmanager
def _translated(mail: Mail) -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, OSError, ValueError) as exc:
        raise MailboxAway(f"{mail.host}:{mail.port}: {exc}") from exc


def _connect(mail: Mail) -> imaplib.IMAP4:
    if mail.security == "tls":
        return imaplib.IMAP4_SSL(mail.host, mail.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_S)
    connection = imaplib.IMAP4(mail.host, mail.port, timeout=TIMEOUT_S)
    if mail.security == "starttls":
        connection.starttls(ssl.create_default_context())
    return connection


def _say_who_we_are(connection: imaplib.IMAP4) -> None:
    """RFC 2971. NetEase (163.com, 126.com, yeah.net) opens no folder to a client that has not said it; asked once we
    are logged in, as some servers name ID only then. A server that refuses it is read all the same."""
    status, found = connection.capability()
    if status == "OK" and found and found[-1]:
        connection.capabilities = tuple(found[-1].decode("ascii", "replace").upper().split())
    if "ID" in connection.capabilities:
        connection.xatom("ID", _IDENTITY)


def _leave(connection: imaplib.IMAP4) -> None:
    """A server that is gone needs no good-bye."""
    try:
        connection.logout()
    except (imaplib.IMAP4.error, OSError):
        connection.shutdown()


def _folder(name: str) -> str:
    """A folder's name as the server knows it: quoted, in modified UTF-7 (RFC 3501 5.1.3)."""
    return _quoted(_OTHER.sub(lambda found: f"&{_modified_base64(found.group())}-", name.replace("&", "&-")))


def _modified_base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-be"), b"+,").decode("ascii").rstrip("=")


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', r"\"")
    return f'"{escaped}"'


def _words(found: list[Any]) -> str:
    return _joined(found)[:200].decode("ascii", "replace")


def _joined(found: list[Any]) -> bytes:
    return b" ".join(b" ".join(each) if isinstance(each, tuple) else each or b"" for each in found)
