"""The journal: nothing acknowledged is lost, whatever becomes of the process or the last write (D5, TKT-1)."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from crm.errors import JournalFailed, JournalInUse
from crm.journal import syncer
from crm.journal.events import CallNoted
from crm.journal.journal import BATCH, Journal, Position
from tests.fakes.call_story import DAY, INVITED, answered_call, arrived
from tests.fakes.forgetful_disk import ForgetfulDisk


def note(text: str, days: float = 0) -> CallNoted:
    return CallNoted(at=INVITED + timedelta(days=days), call_id="c1", action="test", text=text)


def texts(journal: Journal, after: Position | None = None) -> list[str]:
    return [event.text for _, event in journal.read(after) if isinstance(event, CallNoted)]


def test_what_was_appended_is_read_in_order_from_any_position(journal: Journal) -> None:
    positions = [journal.append(note(str(number))) for number in range(5)]
    assert positions == sorted(positions)
    assert [position for position, _ in journal.read()] == positions
    assert [texts(journal, position) for position in positions] == [
        ["1", "2", "3", "4"],
        ["2", "3", "4"],
        ["3", "4"],
        ["4"],
        [],
    ]
    assert journal.end == positions[-1]


def test_each_utc_day_has_a_segment_and_a_late_event_goes_to_the_newest(journal: Journal, tmp_path: Path) -> None:
    journal.append(note("today"))
    journal.append(note("tomorrow", days=1))
    journal.append(note("late news of today"))
    names = sorted(path.name for path in (tmp_path / "journal").glob("*.jsonl"))
    assert names == ["2026-11-22.jsonl", "2026-11-23.jsonl"]
    assert texts(journal) == ["today", "tomorrow", "late news of today"]


def test_only_one_process_has_it(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(JournalInUse, match="stop that one first"):
        Journal.open(tmp_path / "journal")


def test_a_directory_that_cannot_be_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalFailed):
        Journal.open(tmp_path / "file")


def test_a_line_torn_at_any_byte_is_cut_off_and_the_rest_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal.open(tmp_path)
    kept = journal.append(note("kept"))
    end = journal.append(note("torn"))
    journal.close()
    segment = tmp_path / "2026-11-22.jsonl"
    whole = segment.read_bytes()
    for size in range(kept.offset, end.offset):
        segment.write_bytes(whole[:size])
        caplog.clear()
        journal = Journal.open(tmp_path)
        assert texts(journal) == ["kept"]
        torn = [record for record in caplog.records if "torn line" in record.message]
        assert len(torn) == (0 if size == kept.offset else 1)
        assert "call_id" not in caplog.text, "what was torn may be of a person"
        assert journal.append(note("next")) > kept
        assert texts(journal) == ["kept", "next"]
        journal.close()


def test_a_damaged_line_in_the_middle_is_logged_and_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal.open(tmp_path)
    for text in ("before", "damaged", "after"):
        journal.append(note(text))
    journal.close()
    segment = tmp_path / "2026-11-22.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b'"text":"damaged"', b'"text":\x00\x00\x00\x00'))
    journal = Journal.open(tmp_path)
    assert texts(journal) == ["before", "after"]
    assert "is no event and is skipped" in caplog.text
    assert journal.status()["unreadable"] == 1
    journal.close()


def test_tickets_are_numbered_without_gaps_also_after_a_restart(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    for count in range(1, 4):
        number = journal.next_ticket_number(DAY)
        assert number == f"20261122-{count:04d}"
        journal.append(arrived(f"c{count}", number))
    unused = journal.next_ticket_number(DAY)
    journal.close()
    journal = Journal.open(tmp_path)
    assert journal.next_ticket_number(DAY) == unused == "20261122-0004"
    assert journal.next_ticket_number(DAY + timedelta(days=1)) == "20261123-0001"
    journal.note_ticket("20261122-10000")
    journal.note_ticket("20261122-0007")
    journal.note_ticket("nonsense")
    assert journal.next_ticket_number(DAY) == "20261122-10001"
    journal.close()


@pytest.mark.parametrize("taken", [0, 20, 1000])
def test_a_full_disk_leaves_no_half_line(tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(tmp_path, disk)
    journal.append(note("before"))
    disk.room = taken
    for cuts in (True, False):
        with monkeypatch.context() as patch:
            if not cuts:  # a disk that does not even shorten a file: what follows is written over the half line

                def refuse(fd: int, size: int) -> None:
                    raise OSError(errno.EIO, "Input/output error")

                patch.setattr(os, "ftruncate", refuse)
            with pytest.raises(JournalFailed, match="No space left"):
                journal.append(note("does not fit" * 100))
        assert texts(journal) == ["before"]
    disk.room = None
    journal.append(note("after"))
    assert texts(journal) == ["before", "after"]
    journal.close()
    again = Journal.open(tmp_path)
    assert texts(again) == ["before", "after"]
    again.close()


@pytest.mark.parametrize("refusals", [1, 2, 3])
def test_what_a_refused_sync_held_is_written_again_and_the_alarm_stays_until_then(
    tmp_path: Path, refusals: int, caplog: pytest.LogCaptureFixture
) -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(tmp_path, disk)
    disk.refuses = True
    for count in range(refusals):
        journal.append(note(f"refused {count}"))
        assert disk.refused(count + 1)
        journal.append(note(f"meanwhile {count}"))
    assert until(lambda: journal.status()["up"] is False)
    assert journal.status()["held_bytes"] != 0
    disk.refuses = False
    journal.append(note("after"))
    assert until(lambda: journal.status()["failure"] is None and journal.status()["held_bytes"] == 0)
    segment = tmp_path / "2026-11-22.jsonl"
    assert bytes(disk.durable[segment.stat().st_ino]) == segment.read_bytes()
    assert len(texts(journal)) == 2 * refusals + 1
    told = [record.__dict__["action"] for record in caplog.records]
    assert told == ["journal_sync_failed", "journal_synced_again"]
    journal.close()


def test_a_refused_sync_is_tried_again_without_a_further_event(tmp_path: Path) -> None:
    disk = ForgetfulDisk()
    journal = Journal.open(tmp_path, disk)
    disk.refuses = True
    journal.append(note("the last one of the night"))
    assert disk.refused(2)
    disk.refuses = False
    assert until(lambda: journal.status()["up"] is True and journal.status()["held_bytes"] == 0)
    segment = tmp_path / "2026-11-22.jsonl"
    assert bytes(disk.durable[segment.stat().st_ino]) == segment.read_bytes()
    journal.close()


@pytest.mark.req("OPS-7")
def test_what_is_held_for_a_disk_that_refuses_to_sync_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past it the journal takes nothing more in; whoever writes keeps what comes after (`crm.use_cases.tickets`)."""
    monkeypatch.setattr(syncer, "MOST_HELD_BYTES", 20_000)
    disk = ForgetfulDisk()
    journal = Journal.open(tmp_path, disk)
    disk.refuses = True
    journal.append(note("the first one"))
    assert disk.refused(1) and until(lambda: journal.status()["failure"] is not None)
    written = 1
    with pytest.raises(JournalFailed):
        while written < 10_000:
            journal.append(note(f"{written}"))
            written += 1
    assert 20_000 <= sum(map(len, disk_lines(tmp_path))) < 21_000 and journal.status()["held_bytes"] != 0
    disk.refuses = False
    assert until(lambda: journal.status()["up"] is True and journal.status()["held_bytes"] == 0)
    journal.append(note("again"))
    assert len(texts(journal)) == written + 1
    journal.close()


