"""Has strangers' bytes parsed in a process of its own, and is the only place that does (adapter; blocking: for a
thread). OPS-7, ADR 36.

A process for each job: what one stranger sent never meets what another did. Whatever becomes of it, the caller gets an
answer of a known type or NotParsed, within the limits.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from crm.errors import BadFile, CrmError
from crm.intake.files import FileRefused
from crm.parsing.child import OUT_OF_MEMORY, TOO_MUCH, Limits
from crm.parsing.jobs import Answer, Broken, Job, MailRead, MediaFound, NameMedia, ReadMail, ReadTable, Refused
from crm.parsing.tables.model import TableRead

log = logging.getLogger(__name__)
security = logging.getLogger("security")

LIMITS: Final = Limits()
AT_ONCE: Final = 2
"""So many processes; who comes then waits for one to end."""
_room = threading.BoundedSemaphore(AT_ONCE)
_ROOT: Final = Path(__file__).parents[2]

Reason = Literal["time", "memory", "size", "crash", "broken"]
_WORDS: Final[dict[Reason, str]] = {
    "time": "it takes too long to read",
    "memory": "it takes too much memory to read",
    "size": "there is too much in it",
    "crash": "the reader did not survive it",
    "broken": "it is built like nothing that can be read",
}
_decoder: Final[msgspec.msgpack.Decoder[Answer]] = msgspec.msgpack.Decoder(Answer)
_Wanted = TypeVar("_Wanted", MailRead, TableRead, MediaFound)


class NotParsed(CrmError):
    """What strangers sent could not be read within the limits. The bytes are as they were."""

    def __init__(self, reason: Reason, where: str = "") -> None:
        super().__init__(_WORDS[reason])
        self.reason: Reason = reason
        self.where = where


def read_mail_apart(raw: bytes, place: str, own: frozenset[str], limits: Limits = LIMITS) -> MailRead:
    """Raises NotParsed."""
    answer = parse(ReadMail(raw=raw, place=place, own=own), limits)
    return _as(MailRead, answer)


def read_table_apart(data: bytes, encoding: str = "", limits: Limits = LIMITS) -> TableRead:
    """Raises BadFile with what to do."""
    try:
        answer = parse(ReadTable(raw=data, encoding=encoding), limits)
    except NotParsed as exc:
        raise BadFile(f"{exc}: save only the table, as CSV (UTF-8)") from exc
    if isinstance(answer, Refused):
        raise BadFile(answer.words)
    return _as(TableRead, answer)


def media_apart(content: bytes, limits: Limits = LIMITS) -> str:
    """The media type of a file that may be kept. Raises FileRefused."""
    try:
        answer = parse(NameMedia(raw=content), limits)
    except NotParsed as exc:
        raise FileRefused(f"{exc}") from exc
    if isinstance(answer, Refused):
        raise FileRefused(answer.words)
    return _as(MediaFound, answer).media


def parse(job: Job, limits: Limits = LIMITS) -> Answer:
    """One job, in a process of its own. Raises NotParsed."""
    kind = type(job).__name__
    try:
        with _room, _file("job", msgspec.msgpack.encode(job)) as given, _file("answer") as answered:
            _run(kind, limits, given, answered)
            answer = _answer(answered, limits)
        if isinstance(answer, Broken):
            raise NotParsed("broken", answer.where)
    except NotParsed as exc:
        security.warning("%s: %s (%s)", kind, exc, exc.where, extra={"action": "not_parsed", "reason": exc.reason})
        raise
    return answer


def _run(kind: str, limits: Limits, given: int, answered: int) -> None:
    command = [sys.executable, "-P", "-m", "crm.parsing.child", kind, msgspec.json.encode(limits).decode()]
    surroundings = {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"}
    process = subprocess.Popen(
        command, stdin=given, stdout=answered, stderr=subprocess.DEVNULL, env=surroundings, cwd="/"
    )
    try:
        ended = process.wait(limits.wall_s)
    except subprocess.TimeoutExpired:
        raise NotParsed("time", "killed") from None
    finally:
        process.kill()
        process.wait()
    if ended in (-signal.SIGXCPU, -signal.SIGALRM):
        raise NotParsed("time", signal.Signals(-ended).name)
    if ended in (OUT_OF_MEMORY, -signal.SIGKILL):
        raise NotParsed("memory", str(ended))
    if ended == TOO_MUCH:
        raise NotParsed("size", "answer")
    if ended != 0:
        raise NotParsed("crash", str(ended))


def _answer(answered: int, limits: Limits) -> Answer:
    if os.fstat(answered).st_size > limits.answer_bytes:
        raise NotParsed("size", "answer")
    content = os.pread(answered, limits.answer_bytes + 1, 0)
    try:
        return _decoder.decode(content)
    except msgspec.DecodeError as exc:
        raise NotParsed("crash", "answer") from exc


def _as(kind: type[_Wanted], answer: Answer) -> _Wanted:
    if not isinstance(answer, kind):
        raise NotParsed("crash", type(answer).__name__)
    return answer


@contextmanager
def _file(name: str, content: bytes = b"") -> Iterator[int]:
    """A file in memory alone, without a name."""
    descriptor = os.memfd_create(f"sanxiang-{name}")
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
