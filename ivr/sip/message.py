"""What is needed of an INVITE and of the answers to it (rules). Whatever the bytes are, it never raises.

Not a SIP parser: Asterisk has parsed the message, and only what it took for one comes here.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_INVITE = b"INVITE "
_ANSWER = re.compile(rb"SIP/2\.0 (\d{3})\b")
_FOLDED = re.compile(rb"\r?\n[ \t]+")
_LINE = re.compile(rb"\r?\n")
_SHORT = {b"i": b"call-id", b"f": b"from", b"t": b"to"}
_WANTED = (b"call-id", b"from", b"to", b"cseq", b"authorization", b"proxy-authorization")
DENIALS = (401, 403, 407)
REGISTERED = 200
_NONCE = re.compile(rb"\bnonce\s*=\s*\"?([^\",\s]{1,200})", re.IGNORECASE)
_USER = re.compile(rb"(?:sips?|tel):([^@;>?\s]*)", re.IGNORECASE)
_QUOTED = re.compile(rb'\s*"((?:[^"\\]|\\.)*)"\s*<')
_BARE = re.compile(rb"\s*([^<\"]*?)\s*<")
_TAG = re.compile(rb";\s*tag\s*=", re.IGNORECASE)


@dataclass(frozen=True)
class Invited:
    """The first INVITE of a call. `dnis`, `ani`, `name` are as the caller's side wrote them, not yet cleaned."""

    call_id: bytes
    dnis: str
    ani: str
    name: str
    cseq: bytes = b""
    """The same for what UDP repeats, another one for what is tried again."""


@dataclass(frozen=True)
class Within:
    """An INVITE in a call that goes on already."""

    call_id: bytes


@dataclass(frozen=True)
class Answered:
    """A final answer to an INVITE. `invited`: what it repeats of that."""

    call_id: bytes
    status: int
    invited: Invited


Message = Invited | Within | Answered


@dataclass(frozen=True)
class Tried:
    """A request that comes with a secret. `key` names it and the answer to it; `nonces`: what it says it was given."""

    key: bytes
    nonces: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Denied:
    """The answer to a request without a secret, or with a wrong one. `nonces`: what it gives for the next try."""

    key: bytes
    nonces: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Accepted:
    """A telephone is registered."""

    key: bytes


Secret = Tried | Denied | Accepted


def read_message(message: bytes) -> Message | None:
    """None for all else: other methods, an answer that is not the last."""
    invite = message.startswith(_INVITE)
    answer = None if invite else _ANSWER.match(message)
    if not invite and (answer is None or int(answer[1]) < 200):
        return None
    headers = _headers(message)
    call_id = headers.get(b"call-id", b"")
    if not call_id:
        return None
    origin, to = headers.get(b"from", b""), headers.get(b"to", b"")
    target = message[len(_INVITE) :].partition(b"\n")[0] if invite else _address_part(to)
    invited = Invited(call_id, _user(target), _user(_address_part(origin)), _name(origin), headers.get(b"cseq", b""))
    if answer is not None:
        of_invite = headers.get(b"cseq", b"").upper().endswith(b"INVITE")
        return Answered(call_id, int(answer[1]), invited) if of_invite else None
    return Within(call_id) if _TAG.search(_after_address(to)) else invited


def read_secret(message: bytes) -> Secret | None:
    """Whether a secret is given, denied, or right for a registration; not what it is."""
    answer = _ANSWER.match(message)
    status = int(answer[1]) if answer else 0
    if answer and status not in (*DENIALS, REGISTERED):
        return None
    headers = _headers(message)
    cseq = headers.get(b"cseq", b"")
    key = headers.get(b"call-id", b"") + b" " + cseq
    if status == REGISTERED:
        return Accepted(key) if cseq.upper().endswith(b"REGISTER") else None
    nonces = tuple(_NONCE.findall(message.partition(b"\r\n\r\n")[0]))
    if answer:
        return Denied(key, nonces)
    return Tried(key, nonces) if b"authorization" in headers or b"proxy-authorization" in headers else None


def _headers(message: bytes) -> dict[bytes, bytes]:
    head = message.partition(b"\r\n\r\n")[0]
    found: dict[bytes, bytes] = {}
    for line in _LINE.split(_FOLDED.sub(b" ", head))[1:]:
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        name = _SHORT.get(name, name)
        if name in _WANTED and name not in found:
            found[name] = value.strip()
    return found


def _address_part(value: bytes) -> bytes:
    """Behind the display name, in which anything may stand."""
    quoted = _QUOTED.match(value)
    return value[quoted.end() - 1 :] if quoted else value[max(0, value.find(b"<")) :]


def _after_address(value: bytes) -> bytes:
    """The parameters of the header, those of the URI left out."""
    address = _address_part(value)
    return address.partition(b">")[2] if address.startswith(b"<") else address


def _user(text: bytes) -> str:
    found = _USER.search(text)
    return unquote(found[1].decode(errors="replace"), errors="replace") if found else ""


def _name(value: bytes) -> str:
    found = _QUOTED.match(value) or _BARE.match(value)
    return found[1].decode(errors="replace") if found else ""
