"""Strangers' bytes are parsed in a process that the kernel bounds; whatever becomes of it, it answers. OPS-7."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from crm.errors import BadFile
from crm.intake.files import FileRefused
from crm.parsing import apart, documents
from crm.parsing.apart import LIMITS, NotParsed, media_apart, parse, read_mail_apart, read_table_apart
from crm.parsing.child import Limits, carry_out
from crm.parsing.jobs import Broken, Job, NameMedia, ReadMail, ReadTable

MAIL = ReadMail(raw=b"From: a@b.cn\nSubject: x\n\n" + b"words " * 500, place="box:1", own=frozenset({"c@d.cn"}))
TABLE = ReadTable(raw=b"name,number\nWang,13812345678\n")
MEDIA = NameMedia(raw=b"%PDF-1.7")

BOUNDLESS = ReadMail(
    raw=b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
    + b"".join(b"--B\nContent-Type: text/html\n\n" + b"<b>x" * 20_000 + b"\n" for _ in range(150)),
    place="",
    own=frozenset(),
)
"""12 MB, 3 million tags: about 5 s of a processor."""


def limits(**changed: object) -> Limits:
    return msgspec.structs.replace(LIMITS, **changed)


@pytest.mark.req("OPS-7")
@pytest.mark.parametrize("job", [MAIL, TABLE, MEDIA])
def test_what_is_parsed_apart_is_what_the_parser_says(job: Job) -> None:
    assert parse(job) == carry_out(job)


@pytest.mark.req("OPS-7")
@pytest.mark.parametrize(
    ("job", "bounds", "reason"),
    [
        (BOUNDLESS, limits(cpu_s=1), "time"),
        (BOUNDLESS, limits(wall_s=0.5), "time"),
        (BOUNDLESS, limits(memory_bytes=60_000_000), "memory"),
        (MAIL, limits(answer_bytes=1000), "size"),
    ],
)
def test_what_goes_beyond_a_limit_is_ended_and_says_which(
    job: Job, bounds: Limits, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    with pytest.raises(NotParsed) as failed:
        parse(job, bounds)
    assert failed.value.reason == reason
    assert time.monotonic() - began < 20.0
    (told,) = [record for record in caplog.records if record.name == "security"]
    assert (told.__dict__["action"], told.__dict__["reason"]) == ("not_parsed", reason)


@pytest.mark.req("OPS-7")
def test_a_reader_that_dies_or_answers_nonsense_is_a_failure_of_that_job_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for script in ("exit 139", "kill -SEGV $$", "echo nonsense", "kill -KILL $$"):
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        with monkeypatch.context() as patched:
            patched.setattr(apart.sys, "executable", str(program))
            with pytest.raises(NotParsed):
                read_mail_apart(b"Subject: x\n\n", "box:1", frozenset())
            with pytest.raises(BadFile, match="CSV"):
                read_table_apart(b"a,b\n")
            with pytest.raises(FileRefused):
                media_apart(b"words")
    assert read_mail_apart(b"Subject: x\n\n", "box:1", frozenset()).subject == "x"


@pytest.mark.req("OPS-7")
def test_a_parser_that_trips_says_where_and_nothing_of_what_it_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def trips(content: bytes) -> str:
        raise ValueError(content.decode())

    monkeypatch.setattr(documents, "media_of", trips)
    answer = carry_out(NameMedia(raw=b"13812345678"))
    assert isinstance(answer, Broken) and answer.where.startswith("ValueError at test_apart.py:")


CONFINED = """
import os, socket
from crm.parsing.child import Limits, confine
confine(Limits(memory_bytes=200_000_000))
def refused(what):
    try:
        what()
    except (OSError, MemoryError):
        return True
    return False
tried = [
    lambda: socket.socket(),
    lambda: open("/etc/passwd"),
    lambda: open("/tmp/made-by-the-confined", "w"),
    lambda: os.pipe(),
    lambda: bytearray(300_000_000),
]
os.write(1, repr([refused(each) for each in tried]).encode())
"""


@pytest.mark.req("OPS-7")
def test_the_process_has_no_network_no_files_and_no_more_memory() -> None:
    done = subprocess.run([sys.executable, "-c", CONFINED], capture_output=True, text=True, timeout=30)
    assert done.stdout == repr([True] * 5), done.stderr


@pytest.mark.req("OPS-7")
def test_not_more_than_a_few_processes_at_once() -> None:
    """Ten mails at the same time are read one after the other, and nobody's waits for ever."""
    answers = list[str]()
    threads = [threading.Thread(target=lambda: answers.append(media_apart(b"%PDF-1.7", LIMITS))) for _ in range(10)]
    most = 0
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, apart.AT_ONCE - apart._room._value)
        time.sleep(0.005)
    assert answers == ["application/pdf"] * 10
    assert most <= apart.AT_ONCE
