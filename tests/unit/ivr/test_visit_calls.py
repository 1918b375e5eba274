"""The calls about a booking: what is said, and that an answer counts whatever happens after it. BKG-3, BKG-4."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, cast

import pytest

from crm.bookings.model import Booking
from crm.db.followups.due_calls import DueCallTable
from crm.followups.model import DueCall, DueCallKind, DueCallState, Outcome
from crm.journal.events import BookingAnswered, CallbackOwed, CallEnded, VisitRated
from ivr.arrivals.history import recall
from ivr.outbound.accepts import Accepts
from ivr.outbound.attempt import Attempt
from ivr.outbound.flow import make_attempt
from ivr.outbound.visit_calls import VisitCall, reminder_words
from tests.fakes.call_centre import ANN, STAYS, CallCentre, call_centre, in_virtual_time
from tests.fakes.channel import FakeChannel
from tests.unit.crm.test_bookings import ZONE, booking

NUMBER = "13812345678"
MENU = ["reminder-menu", "reminder-menu-cancel"]


class PatientTable:
    """The store takes everything."""

    async def dialling(self, *about: Any, **more: Any) -> None: ...

    async def talking(self, *about: Any) -> None: ...


def due_call(centre: CallCentre) -> DueCall:
    absent = ("customer_id", "owner", "lease_until", "channel_id", "accepted_by", "accepted_at", "outcome")
    more: dict[str, Any] = dict.fromkeys((*absent, "created_by", "closed_at", "closed_by"))
    now = centre.telephony.now()
    return DueCall(
        id=5,
        kind=DueCallKind.REMINDER,
        state=DueCallState.CLAIMED,
        number=NUMBER,
        number_key=NUMBER,
        due_at=now,
        ticket="20261122-0001",
        queue="hotline",
        note="",
        key="booking/7/reminder/1",
        attempts=1,
        fence=1,
        created_at=now,
        **more,
    )


Customer = Callable[[CallCentre, FakeChannel], Awaitable[None]]


def called(
    tmp_path: Path,
    does: Customer,
    purpose: Literal["reminder", "survey"] = "reminder",
    said: Outcome | None = None,
    agent: bool = False,
) -> tuple[CallCentre, FakeChannel, Outcome]:
    """The customer is rung and does this; what came of it."""
    found: list[tuple[CallCentre, FakeChannel, Outcome]] = []

    async def story() -> None:
        async with call_centre(tmp_path) as centre:
            centre.telephony.customers[NUMBER] = STAYS
            if agent:
                centre.available(ANN)
            at = centre.telephony.now() + timedelta(days=1)
            visit = VisitCall(booking(starts_at=at, ends_at=at + timedelta(hours=1)), purpose, "hotline", said)
            table = cast(DueCallTable, PatientTable())
            attempt = Attempt(centre.hotline, table, Accepts(), due_call(centre), None, visit)
            making = asyncio.create_task(make_attempt(attempt))
            await asyncio.sleep(1)
            channel = centre.telephony.channels[attempt.channel_id]
            await asyncio.sleep(STAYS.after_s)
            await does(centre, channel)
            found.append((centre, channel, await making))

    in_virtual_time(story())
    (once,) = found
    return once


def presses(key: str, and_leaves_after_s: float | None = None) -> Customer:
    async def does(centre: CallCentre, channel: FakeChannel) -> None:
        channel.press(key)
        await asyncio.sleep(1 if and_leaves_after_s is None else and_leaves_after_s)
        if and_leaves_after_s is not None:
            channel.leave()

    return does


@pytest.mark.req("BKG-3")
def test_the_day_the_time_and_the_party_are_said() -> None:
    one: Booking = booking(party=2)
    day_before = one.starts_at - timedelta(hours=18)
    words = reminder_words(one, ZONE, day_before)
    assert words == ("reminder-intro", "day-tomorrow", "time-am", "num-9", "unit-dian", "word-zheng",
                     "num-2-liang", "unit-wei", *MENU)  # fmt: skip
    earlier = reminder_words(one, ZONE, one.starts_at - timedelta(days=3))
    assert earlier[1:7] == ("num-10", "num-1", "unit-yue", "num-2", "num-10", "num-5")


@pytest.mark.req("BKG-3")
@pytest.mark.parametrize(
    ("key", "answer", "prompt", "outcome"),
    [
        ("1", "confirm", "reminder-confirmed", Outcome.CONFIRMED),
        ("3", "cancel", "reminder-cancelled", Outcome.CANCELLED),
    ],
)
def test_the_key_is_on_record_before_it_is_spoken_back(
    tmp_path: Path, key: str, answer: str, prompt: str, outcome: Outcome
) -> None:
    centre, channel, came = called(tmp_path, presses(key))
    (event,) = centre.events(BookingAnswered)
    assert (event.booking, event.answer, came) == (7, answer, outcome)
    assert channel.heard[-2:] == [prompt, "goodbye"]
    (end,) = centre.events(CallEnded)
    assert (end.outcome, end.ended_by) == (outcome.value, "system")


@pytest.mark.req("BKG-3")
@pytest.mark.parametrize("key", ["1", "3"])
def test_who_presses_and_hangs_up_was_reached(tmp_path: Path, key: str) -> None:
    centre, _, came = called(tmp_path, presses(key, and_leaves_after_s=0.01))
    assert came in (Outcome.CONFIRMED, Outcome.CANCELLED)
    (end,) = centre.events(CallEnded)
    assert end.ended_by == "caller"


@pytest.mark.req("BKG-3")
def test_a_change_leads_to_an_agent(tmp_path: Path) -> None:
    centre, channel, came = called(tmp_path, presses("2", and_leaves_after_s=20), agent=True)
    assert came is Outcome.CHANGED and "please-wait" in channel.heard
    (end,) = centre.events(CallEnded)
    assert end.outcome == "answered" and not centre.events(CallbackOwed)


@pytest.mark.req("BKG-3")
def test_who_wants_a_change_and_reaches_nobody_is_owed_a_call(tmp_path: Path) -> None:
    centre, _, came = called(tmp_path, presses("2", and_leaves_after_s=20))
    assert came is Outcome.CHANGED
    (owed,) = centre.events(CallbackOwed)
    assert (owed.number, owed.queue, owed.ticket) == (NUMBER, "hotline", "20261122-0001")
    assert "预约编号 7" in owed.note
    (end,) = centre.events(CallEnded)
    assert end.outcome == "abandoned_queue"


@pytest.mark.req("BKG-3")
def test_nobody_is_asked_again_who_has_answered_a_controller_that_died(tmp_path: Path) -> None:
    async def nothing(centre: CallCentre, channel: FakeChannel) -> None:
        await asyncio.sleep(2)

    centre, channel, came = called(tmp_path, nothing, said=Outcome.CANCELLED)
    assert came is Outcome.CANCELLED and not centre.events(BookingAnswered)
    assert channel.heard == ["reminder-cancelled", "goodbye"]


def test_the_journal_remembers_an_answer_after_the_call_has_ended(tmp_path: Path) -> None:
    centre, _, _ = called(tmp_path, presses("3"))
    history = recall(centre.told)
    assert history.said == {"5": "cancel"} and not history.calls


def test_silence_is_no_answer(tmp_path: Path) -> None:
    async def nothing(centre: CallCentre, channel: FakeChannel) -> None:
        await asyncio.sleep(60)

    centre, channel, came = called(tmp_path, nothing)
    assert came is Outcome.HUNG_UP and channel.heard.count("reminder-menu-cancel") == 3
    (end,) = centre.events(CallEnded)
    assert end.outcome == "no_answer_given"


@pytest.mark.req("BKG-4")
@pytest.mark.parametrize(("key", "outcome"), [("4", Outcome.RATED), ("9", Outcome.TALKED)])
def test_visitors_are_asked_how_it_was_and_at_most_twice(tmp_path: Path, key: str, outcome: Outcome) -> None:
    centre, channel, came = called(tmp_path, presses(key), purpose="survey")
    assert came is outcome
    assert [event.score for event in centre.events(VisitRated)] == ([4] if key == "4" else [])
    assert channel.heard[:2] == ["visit-thanks", "survey-ask"] and channel.heard.count("survey-ask") <= 2
    assert channel.heard[-1] == "goodbye"


@pytest.mark.req("BKG-4")
def test_a_visitor_who_hangs_up_is_not_called_again(tmp_path: Path) -> None:
    async def leaves(centre: CallCentre, channel: FakeChannel) -> None:
        channel.leave()

    centre, _, came = called(tmp_path, leaves, purpose="survey")
    assert came is Outcome.TALKED and not centre.events(VisitRated)
