"""The process in which strangers' bytes are parsed: one job, then it ends (adapter). OPS-7, ADR 36.

Started by crm.parsing.apart as `python -m crm.parsing.child`. Before it looks at its job it gives up what it does not
need: no more processor time, memory or output than it is told, no file and no socket that is not open already.
"""

import codecs
import os
import resource
import signal
import sys
from typing import Final

import msgspec

from crm.errors import BadFile
from crm.intake.files import FileRefused
from crm.parsing.jobs import Answer, Broken, Job, MediaFound, NameMedia, ReadMail, ReadTable, Refused

OUT_OF_MEMORY: Final = 3
TOO_MUCH: Final = 4
"""Exit codes: for the job, of the answer."""
NICENESS: Final = 10
"""Calls go before mails."""
_CODECS: Final = (
    *(
        "ascii",
        "utf-8",
        "utf-8-sig",
        "utf-7",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "gb2312",
        "gb18030",
        "hz",
        "big5",
        "big5hkscs",
    ),
    *("iso2022_jp", "iso2022_jp_2", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949", "iso2022_kr", "iso8859_2"),
    *(
        "latin-1",
        "iso8859_5",
        "iso8859_9",
        "iso8859_15",
        "koi8_r",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp437",
    ),
)
"""Loaded before files are closed to us; mails in others are shown as what is likeliest."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`wall_s` is the parent's too, which kills; the others are the kernel's."""

    cpu_s: int = 20
    wall_s: float = 60.0
    memory_bytes: int = 768 * 1024 * 1024
    answer_bytes: int = 64 * 1024 * 1024


def confine(limits: Limits) -> None:
    """From here on the kernel ends this process rather than give it more. Descriptors: the three that are open."""
    os.nice(NICENESS)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s)  # should the parent be gone
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))  # first a signal that says why
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.answer_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(kind, (most, most))


def carry_out(job: Job) -> Answer:
    """What comes of a job, whatever is in it. Raises MemoryError."""
    try:
        match job:
            case ReadMail():
                from crm.parsing.mail import read_mail

                return read_mail(job.raw, job.place, job.own)
            case ReadTable():
                from crm.parsing.tables.reading import read_table

                return read_table(job.raw, job.encoding)
            case NameMedia():
                from crm.parsing.documents import media_of

                return MediaFound(media=media_of(job.raw))
    except (BadFile, FileRefused) as exc:
        return Refused(words=str(exc))
    except MemoryError:
        raise
    except Exception as exc:
        return Broken(where=_where(exc))


def _where(exc: Exception) -> str:
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""  # noqa: PTH119
    return f"{type(exc).__name__} at {place}"


def load(kind: type[Job]) -> None:
    """Loads all that such a job may need, by carrying out a small one."""
    for codec in _CODECS:
        codecs.lookup(codec)
    samples: dict[type[Job], Job] = {
        ReadMail: ReadMail(raw=_SAMPLE, place="", own=frozenset()),
        ReadTable: ReadTable(raw=b"a,b\n2026-11-30,1"),
        NameMedia: NameMedia(raw=b"a"),
    }
    carry_out(samples[kind])


_SAMPLE: Final = (
    b"From: =?gb2312?B?zbbL3w==?= <a@b.cn>\nDate: Mon, 30 Nov 2026 09:12:00 +0800\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/html\n\n<p>&lt;x\n"
    b"--B\nContent-Type: application/pdf; name*=utf-8''a\nContent-Transfer-Encoding: base64\n\nJVBERg==\n"
    b"--B\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=41\n--B--\n"
)
_KINDS: Final[dict[str, type[Job]]] = {kind.__name__: kind for kind in (ReadMail, ReadTable, NameMedia)}


def main(kind: str, limits: str) -> int:
    load(_KINDS[kind])
    confine(msgspec.json.decode(limits, type=Limits))
    try:
        with open(0, "rb", closefd=False) as given:
            job: Job = msgspec.msgpack.decode(given.read(), type=_KINDS[kind])
        answer = memoryview(msgspec.msgpack.encode(carry_out(job)))
    except MemoryError:
        return OUT_OF_MEMORY
    try:
        while answer:
            answer = answer[os.write(1, answer) :]
    except OSError:
        return TOO_MUCH
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
