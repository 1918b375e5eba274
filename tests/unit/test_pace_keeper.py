"""The pace of the queues, kept from events: handling to the end of wrap-up, waits to the agent or the giving up."""

from datetime import UTC, datetime, timedelta

import pytest

from app.live.pace_keeper import PaceKeeper
from config.ids import QueueName
from crm.journal.events import AgentAnswered, AgentStateChanged, CallEnded, CallMoved, CallOverflowed, CallQueued, Event
from routing.waiting.pace import PRESUMED_S, Pace

HOTLINE, AID = QueueName("hotline"), QueueName("aid")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def works(agent: str, call: str | None, *steps: tuple[float, str]) -> list[Event]:
    return [AgentStateChanged(at=at(second), agent=agent, state=state, call_id=call) for second, state in steps]


def a_call(name: str, queue: str, begins: float) -> list[Event]:
    """Waits 10 s, rings 5 s, is talked with for 100 s and wrapped up for 20 s."""
    steps = ((0, "reserved"), (1, "ringing"), (5, "talking"), (60, "hold"), (70, "talking"), (105, "wrap_up"))
    return [
        CallQueued(call_id=name, at=at(begins - 10), queue=queue),
        AgentAnswered(call_id=name, at=at(begins + 5), agent="8001"),
        *works("8001", name, *((begins + second, state) for second, state in steps)),
        *works("8001", None, (begins + 125, "available")),
        CallEnded(call_id=name, at=at(begins + 105), ended_by="caller", outcome="answered"),
    ]


def kept(events: list[Event], past: list[Event] | None = None) -> Pace:
    pace = Pace()
    keeper = PaceKeeper(pace, past or [])
    for event in sorted(events, key=lambda event: event.at):
        keeper.hear(event)
    return pace


def test_handling_is_from_the_reservation_to_the_end_of_wrap_up() -> None:
    events = [event for number in range(100) for event in a_call(f"c{number}", HOTLINE, 200.0 * number)]
    pace = kept(events)
    assert pace.mean_handling_s(HOTLINE) == pytest.approx(125.0, abs=5)
    assert pace.mean_handling_s(AID) == PRESUMED_S


def test_what_happened_before_the_restart_counts() -> None:
    events = [event for number in range(100) for event in a_call(f"c{number}", HOTLINE, 200.0 * number)]
    past = sorted(events, key=lambda event: event.at)
    assert kept([], past) == kept(events) == kept(past[300:], past[:300])


def test_a_missed_ring_is_no_handling() -> None:
    rings = works("8001", "c1", (0, "reserved"), (1, "ringing"))
    pace = kept([CallQueued(call_id="c1", at=at(0), queue=HOTLINE), *rings, *works("8001", None, (15, "not_ready"))])
    assert pace.mean_handling_s(HOTLINE) == PRESUMED_S


def test_patience_is_learnt_of_those_who_gave_up_and_of_those_who_did_not() -> None:
    events: list[Event] = []
    for number in range(6):
        name = f"c{number}"
        events.append(CallQueued(call_id=name, at=at(0), queue=HOTLINE))
        if number < 4:
            events.append(CallEnded(call_id=name, at=at(30), ended_by="caller", outcome="abandoned_queue"))
    events += [
        CallMoved(call_id="c4", at=at(20), queue=AID, from_queue=HOTLINE, by="8801"),
        CallEnded(call_id="c4", at=at(30), ended_by="caller", outcome="abandoned_queue"),
        CallOverflowed(call_id="c5", at=at(60), from_queue=HOTLINE, to="message", why="after_s", waited_s=60.0),
        CallEnded(call_id="c5", at=at(90), ended_by="caller", outcome="message"),
    ]
    pace = kept(events)
    assert pace.patience_s(HOTLINE) == pytest.approx((4 * 30 + 60) / 4, rel=0.01)
    assert pace.patience_s(AID) is None, "one who gave up says little"
