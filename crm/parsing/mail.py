"""An e-mail becomes what a ticket can hold: who wrote, what about, the words, the files (rules: no I/O, no clock).

TKT-1. Whatever is in it, something comes out: a header nobody can read, no such charset, a part without an end.
Automatic answers and bounces are told apart by what they say of themselves (RFC 3834, RFC 3464), so that two machines
never write to each other by way of us; not by what mailing lists and mail gateways add to persons' letters.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import Final

from crm.intake.files import MOST_FILES, FileRefused
from crm.parsing.documents import media_of
from crm.parsing.html_words import words_of_html
from crm.parsing.jobs import CUT, MailFile, MailRead
from crm.parsing.keys import whole_key
from crm.parsing.mail_charsets import decode_text
from crm.parsing.mail_headers import (
    MOST_HEADER,
    answer_to,
    clean,
    decode_words,
    header,
    headers,
    one_line,
    sender_of,
)

MOST_PARTS: Final = 200
MOST_THREAD: Final = 50
_TOLD: Final = (("发件人", "From"), ("时间", "Date"), ("主题", "Subject"))
_IDENTITY: Final = re.compile(r"<[^<>\s]{1,998}>")
_NUMBER: Final = re.compile(r"(?<![\d-])(20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-\d{4,9})(?!\d)")
"""A day and a count: not a telephone's number with its extension."""
_TOKEN: Final = re.compile(r"(?<![a-z2-7])[a-z2-7]{26}(?![a-z2-7])")
"""As the outbox makes them (crm.db.outbox)."""
_ADDRESSED: Final = ("To", "Cc", "Delivered-To", "X-Original-To")
_BOUNCING: Final = frozenset({"mailer-daemon", "postmaster"})


def read_mail(raw: bytes, place: str, own: frozenset[str]) -> MailRead:
    """Understands a mail; see crm.parsing.jobs.ReadMail."""
    message = _parsed(raw)
    sender = sender_of(message)
    wanted = answer_to(message)
    subject = one_line(header(message, "Subject"))[:300]
    text, files = _content(message)
    found = _NUMBER.search(subject)
    return MailRead(
        key=whole_key(header(message, "Message-ID").strip() or place, _substance(raw, sender.address, subject)),
        sender=sender.address,
        certain=sender.certain,
        answer_to=wanted if wanted and wanted not in own else sender.address,
        name=sender.name,
        subject=subject,
        text=text,
        sent_at=_sent_at(message),
        automatic=_automatic(message, sender.address, wanted, own),
        ticket=found[1] if found else None,
        tokens=_tokens(message, subject),
        thread=_thread(message),
        files=files,
    )


def _parsed(raw: bytes) -> Message:
    """Of a mail in a mail in a mail, hundreds deep, the headers alone."""
    try:
        return message_from_bytes(raw, policy=policy.compat32)
    except RecursionError:
        return BytesHeaderParser(policy=policy.compat32).parsebytes(raw)


def _substance(raw: bytes, sender: str, subject: str) -> bytes:
    """What makes two mails with one Message-ID two: not the headers that each way they went has added."""
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2].strip()
    return b"\n".join((sender.encode("utf-8", "replace"), subject.encode("utf-8", "replace"), body))


def _tokens(message: Message, subject: str) -> tuple[str, ...]:
    places = [subject, *(each for name in _ADDRESSED for each in headers(message, name))]
    return tuple(dict.fromkeys(found for place in places for found in _TOKEN.findall(place.lower())))[:10]


def _thread(message: Message) -> tuple[str, ...]:
    """RFC 5322 3.6.4: References names the whole thread, its newest mail last."""
    answered, whole = (str(message.get(name, ""))[-MOST_HEADER:] for name in ("In-Reply-To", "References"))
    found = [*_IDENTITY.findall(answered), *reversed(_IDENTITY.findall(whole))]
    return tuple(dict.fromkeys(clean(each) for each in found[:MOST_THREAD]))


