"""What the parsing process is asked, and what it answers: data alone, checked on both sides (rules). OPS-7."""

from datetime import datetime
from typing import Final

import msgspec

from crm.parsing.keys import identity_part
from crm.parsing.tables.model import TableRead

MOST_TEXT: Final = 3900
"""Characters of a mail's words that a ticket shows; the rest stays in the mailbox."""
CUT: Final = "\n…（全文见邮箱）"


class ReadMail(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`place`: where it lies, its identity when it has no Message-ID; `own`: our own addresses, in small letters."""

    raw: bytes
    place: str
    own: frozenset[str]


class ReadTable(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A CSV or XLSX file. `encoding`: one of ENCODINGS that a person has chosen; "": it is found out."""

    raw: bytes
    encoding: str = ""


class NameMedia(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A file that somebody wants to be kept."""

    raw: bytes


Job = ReadMail | ReadTable | NameMedia


class MailFile(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a mail that is a file: its media type when it is kept, else why not."""

    name: str
    content: bytes = b""
    media: str = ""
    refused: str = ""


class MailRead(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A mail, understood. `sender`: the address in From, "" when none can be told; `certain`: it is the only one there,
    and every reader would take it for the sender; `answer_to`: where its writer wants the answer.

    `key`: of its identity and its content together. `automatic`: why no ticket is made of it, None for a person's.
    `ticket`: the number in the subject, which anybody can guess; `tokens`: what looks like one of ours in subject and
    recipients; `thread`: the Message-IDs that it answers, the nearest first.
    """

    key: str
    sender: str
    certain: bool
    answer_to: str
    name: str
    subject: str
    text: str
    sent_at: datetime | None
    automatic: str | None
    ticket: str | None
    tokens: tuple[str, ...]
    thread: tuple[str, ...]
    files: tuple[MailFile, ...]

    @property
    def identity_key(self) -> str:
        """As mails were known before their contents were told apart."""
        return identity_part(self.key)

    @property
    def matter(self) -> str:
        """Subject and words, as a ticket's matter."""
        words = f"{self.subject}\n\n{self.text}".strip() if self.text else self.subject
        return words[:MOST_TEXT] + (CUT if len(words) > MOST_TEXT else "") or "（空邮件）"


class MediaFound(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The media type of a file that may be kept."""

    media: str


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """It was understood, and is not taken: the words say why and what would do."""

    words: str


class Broken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The parser tripped. `where`: the kind of error and its place in the code; nothing of what was parsed."""

    where: str


Answer = MailRead | TableRead | MediaFound | Refused | Broken
