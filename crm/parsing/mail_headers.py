"""A mail's headers: decoded as far as they can be, and who sent it (rules). TKT-1.

Addresses are told apart before anything is decoded: what an encoded word says is a name, whatever signs are in it. So
no name forges an address, by a comma, an `@` or a `>` of its own (RFC 2047 5.3, RFC 5322 3.4).
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from email import policy
from email.message import Message
from typing import Final, NamedTuple

from crm.parsing.mail_charsets import decode_text

MOST_HEADER: Final = 4000
"""Characters of a header that are understood."""
_MOST_WORDS: Final = 200
_WORD: Final = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\s]*)\?=")
_FOLD: Final = re.compile(r"\r?\n[ \t]*")
_HOLES: Final = re.compile(r"[\ue000-\uf8ff]")
"""Private use: where an encoded word stood while addresses are told apart."""
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_NOT_IN_ADDRESSES: Final = (
    r"\x00-\x20\x7f-\xa0@<>()\[\]\\,;:\"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\uf8ff\ufeff\ufff0-\uffff"
)
_ADDRESS: Final = re.compile(f"[^{_NOT_IN_ADDRESSES}]{{1,64}}@[^{_NOT_IN_ADDRESSES}]{{1,189}}")
_ANGLE: Final = re.compile(r"<([^<>]*)>")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


class Mailbox(NamedTuple):
    name: str
    address: str


class Sender(NamedTuple):
    """`certain`: one From, with one address in it and nothing beside that."""

    name: str
    address: str
    certain: bool


def headers(message: Message, name: str) -> list[str]:
    """The values of a header as they came, unfolded; bytes that are no ASCII as UTF-8 or GB 18030."""
    found = [str(value) for known, value in message.raw_items() if known.lower() == name.lower()]
    raw = (value[: 2 * MOST_HEADER].encode("utf-8", "surrogateescape") for value in found[:20])
    return [_HOLES.sub("", _FOLD.sub(" ", decode_text(each, None)))[:MOST_HEADER] for each in raw]


def header(message: Message, name: str) -> str:
    """A header's text, decoded. One that comes several times counts once."""
    return clean(decode_words(next(iter(headers(message, name)), "")))


def sender_of(message: Message) -> Sender:
    """Who wrote, by From; by Sender where From names several; the address in small letters, "" when none is told."""
    values = headers(message, "From")
    boxes, alone = mailboxes(values[0]) if values else ([], False)
    if len(boxes) == 1:
        return Sender(*boxes[0], certain=alone and len(values) == 1)
    acting, _ = mailboxes(next(iter(headers(message, "Sender")), ""))
    addresses = [box.address for box in boxes]
    chosen = [box for box in acting if not boxes or box.address in addresses] or boxes
    if chosen:
        return Sender(*chosen[0], certain=False)
    return Sender(one_line(clean(decode_words(values[0])))[:64] if values else "", "", certain=False)


def answer_to(message: Message) -> str:
    """The first address of Reply-To; "" without one."""
    boxes, _ = mailboxes(next(iter(headers(message, "Reply-To")), ""))
    return boxes[0].address if boxes else ""


def mailboxes(value: str) -> tuple[list[Mailbox], bool]:
    """The addresses of a header, those of groups too; and whether it holds just one, outside of a group, and nothing
    that is none. Where a name holds signs that it must not, the address is what stands in the only <>."""
    words: list[str] = []

    def hole(found: re.Match[str]) -> str:
        words.append(found.group())
        return chr(0xE000 + len(words) - 1) if len(words) <= _MOST_WORDS else ""

    text = _WORD.sub(hole, value)
    parsed, grouped, whole = _parsed(text)
    valid = [box for box in parsed if _ADDRESS.fullmatch(box.address)]
    angles = _ANGLE.findall(_QUOTED.sub("", text))
    if len(angles) == 1 and (not whole or len(valid) != len(parsed)):
        valid = [Mailbox(_ANGLE.sub(" ", text), angles[0].strip())] if _ADDRESS.fullmatch(angles[0].strip()) else []
    boxes = [Mailbox(_named(box.name, words), box.address.lower()) for box in valid]
    return boxes, whole and not grouped and len(parsed) == len(boxes) == 1


def _parsed(text: str) -> tuple[list[Mailbox], bool, bool]:
    """By the library's own grammar: mailboxes, whether there are groups, whether all of the header was understood."""
    try:
        told = policy.default.header_factory("From", text)
        groups = told.groups
    except Exception:  # The library raises what the broken part leads it to; then nobody is told to be the sender.
        return [], False, False
    boxes = [Mailbox(box.display_name, f"{box.username}@{box.domain}") for group in groups for box in group.addresses]
    return boxes, any(group.display_name is not None for group in groups), not told.defects


def _named(name: str, words: list[str]) -> str:
    back = _HOLES.sub(lambda found: words[ord(found.group()) - 0xE000], name)
    return one_line(clean(decode_words(back))).strip(" \"'")[:64]


def decode_words(text: str) -> str:
    """A text with its encoded words decoded (RFC 2047). A character or a base64 group that the sender has cut in two is
    put together again; one without its end is left out."""
    pieces = list(_pieces(text))
    shown: list[str] = []
    at = 0
    while at < len(pieces):
        if isinstance(plain := pieces[at], str):
            shown.append(plain)
            at += 1
            continue
        end = at
        while end < len(pieces) and not isinstance(pieces[end], str) and pieces[end][0] == plain[0]:
            end += 1
        shown.append(decode_text(_joined([each for each in pieces[at:end] if not isinstance(each, str)]), plain[0]))
        at = end
    return "".join(shown)


def _pieces(text: str) -> Iterator[str | tuple[str, str, str]]:
    """Plain text, and encoded words as (charset, encoding, content); what is white between two words is nothing."""
    at = 0
    for count, found in enumerate(_WORD.finditer(text)):
        if count == _MOST_WORDS:
            break
        between = text[at : found.start()]
        if between.strip() or (between and not at):
            yield between
        yield found[1].partition("*")[0].lower(), found[2].lower(), found[3]
        at = found.end()
    yield text[at:]


def _joined(words: list[tuple[str, str, str]]) -> bytes:
    content, open_group = b"", ""
    for _, encoding, text in words:
        if encoding == "q":
            content += _base64(open_group) + _quoted_printable(text)
            open_group = ""
            continue
        open_group += text
        if text.endswith("=") or len(open_group) % 4 == 0:
            content += _base64(open_group)
            open_group = ""
    return content + _base64(open_group)


def _base64(text: str) -> bytes:
    kept = re.sub(r"[^A-Za-z0-9+/]", "", text)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    try:
        return b64decode(kept + "=" * (-len(kept) % 4))
    except (binascii.Error, ValueError):
        return text.encode("ascii", "replace")


def _quoted_printable(text: str) -> bytes:
    return binascii.a2b_qp(text.encode("utf-8", "replace"), header=True)


def clean(text: str) -> str:
    """Without what cannot be seen or kept."""
    text = _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _UNSEEN.sub("", text)


def one_line(text: str) -> str:
    return " ".join(text.split())
