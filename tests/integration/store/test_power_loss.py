"""What somebody was told is done survives a power failure at any moment, on a disk that keeps only what was synced.
TKT-1, ACC-5"""

import random
import sqlite3
from pathlib import Path

import pytest

from crm.db.store import Store
from crm.journal.events import TicketOpened
from crm.journal.journal import Journal
from tests.integration.store import acknowledging
from tests.integration.store.power import Disk, Event, traced

CUTS = 24
"""Moments at which the power fails, besides the very last: half of them leave some of what was not synced."""


def found(image: Path) -> set[str]:
    """All that the program speaks of and that is there after the failure."""
    journal = Journal.open(image / "journal")
    there = {f"ticket {event.ticket}" for _, event in journal.read() if isinstance(event, TicketOpened)}
    journal.close()
    with sqlite3.connect(image / "store.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        forms = store.execute("SELECT number, matter FROM ticket WHERE matter LIKE 'form %'")
        there |= {f"form {number} {matter.removeprefix('form ')}" for number, matter in forms}
        there |= {f"due {each}" for (each,) in store.execute("SELECT id FROM due_call")}
        looked = store.execute("SELECT subject FROM audit WHERE action = 'looked'")
        there |= {f"audit {subject.removeprefix('ticket ')}" for (subject,) in looked}
    store.close()
    return there


@pytest.mark.slow
@pytest.mark.req("TKT-1", "ACC-5")
async def test_what_was_acknowledged_is_there_after_a_power_failure_at_any_moment(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    await (await Store.open(f"sqlite+aiosqlite:///{root / 'store.db'}")).close()
    disk, lot = Disk.of(root), random.Random(11)
    events = list(traced(acknowledging, root, tmp_path / "strace"))
    said = [place for place, event in enumerate(events) if event.kind == "said"]
    assert len(said) == 4 * acknowledging.ROUNDS
    cuts = {*lot.sample(said[:-1], CUTS), said[-1]}
    told, checked = set[str](), 0
    for place, event in enumerate(events):
        disk.see(event)
        if event.kind == "said":
            told |= set(event.data.decode().splitlines())
        if place in cuts:
            image = tmp_path / f"image-{place}"
            disk.image(image, lot if checked % 2 else None)
            assert told <= found(image), f"lost at event {place}: {sorted(told - found(image))}"
            checked += 1
    assert checked == CUTS + 1


def test_a_sync_takes_nothing_from_another_files_that_is_under_way(tmp_path: Path) -> None:
    """Nor the other way round: what was written before a sync of its file began is there when that has ended."""
    disk, one, other = Disk(tmp_path), str(tmp_path / "one"), str(tmp_path / "other")
    for at, (kind, path, number, data) in enumerate(
        [
            ("created", one, 0, b""),
            ("created", other, 0, b""),
            ("write", one, 0, b"first"),
            ("write", other, 0, b"second"),
            ("begin sync", one, 1, b""),
            ("begin sync", other, 2, b""),
            ("end sync", other, 2, b""),
            ("end sync", one, 1, b""),
        ]
    ):
        disk.see(Event(at, kind, path, number, data))
    assert [bytes(disk.files[each].durable) for each in (one, other)] == [b"first", b"second"]
