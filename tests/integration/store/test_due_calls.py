"""The due-call table: every call once, whoever dies (D6, FUP-6)."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm.customers.model import Customer, CustomerNumber
from crm.db.store import Store
from crm.errors import ClaimLost, IllegalTransition, UnknownRecord
from crm.followups.model import DueCall, DueCallKind, DueCallState, Outcome, channel_id
from crm.journal.journal import Journal
from tests.fakes.call_story import INVITED, arrived
from tests.integration.harness.api import until
from tests.integration.store.hand_clock import HandClock
from tests.integration.store.projecting import project_all

TICKET = "20261122-0001"


async def schedule(store: Store, key: str, due_at: datetime, number: str = "13812345678") -> DueCall:
    return await store.due_calls.schedule(
        kind=DueCallKind.CALLBACK,
        number=number,
        due_at=due_at,
        ticket=TICKET,
        queue="hotline",
        note="询问门票",
        key=key,
        by="8001",
    )


@pytest.fixture
def now() -> datetime:
    """The real time: PostgreSQL judges leases by its own clock."""
    return datetime.now(UTC)


async def claim_one(store: Store, now: datetime, owner: str = "a", lease_s: float = 60) -> DueCall:
    (claim,) = await store.due_calls.claim(owner, now=now, lease_s=lease_s, limit=10)
    return claim


async def test_the_same_key_again_is_the_same_call(store: Store, now: datetime) -> None:
    first = await schedule(store, "k", now)
    again = await schedule(store, "k", now + timedelta(hours=1), "13900000000")
    assert again == first
    assert (first.state, first.number_key, first.attempts, first.created_by) == ("scheduled", "13812345678", 0, "8001")
    assert len((await store.due_calls.list()).items) == 1
    with pytest.raises(ValueError, match="nobody can be rung"):
        await schedule(store, "other", now, "anonymous")


async def test_the_customer_is_known_by_the_number(store: Store, now: datetime) -> None:
    card = Customer(name="王芳", numbers=(CustomerNumber(raw="13812345678"),))
    saved = await store.customers.save(card)
    assert (await schedule(store, "k", now, "+86 138 1234 5678")).customer_id == saved.id


async def test_only_what_is_due_is_claimed_earliest_first(store: Store, now: datetime) -> None:
    await schedule(store, "later", now + timedelta(seconds=1), "13900000003")
    await schedule(store, "second", now, "13900000002")
    await schedule(store, "first", now - timedelta(hours=1), "13900000001")
    claims = await store.due_calls.claim("a", now=now, lease_s=60, limit=10)
    assert [claim.key for claim in claims] == ["first", "second"]
    assert [(claim.state, claim.attempts, claim.fence, claim.owner, claim.resume) for claim in claims] == [
        ("claimed", 1, 1, "a", False)
    ] * 2
    assert await store.due_calls.claim("b", now=now, lease_s=60, limit=10) == []
    assert await store.due_calls.claim("b", now=now + timedelta(seconds=1), lease_s=60, limit=0) == []


async def test_one_number_is_never_dialled_twice_at_once(store: Store, now: datetime) -> None:
    for key, number in (("a", "13812345678"), ("b", "+8613812345678"), ("c", "0086 138 1234 5678")):
        await schedule(store, key, now, number)
    first = await claim_one(store, now)
    assert first.key == "a"
    assert await store.due_calls.claim("b", now=now, lease_s=60, limit=10) == []
    await store.due_calls.dialling(first, channel_id(first.id, 1))
    await store.due_calls.finish(first, Outcome.TALKED, now)
    assert (await claim_one(store, now, "b")).key == "b"


async def test_every_attempt_is_kept_and_shown_on_the_ticket(journal: Journal, store: Store, now: datetime) -> None:
    journal.append(arrived("c1", TICKET, INVITED))
    await project_all(journal, store)
    await schedule(store, "k", now)
    first = await claim_one(store, now)
    await store.due_calls.dialling(first, channel_id(first.id, 1), agent="8001", call_id="out1")
    await store.due_calls.retry(first, Outcome.BUSY, now + timedelta(hours=2), at=now)
    waiting = await store.due_calls.get(first.id)
    assert waiting is not None
    assert (waiting.state, waiting.outcome, waiting.owner, waiting.attempts) == ("scheduled", "busy", None, 1)
    assert await store.due_calls.claim("a", now=now + timedelta(hours=1), lease_s=60, limit=10) == []
    second = await claim_one(store, now + timedelta(hours=2))
    await store.due_calls.dialling(second, channel_id(second.id, 2))
    await store.due_calls.talking(second)
    await store.due_calls.finish(second, Outcome.TALKED, now + timedelta(hours=3), call_id="out2")
    attempts = await store.due_calls.attempts(first.id)
    assert [(each.attempt, each.channel_id, each.outcome, each.agent, each.call) for each in attempts] == [
        (1, f"due-{first.id}-1", "busy", "8001", "out1"),
        (2, f"due-{first.id}-2", "talked", None, "out2"),
    ]
    ticket = await store.tickets.get(TICKET)
    assert ticket is not None
    told = [(entry.source, entry.action, entry.details.get("outcome")) for entry in ticket.timeline]
    assert ("due_call", "scheduled", None) in told
    assert [each for each in told if each[0] == "attempt"] == [
        ("attempt", "callback", "busy"),
        ("attempt", "callback", "talked"),
    ]
    done = await store.due_calls.get(first.id)
    assert done is not None
    assert (done.state, done.closed_at) == ("done", now + timedelta(hours=3))


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.DO_NOT_CALL])
async def test_who_was_not_reached_is_a_failed_call(store: Store, now: datetime, outcome: Outcome) -> None:
    await schedule(store, "k", now)
    claim = await claim_one(store, now)
    await store.due_calls.finish(claim, outcome, now)
    ended = await store.due_calls.get(claim.id)
    assert ended is not None
    assert (ended.state, ended.outcome) == ("failed", outcome.value)
    (attempt,) = await store.due_calls.attempts(claim.id)
    assert attempt.outcome == outcome.value


async def test_a_released_call_costs_no_attempt(store: Store, now: datetime) -> None:
    await schedule(store, "k", now)
    claim = await claim_one(store, now)
    await store.due_calls.dialling(claim, channel_id(claim.id, 1))
    await store.due_calls.release(claim, now + timedelta(minutes=1))
    assert await store.due_calls.attempts(claim.id) == ()
    again = await claim_one(store, now + timedelta(minutes=1))
    assert (again.attempts, again.fence, again.state, again.resume) == (1, 2, "claimed", False)


async def stale_claim(store: Store, now: datetime, *, dialled: bool) -> tuple[DueCall, datetime]:
    """A claim whose lease has run out, and an instant at which it has."""
    await schedule(store, "k", now)
    claim = await claim_one(store, now, "dead", lease_s=-1)
    if dialled:
        await store.due_calls.dialling(claim, channel_id(claim.id, claim.attempts))
    return claim, now + timedelta(seconds=2)


async def test_a_stale_claim_goes_to_another_as_the_same_attempt_and_the_old_one_is_fenced_off(
    store: Store, now: datetime
) -> None:
    old, later = await stale_claim(store, now, dialled=False)
    new = await claim_one(store, later, "b")
    assert (new.attempts, new.fence, new.owner, new.resume) == (old.attempts, old.fence + 1, "b", False)
    for step in (
        store.due_calls.dialling(old, "due-x"),
        store.due_calls.talking(old),
        store.due_calls.renew(old, later, 60),
        store.due_calls.finish(old, Outcome.TALKED, later),
        store.due_calls.retry(old, Outcome.BUSY, later),
        store.due_calls.release(old, later),
    ):
        with pytest.raises(ClaimLost):
            await step
    unchanged = await store.due_calls.get(old.id)
    assert unchanged is not None
    assert (unchanged.state, unchanged.fence, unchanged.channel_id) == ("claimed", new.fence, None)


async def test_a_stale_dialling_is_resumed_on_the_same_channel(store: Store, now: datetime) -> None:
    old, later = await stale_claim(store, now, dialled=True)
    new = await claim_one(store, later, "b")
    assert (new.state, new.resume, new.channel_id) == ("dialling", True, channel_id(old.id, old.attempts))
    assert channel_id(new.id, new.attempts) == new.channel_id
    await store.due_calls.dialling(new, new.channel_id or "")
    await store.due_calls.finish(new, Outcome.TALKED, later)
    assert len(await store.due_calls.attempts(new.id)) == 1


async def test_a_worker_does_not_take_over_what_it_still_has_in_hand(store: Store, now: datetime) -> None:
    old, later = await stale_claim(store, now, dialled=True)
    assert await store.due_calls.claim("dead", now=later, lease_s=60, limit=9, running={old.id}) == []
    await store.due_calls.finish(old, Outcome.TALKED, later)


async def test_a_renewed_claim_is_not_stale(store: Store, now: datetime) -> None:
    claim, later = await stale_claim(store, now, dialled=False)
    await store.due_calls.renew(claim, later, 60)
    assert await store.due_calls.claim("b", now=later, lease_s=60, limit=9) == []


async def test_a_step_the_table_does_not_have_is_no_lost_claim(store: Store, now: datetime) -> None:
    await schedule(store, "k", now)
    claim = await claim_one(store, now)
    with pytest.raises(IllegalTransition, match="answer is not possible in state claimed"):
        await store.due_calls.talking(claim)


async def test_cancelling_takes_the_claim_away_but_not_a_call_that_is_dialled(
    store: Store, now: datetime, clock: HandClock
) -> None:
    first = await schedule(store, "k1", now)
    cancelled = await store.due_calls.cancel(first.id, by="8002")
    assert (cancelled.state, cancelled.closed_by, cancelled.closed_at) == ("cancelled", "8002", clock.now)
    await schedule(store, "k2", now)
    claim = await claim_one(store, now)
    await store.due_calls.cancel(claim.id, by="8002")
    with pytest.raises(ClaimLost):
        await store.due_calls.dialling(claim, "due-x")
    await schedule(store, "k3", now)
    dialled = await claim_one(store, now)
    await store.due_calls.dialling(dialled, channel_id(dialled.id, 1))
    with pytest.raises(IllegalTransition):
        await store.due_calls.cancel(dialled.id, by="8002")
    with pytest.raises(UnknownRecord):
        await store.due_calls.cancel(999, by="8002")


async def test_the_first_agent_who_accepts_has_it(store: Store, now: datetime) -> None:
    waiting = await schedule(store, "k", now)
    with pytest.raises(IllegalTransition):
        await store.due_calls.accept(waiting.id, "8001")
    claim = await claim_one(store, now)
    results = await asyncio.gather(
        *(store.due_calls.accept(claim.id, agent) for agent in ("8001", "8002", "8003")), return_exceptions=True
    )
    (winner,) = [result for result in results if isinstance(result, DueCall)]
    assert winner.accepted_by is not None
    assert (await store.due_calls.accept(claim.id, winner.accepted_by)).accepted_by == winner.accepted_by
    await store.due_calls.release(claim, now)
    again = await claim_one(store, now)
    assert again.accepted_by is None
    with pytest.raises(UnknownRecord):
        await store.due_calls.accept(999, "8001")


async def test_the_list_has_filters_and_pages(store: Store, now: datetime) -> None:
    for each in range(5):
        await schedule(store, f"k{each}", now + timedelta(minutes=each // 2), f"1390000000{each}")
    first = await store.due_calls.list(limit=3)
    rest = await store.due_calls.list(limit=3, after=first.next)
    assert [row.key for row in (*first.items, *rest.items)] == [f"k{each}" for each in range(5)]
    assert rest.next is None
    assert len((await store.due_calls.list(state=DueCallState.SCHEDULED)).items) == 5
    assert (await store.due_calls.list(kind="reminder")).items == ()
    assert len((await store.due_calls.list(ticket=TICKET)).items) == 5


async def test_a_hundred_calls_three_workers_one_dies_each_call_is_dialled_once(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    dialled = tmp_path / "dialled"
    dialled.touch()
    due = datetime.now(UTC) - timedelta(minutes=1)
    for each in range(100):
        await schedule(store, f"k{each}", due, f"139{each:08d}")

    async def worker(owner: str, *more: str) -> asyncio.subprocess.Process:
        module = "tests.integration.store.due_worker"
        return await asyncio.create_subprocess_exec(sys.executable, "-m", module, store_url, owner, str(dialled), *more)

    async def begun() -> bool | None:
        return True if dialled.stat().st_size else None

    async with asyncio.timeout(90):
        workers = [await worker("a", "7")]
        await until(begun, 60.0, "the first call of the worker that dies: the others must not take its seventh")
        workers += [await worker("b"), await worker("c")]
        codes = [await each.wait() for each in workers]
    assert codes == [9, 0, 0]
    channels = dialled.read_text().split()
    assert len(channels) == len(set(channels)) == 100
    done = await store.due_calls.list(state=DueCallState.DONE, limit=200)
    assert {channel_id(row.id, row.attempts) for row in done.items} == set(channels)
    assert all(row.attempts == 1 for row in done.items)
    assert sum(row.fence > 1 for row in done.items) >= 1


async def kept(store: Store, number: str, key: str, since: datetime) -> DueCall | None:
    return await store.due_calls.keep_place(
        "one",
        number=number,
        ticket=TICKET,
        queue="hotline",
        queued_at=since,
        language="en",
        key=key,
        now=since,
        lease_s=10.0,
    )


async def test_a_kept_place_is_claimed_at_once_with_its_age(store: Store, now: datetime) -> None:
    due = await kept(store, "13800000001", "place:call-1", now)
    assert due is not None
    assert (due.kind, due.state) == (DueCallKind.QUEUE_CALLBACK, DueCallState.CLAIMED)
    assert (due.fence, due.attempts) == (1, 1)
    assert (due.queued_at, due.language, due.owner) == (now, "en", "one")
    assert await store.due_calls.claim("two", now=now, lease_s=10.0, limit=5) == []
    await store.due_calls.dialling(due, "channel")
    await store.due_calls.finish(due, Outcome.TALKED, now)


async def test_nobody_has_two_places_at_once(store: Store, now: datetime) -> None:
    """One call to a person at a time, whatever notation the number is in."""
    assert await kept(store, "13800000001", "place:call-1", now)
    assert await kept(store, "+8613800000001", "place:call-2", now) is None
    assert await kept(store, "13800000002", "place:call-3", now)


async def test_a_place_whose_controller_died_comes_back_with_the_same_age(store: Store, now: datetime) -> None:
    due = await kept(store, "13800000001", "place:call-1", now)
    assert due is not None
    await store.due_calls.inherit("one", now)
    (again,) = await store.due_calls.claim("one", now=now, lease_s=10.0, limit=0)
    assert (again.id, again.queued_at, again.fence, again.resume) == (due.id, now, 2, False)
