"""What a new controller learns from the journal: the ground of every adoption."""

from datetime import UTC, datetime, timedelta

from config.ids import AgentId, CallId, ChannelId
from crm.calls.state import PartnerState
from crm.journal.events import (
    AgentAnswered,
    AgentMissed,
    AgentOffered,
    AgentStateChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallQueued,
    Event,
    TalkStarted,
)
from ivr.arrivals.history import recall

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CALL = CallId("call-1.0")


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def arrived(call: str = CALL, due_call: str | None = None) -> CallArrived:
    return CallArrived(
        at=START,
        call_id=call,
        ticket="20261122-0001",
        channel_id=call.removeprefix("call-"),
        direction="outbound" if due_call else "inbound",
        dnis="4008100002",
        ani="13800001111",
        caller_name="",
        line="hotline",
        due_call=due_call,
    )


def talk(second: float = 12, agent: str = "8001") -> TalkStarted:
    return TalkStarted(
        call_id=CALL,
        at=at(second),
        agent=agent,
        agent_channel_id=f"{CALL}.agent1.{agent}",
        bridge_id=f"{CALL}.bridge1",
        recording=None,
    )


def test_a_call_that_has_ended_is_seen_but_not_open() -> None:
    end = CallEnded(call_id=CALL, at=at(3), ended_by="caller", outcome="abandoned_menu")
    history = recall([arrived(), end])
    assert (len(history.calls), history.seen) == (0, {CALL})


def test_an_end_that_comes_before_its_arrival_still_ends_it() -> None:
    end = CallEnded(call_id=CALL, at=at(3), ended_by="caller", outcome="abandoned_menu")
    assert len(recall([end, arrived()]).calls) == 0


def test_a_waiting_call_keeps_its_queue_and_its_clock() -> None:
    events: list[Event] = [
        arrived(),
        CallAnswered(call_id=CALL, at=at(1), rings=1),
        CallQueued(call_id=CALL, at=at(7), queue="hotline"),
        AgentOffered(call_id=CALL, at=at(8), agent="8001", channel_id=f"{CALL}.agent1.8001"),
        AgentMissed(call_id=CALL, at=at(23), agent="8001", reason="rona"),
    ]
    state = recall(events).calls.get(CALL).state
    assert (state.answered, state.queue, state.queued_at) == (True, "hotline", at(7))
    assert (state.shown_to, state.legs, state.bridge_id) == (None, 1, None)


def test_a_talk_names_its_agent_leg_and_bridge() -> None:
    answered = AgentAnswered(call_id=CALL, at=at(10), agent="8001")
    queued = CallQueued(call_id=CALL, at=at(7), queue="hotline")
    state = recall([arrived(), queued, answered, talk()]).calls.get(CALL).state
    assert state.partner == PartnerState(agent=AgentId("8001"), channel_id=ChannelId(f"{CALL}.agent1.8001"))
    assert state.bridge_id == f"{CALL}.bridge1"


def test_events_of_an_unknown_call_are_no_call() -> None:
    assert len(recall([talk()]).calls) == 0


def test_a_due_call_is_known_by_its_number() -> None:
    assert recall([arrived("due-7-1", due_call="7")]).calls.get(CallId("due-7-1")).state.due_call == "7"


def test_the_last_state_of_each_agent_counts() -> None:
    states = ["available", "reserved", "not_ready"]
    events = [
        AgentStateChanged(at=at(n), agent="8001", state=state, reason=state if state == "not_ready" else None)
        for n, state in enumerate(states)
    ]
    last = recall(events).agents[AgentId("8001")]
    assert (last.state, last.reason) == ("not_ready", "not_ready")
