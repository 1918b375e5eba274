"""What a SIPp process that ran with TZ=UTC did, from its logs: which message went where, when. Parsing only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_HEADER = re.compile(r"^-{20,} (?P<at>\S+ \d\d:\d\d:\d\d\.\d+)$")
_FROM = re.compile(r"^(?:From|f):.*?sip:(?P<user>[^@>;]*)@", re.IGNORECASE | re.MULTILINE)
_CALL_ID = re.compile(r"^(?:Call-ID|i):\s*(?P<id>\S+)", re.IGNORECASE | re.MULTILINE)
_CSEQ = re.compile(r"^CSeq:\s*\d+\s+(?P<method>\S+)", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(r"^key (?P<number>\S+) (?P<at>\S+\s\S+)\s\S+$", re.MULTILINE)


@dataclass(frozen=True)
class Message:
    """One SIP message. `what` is the method of a request, or the code of a response; `method` its CSeq's."""

    at: datetime
    sent: bool
    what: str
    method: str
    call_id: str
    caller: str


@dataclass(frozen=True)
class Trace:
    """All messages of one process, in order."""

    messages: tuple[Message, ...]

    def first(self, caller: str, what: str, method: str | None = None) -> datetime | None:
        """When the first such message of a caller's call was sent or received; None: never."""
        found = self.all(caller, what, method)
        return found[0].at if found else None

    def all(self, caller: str, what: str, method: str | None = None) -> list[Message]:
        """All such messages, in order."""
        return [
            message
            for message in self.messages
            if message.caller == caller and message.what == what and method in (None, message.method)
        ]

    @property
    def callers(self) -> set[str]:
        return {message.caller for message in self.messages}


def read_trace(path: Path) -> Trace:
    """The log that `-trace_msg` writes."""
    return Trace(tuple(_messages(path.read_text(encoding="utf-8", errors="replace"))))


def read_keys(path: Path) -> dict[str, datetime]:
    """From the log of a scenario that logs `key NUMBER [timestamp]`: when each caller's capture was started."""
    text = path.read_text(encoding="utf-8")
    return {found["number"]: _instant(found["at"]) for found in _KEY.finditer(text)}


def _messages(text: str) -> Iterator[Message]:
    lines, at = text.splitlines(), None
    block: list[str] = []
    for line in lines:
        header = _HEADER.match(line)
        if header is None:
            block.append(line)
            continue
        if at is not None and (message := _message(at, block)):
            yield message
        at, block = _instant(header["at"]), []
    if at is not None and (message := _message(at, block)):
        yield message


def _message(at: datetime, block: list[str]) -> Message | None:
    """The first line says sent or received; the message follows behind an empty line."""
    direction, body = block[0], "\n".join(block[1:]).strip()
    call_id, cseq, sender = _CALL_ID.search(body), _CSEQ.search(body), _FROM.search(body)
    if call_id is None or cseq is None:
        return None
    first = body.split("\n", 1)[0].split()
    return Message(
        at=at,
        sent=" sent" in direction,
        what=first[1] if first[0].startswith("SIP/") else first[0],
        method=cseq["method"],
        call_id=call_id["id"],
        caller=sender["user"] if sender else "",
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("\t", " ")).replace(tzinfo=UTC)