def disk_lines(directory: Path) -> list[bytes]:
    return (directory / "2026-11-22.jsonl").read_bytes().splitlines(keepends=True)


def until(true: Callable[[], bool]) -> bool:
    """Waits for the thread that syncs; False when it takes too long."""
    end = time.monotonic() + 10.0
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.01)
    return False


def test_events_held_while_a_real_disk_is_full_are_written_when_it_has_room(tmp_path: Path) -> None:
    """On a file system of 256 kB of our own, in a namespace of our own: the kernel itself refuses."""
    mount = f"mount -t tmpfs -o size=256k none {tmp_path} && exec {sys.executable} -m tests.integration.store.full_disk"
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", f"{mount} {tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["full"] == {"on_disk": False, "unwritten": 3, "up": False}
    assert told["room"] == {"on_disk": True, "unwritten": 0, "up": True}
    assert told["read"] == ["CallArrived", "CallRang", "CallRang", "CallRang"]


def test_an_appended_event_is_on_the_disk_soon(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda fd: synced.set())
    journal.append(note("durable"))
    assert synced.wait(2.0)


def test_a_disk_that_refuses_to_sync_is_in_the_status(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = threading.Event()

    def refuse(fd: int) -> None:
        tried.set()
        raise OSError(errno.EIO, "Input/output error")

    assert journal.status()["up"] is True
    monkeypatch.setattr(os, "fdatasync", refuse)
    journal.append(note("not durable"))
    assert tried.wait(2.0)
    journal.close()
    assert journal.status()["up"] is False
    assert "refuses to sync" in caplog.text


async def test_followers_get_batches_as_they_come_until_the_close(journal: Journal) -> None:
    for number in range(BATCH + 1):
        journal.append(note(str(number)))
    batches = journal.follow(None)
    first, second = await anext(batches), await anext(batches)
    assert (len(first), len(second)) == (BATCH, 1)
    waiting = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    assert not waiting.done()
    thread = threading.Thread(target=journal.append, args=(note("from a thread"),))
    thread.start()
    got = await asyncio.wait_for(waiting, 2)
    thread.join()
    assert [event.text for _, event in got if isinstance(event, CallNoted)] == ["from a thread"]
    journal.append(note("last"))
    journal.close()
    assert [len(batch) async for batch in batches] == [1]


async def test_a_follower_begins_behind_its_position_and_passes_a_damaged_line_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal.open(tmp_path)
    first = journal.append(note("seen"))
    journal.append(note("damaged"))
    journal.close()
    segment = tmp_path / "2026-11-22.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b'"text":"damaged"', b'"text":\x00\x00\x00\x00'))
    journal = Journal.open(tmp_path)
    batches = journal.follow(first)
    waiting = asyncio.ensure_future(anext(batches))
    for text in ("new", "newer"):
        await asyncio.sleep(0)
        journal.append(note(text))
    seen = [event for _, event in await asyncio.wait_for(waiting, 2)]
    while len(seen) < 2:
        seen += [event for _, event in await asyncio.wait_for(anext(batches), 2)]
    assert [event.text for event in seen if isinstance(event, CallNoted)] == ["new", "newer"]
    assert caplog.text.count("is no event and is skipped") == 1
    journal.close()
    await batches.aclose()  # type: ignore[attr-defined]


def test_old_segments_go_only_when_the_store_has_them(journal: Journal) -> None:
    for day in range(10):
        journal.append(note(str(day), days=day))
    in_the_store = Position("2026-11-23", 10)
    assert journal.prune(in_the_store) == ["2026-11-22"]
    assert journal.prune(journal.end) == ["2026-11-23"]
    assert texts(journal) == [str(day) for day in range(2, 10)]
    assert journal.prune(journal.end) == []


def test_a_store_that_is_ahead_of_the_journal_reads_the_day_again(journal: Journal) -> None:
    first = journal.append(note("a"))
    last = journal.append(note("b"))
    assert journal.checked(None) is None
    assert journal.checked(first) == first
    assert journal.checked(last) == last
    assert journal.checked(Position(last.segment, last.offset + 1)) == Position(last.segment, 0)
    assert journal.checked(Position(last.segment, first.offset + 3)) == Position(last.segment, 0)
    assert journal.bytes_after(first) == last.offset - first.offset


@pytest.mark.parametrize("acknowledged", [1, 7, 40, 123, 500])
def test_a_writer_killed_in_the_middle_loses_nothing_it_acknowledged(tmp_path: Path, acknowledged: int) -> None:
    command = [sys.executable, "-m", "tests.integration.store.journal_writer", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().strip() for _ in range(acknowledged)]
        os.kill(writer.pid, signal.SIGKILL)
        told += [line.strip() for line in writer.stdout.read().split("\n")[:-1]]
    journal = Journal.open(tmp_path)
    written = [event.event_id for _, event in journal.read()]
    assert written[: len(told)] == told
    assert len(written) <= len(told) + 1
    assert journal.status()["unreadable"] == 0
    calls = sum(event_id.endswith(".arrived") for event_id in written)
    assert journal.next_ticket_number(date(2026, 11, 22)) == f"20261122-{calls + 1:04d}"
    journal.append(answered_call("afterwards", "20261122-9999")[0])
    journal.close()
