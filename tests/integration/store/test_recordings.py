"""Recordings: listening is logged, retention leaves a proof (TEL-10)."""

from datetime import timedelta

from crm.db.store import Store
from crm.journal.journal import Journal
from tests.fakes.call_story import INVITED, answered_call
from tests.integration.store.projecting import project_all


async def test_listening_is_on_the_timeline(journal: Journal, store: Store) -> None:
    for event in answered_call("c1", "20261122-0001"):
        journal.append(event)
    await project_all(journal, store)
    (recording,) = await store.recordings.expired(INVITED + timedelta(days=1))
    assert await store.recordings.get(recording.id) == recording
    await store.recordings.log_playback(recording.id, by="8801", at=INVITED + timedelta(hours=1))
    ticket = await store.tickets.get("20261122-0001")
    assert ticket is not None
    last = ticket.timeline[-1]
    assert (last.source, last.by, last.details) == ("playback", "8801", {"recording": recording.id})


async def test_what_retention_removes_is_named_once_and_stays_as_a_row(journal: Journal, store: Store) -> None:
    for day in range(3):
        for event in answered_call(f"c{day}", f"2026112{day}-0001", INVITED + timedelta(days=day)):
            journal.append(event)
    await project_all(journal, store)
    before = INVITED + timedelta(days=1, hours=12)
    expired = await store.recordings.expired(before)
    assert [each.file for each in expired] == ["c0.wav", "c1.wav"]
    at = INVITED + timedelta(days=200)
    await store.recordings.mark_deleted(expired[0].id, at)
    await store.recordings.mark_deleted(expired[0].id, at + timedelta(days=1))
    assert [each.file for each in await store.recordings.expired(before)] == ["c1.wav"]
    removed = await store.recordings.get(expired[0].id)
    assert removed is not None
    assert removed.deleted_at == at
    assert await store.recordings.get(99) is None