def _sent_at(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(header(message, "Date"))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _automatic(message: Message, sender: str, wanted: str, own: frozenset[str]) -> str | None:
    """RFC 3834, and what is older than it."""
    submitted = header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return "Auto-Submitted"
    if header(message, "Precedence").strip().lower() == "auto_reply":
        return "Precedence"
    if message.get("X-Autoreply") is not None or message.get("X-Autorespond") is not None:
        return "X-Autoreply"
    if header(message, "Return-Path").strip() == "<>" or message.get_content_type() == "multipart/report":
        return "bounce"
    if {each.partition("@")[0] for each in (sender, wanted)} & _BOUNCING:
        return "mail system"
    if sender in own:
        return "our own address"
    return None


def _content(message: Message) -> tuple[str, tuple[MailFile, ...]]:
    """The words: plain text if there is any, else the words of the HTML; and the files. No part is left out."""
    plain, html, files = list[str](), list[str](), list[MailFile]()
    words = False
    for part in _leaves(message):
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            first = _first_writer(part)
            plain.append(first)
            html.append(first)
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        name = _file_name(part)
        kind = part.get_content_type()
        if name or part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html"):
            if content or name:
                files.append(_file(name or one_line(clean(kind.replace("/", "."))), content, len(files)))
        elif kind == "text/plain":
            plain.append(_unflowed(decode_text(content, _charset(part)), part))
            words = words or bool(plain[-1].strip())
        else:
            shown, whole = words_of_html(decode_text(content, _charset(part)))
            html.append(shown if whole else shown + CUT)
    text = "\n".join(plain) if words else "\n".join(html)
    return re.sub(r"\n{3,}", "\n\n", clean(text)).strip(), tuple(files)


def _unflowed(text: str, part: Message) -> str:
    """Lines that were broken for the way alone are whole again (RFC 3676)."""
    if _parameter(part, "format") != "flowed":
        return text
    space = "" if _parameter(part, "delsp") == "yes" else " "
    lines = [line.removeprefix(" ") for line in clean(text).split("\n")]
    return re.sub(r"(?m)(?<!^--) \n(?!>)", space, "\n".join(lines))


def _first_writer(part: Message) -> str:
    """Of a mail inside the mail: who wrote it, when and what about, as its headers say."""
    inside = part.get_payload()
    if not isinstance(inside, list) or not inside or not isinstance(inside[0], Message):
        return ""
    told = ((label, one_line(header(inside[0], name))[:300]) for label, name in _TOLD)
    return "\n".join(("—— 转发的邮件 ——", *(f"{label}：{value}" for label, value in told if value)))


def _file(name: str, content: bytes, count: int) -> MailFile:
    """With its media type, or with why it is not kept."""
    try:
        if count >= MOST_FILES:
            raise FileRefused(f"at most {MOST_FILES} files are kept with one ticket")
        return MailFile(name=name[:300], content=content, media=media_of(content))
    except FileRefused as exc:
        return MailFile(name=name[:300], refused=str(exc))


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something; a mail inside the mail, and then its parts."""
    for count, part in enumerate(message.walk()):
        if count >= MOST_PARTS:
            return
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            yield part
        elif not part.is_multipart():
            for name in ("Content-Type", "Content-Disposition"):
                values = headers(part, name)  # a long one takes the library the square of its length
                if values and part.get(name) != values[0]:
                    part.replace_header(name, values[0])
            yield part


def _parameter(part: Message, name: str) -> str:
    try:
        return str(part.get_param(name, "")).lower()
    except (ValueError, LookupError, TypeError):
        return ""


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except (ValueError, LookupError, TypeError):
        return None


def _file_name(part: Message) -> str:
    try:
        name = _raw_name(part)
    except (ValueError, LookupError, TypeError):
        name = "file"
    return unicodedata.normalize("NFC", one_line(clean(decode_words(name)))) if name else ""


def _raw_name(part: Message) -> str:
    """RFC 2231: a name in pieces, each with its charset; else as it stands."""
    found = part.get_param("filename", None, "content-disposition") or part.get_param("name", None, "content-type")
    if isinstance(found, tuple):
        charset, _, text = found
        return decode_text(str(text).encode("latin-1", "replace"), charset)
    return str(found or "")
