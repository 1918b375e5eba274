"""An e-mail becomes what a ticket can hold: who wrote, what about, the words, the files (rules: no I/O, no clock).

TKT-1. Whatever is in it, something comes out: a header nobody can read, no such charset, a part without an end.
Automatic answers, bounces and lists are told apart, so that two machines never write to each other by way of us.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

import msgspec

from crm.intake.html_words import words_of_html

MOST_TEXT: Final = 3900
"""Characters of the words that a ticket shows; the rest stays in the mailbox."""
MOST_PARTS: Final = 200
MOST_HEADER: Final = 4000
"""Characters of a header that are understood: decoding takes the square of its length."""
_IDENTITY: Final = re.compile(r"<[^<>\s]{1,998}>")
MOST_THREAD: Final = 50
_NUMBER: Final = re.compile(r"(?<!\d)(\d{8}-\d{4,9})(?!\d)")
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_BULK: Final = frozenset({"bulk", "list", "junk", "auto_reply"})
_ROBOTS: Final = frozenset({"mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply"})
CUT: Final = "\n…（全文见邮箱）"


class MailFile(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a mail that is a file."""

    name: str
    content: bytes


class MailRead(msgspec.Struct, frozen=True, kw_only=True):
    """A mail, understood. `automatic`: why no ticket is made of it, None for a person's. `ticket`: the number in the
    subject, which anybody can guess; `thread`: the keys of the mails that it answers, the nearest first."""

    key: str
    sender: str
    name: str
    subject: str
    text: str
    sent_at: datetime | None
    automatic: str | None
    ticket: str | None
    thread: tuple[str, ...]
    files: tuple[MailFile, ...]

    @property
    def matter(self) -> str:
        """Subject and words, as a ticket's matter."""
        words = f"{self.subject}\n\n{self.text}".strip() if self.text else self.subject
        return words[:MOST_TEXT] + (CUT if len(words) > MOST_TEXT else "") or "（空邮件）"


def read_mail(raw: bytes, place: str, own: frozenset[str]) -> MailRead:
    """Understands a mail. `place`: where it lies, its identity when it has no Message-ID; `own`: our own addresses, in
    small letters. Raises nothing for any bytes."""
    message = message_from_bytes(raw, policy=policy.compat32)
    name, sender = _sender(message)
    subject = _one_line(_header(message, "Subject"))[:300]
    text, files = _content(message)
    found = _NUMBER.search(subject)
    return MailRead(
        key=_key(message, place),
        sender=sender,
        name=name,
        subject=subject,
        text=text,
        sent_at=_sent_at(message),
        automatic=_automatic(message, sender, own),
        ticket=found[1] if found else None,
        thread=_thread(message),
        files=files,
    )


def unreadable(raw: bytes, place: str) -> MailRead:
    """A mail of which nothing is understood: its raw beginning, for a person to look at."""
    return MailRead(
        key=_key_of(place),
        sender="",
        name="",
        subject="（邮件无法解析）",
        text=_clean(raw[:MOST_TEXT].decode("utf-8", "replace"))[: MOST_TEXT - 100],
        sent_at=None,
        automatic=None,
        ticket=None,
        thread=(),
        files=(),
    )


def _key(message: Message, place: str) -> str:
    return _key_of(_header(message, "Message-ID").strip() or place)


def _key_of(identity: str) -> str:
    return "mail:" + hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()


def _thread(message: Message) -> tuple[str, ...]:
    """RFC 5322 3.6.4: References names the whole thread, its newest mail last."""
    answered, whole = (str(message.get(name, ""))[-MOST_HEADER:] for name in ("In-Reply-To", "References"))
    found = [*_IDENTITY.findall(answered), *reversed(_IDENTITY.findall(whole))]
    return tuple(dict.fromkeys(_key_of(each) for each in found[:MOST_THREAD]))


def _header(message: Message, name: str) -> str:
    """A header's text, decoded as far as it can be. A header that comes several times counts once."""
    value = message.get(name)
    if value is None:
        return ""
    try:
        parts = decode_header(str(value)[:MOST_HEADER])
    except (MessageError, ValueError, LookupError):
        return _clean(str(value)[:MOST_HEADER])
    return _clean("".join(part if isinstance(part, str) else _decode(part, charset) for part, charset in parts))


def _decode(content: bytes, charset: str | None) -> str:
    """The text in its own charset, or in the likeliest one; no byte stops it."""
    for encoding in (charset or "utf-8", "utf-8", "gb18030"):
        try:
            return content.decode("gb18030" if encoding.lower() in ("gb2312", "gbk") else encoding)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return content.decode("utf-8", "replace")


def _clean(text: str) -> str:
    """Without what cannot be seen or kept."""
    text = _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _UNSEEN.sub("", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _sender(message: Message) -> tuple[str, str]:
    """Name and address of who wrote; the address in small letters."""
    for header in ("Reply-To", "From", "Sender"):
        for name, address in getaddresses([_one_line(_header(message, header))]):
            if "@" in address:
                return name.strip()[:64], address.strip().lower()[:254]
    return "", _one_line(_header(message, "From"))[:254]


def _sent_at(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(message, "Date"))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _automatic(message: Message, sender: str, own: frozenset[str]) -> str | None:
    """RFC 3834, and what is older than it."""
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return "Auto-Submitted"
    if _header(message, "Precedence").strip().lower() in _BULK:
        return "Precedence"
    if message.get("List-Id") is not None or message.get("List-Unsubscribe") is not None:
        return "List-Id"
    if message.get("X-Autoreply") is not None or message.get("X-Autorespond") is not None:
        return "X-Autoreply"
    if _header(message, "Return-Path").strip() == "<>" or message.get_content_type() == "multipart/report":
        return "bounce"
    if sender.partition("@")[0] in _ROBOTS:
        return "robot"
    if sender in own:
        return "our own address"
    return None


def _content(message: Message) -> tuple[str, tuple[MailFile, ...]]:
    """The words: plain text if there is any, else the words of the HTML; and the files."""
    plain, html, files = list[str](), list[str](), list[MailFile]()
    for part in _leaves(message):
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        name = _file_name(part)
        if name or part.get_content_disposition() == "attachment":
            files.append(MailFile(name=name or "file", content=content))
        elif part.get_content_type() == "text/plain":
            plain.append(_decode(content, part.get_content_charset()))
        elif part.get_content_type() == "text/html":
            words, whole = words_of_html(_decode(content, part.get_content_charset()))
            html.append(words if whole else words + CUT)
        elif part.get_content_maintype() in ("image", "application"):
            files.append(MailFile(name="file", content=content))
    text = "\n".join(plain) if any(each.strip() for each in plain) else "\n".join(html)
    return re.sub(r"\n{3,}", "\n\n", _clean(text)).strip(), tuple(files)


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something; of a mail inside the mail, its parts."""
    for count, part in enumerate(message.walk()):
        if count >= MOST_PARTS:
            return
        if not part.is_multipart():
            for name in ("Content-Type", "Content-Disposition"):
                if len(value := str(part.get(name, ""))) > MOST_HEADER:
                    part.replace_header(name, value[:MOST_HEADER])
            yield part


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename()
    except (ValueError, LookupError, TypeError):
        name = "file"
    if not name:
        return ""
    try:
        parts = decode_header(name)
    except (MessageError, ValueError, LookupError):
        return _one_line(_clean(name))
    text = "".join(each if isinstance(each, str) else _decode(each, charset) for each, charset in parts)
    return unicodedata.normalize("NFC", _one_line(_clean(text)))
