"""What a call's events come to, in whatever order they arrive (TKT-3, TEL-1, TEL-2)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.calls.record import customer_number, fold
from crm.journal.events import (
    AgentAnswered,
    AgentMissed,
    AgentOffered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallQueued,
    MessageLeft,
    SurveyAnswered,
    TalkStarted,
)
from tests.fakes.call_story import INVITED, abandoned_call, answered_call, arrived

pytestmark = pytest.mark.req("TKT-3")

STORY = [event for event in answered_call("c1", "20261122-0001") if isinstance(event, CallEvent)]


def test_a_call_with_all_its_instants() -> None:
    call = fold(STORY)
    assert call is not None
    seconds = {
        name: (getattr(call, name) - INVITED).total_seconds()
        for name in call.__struct_fields__
        if name.endswith("_at") and getattr(call, name) is not None
    }
    assert seconds == {
        "invited_at": 0,
        "ringing_at": 0,
        "answered_at": 1,
        "menu_at": 1,
        "chosen_at": 4,
        "queued_at": 4,
        "offered_at": 5,
        "agent_answered_at": 9,
        "talk_at": 11,
        "ended_at": 41,
    }
    assert (call.rings, call.keys, call.choice, call.queue, call.agent) == (1, "1", "queue:hotline", "hotline", "8001")
    assert (call.wait_s, call.speech_s, call.talk_s) == (5, 7, 30)
    assert (call.ended_by, call.outcome, call.ticket) == ("caller", "answered", "20261122-0001")


@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=5))
def test_order_and_doubling_do_not_matter(story: list[CallEvent], doubled: list[CallEvent]) -> None:
    assert fold([*story, *doubled]) == fold(STORY)


@pytest.mark.parametrize("length", range(1, len(STORY)))
def test_every_beginning_of_a_story_is_a_call(length: int) -> None:
    call = fold(STORY[:length])
    assert call is not None
    assert call.ended_at is None


def test_without_an_arrival_there_is_no_call() -> None:
    assert fold(STORY[1:]) is None


def test_an_abandoned_call_waited_until_its_end_and_had_no_agent() -> None:
    story = [event for event in abandoned_call("c1", "t", waited_s=30) if isinstance(event, CallEvent)]
    call = fold(story)
    assert call is not None
    assert (call.wait_s, call.speech_s, call.talk_s, call.agent) == (30, None, None, None)


def test_the_offer_shown_is_the_last_and_the_wait_goes_on_over_a_missed_one() -> None:
    def at(seconds: float) -> datetime:
        return INVITED + timedelta(seconds=seconds)

    call = fold(
        [
            arrived("c1", "t"),
            CallQueued(at=at(4), call_id="c1", queue="hotline"),
            AgentOffered(at=at(5), call_id="c1", agent="8001", channel_id="a"),
            AgentMissed(at=at(20), call_id="c1", agent="8001", reason="rona"),
            AgentOffered(at=at(21), call_id="c1", agent="8002", channel_id="b"),
            AgentAnswered(at=at(24), call_id="c1", agent="8002"),
        ]
    )
    assert call is not None
    assert (call.offered_at, call.agent, call.wait_s) == (INVITED + timedelta(seconds=21), "8002", 20)


def test_a_clock_set_back_makes_no_negative_wait() -> None:
    call = fold(
        [arrived("c1", "t"), CallEnded(at=INVITED, call_id="c1", ended_by="caller", outcome="abandoned_ringing")]
    )
    assert call is not None
    assert call.wait_s is None
    late = INVITED + timedelta(seconds=5)
    early = INVITED - timedelta(hours=1)
    queued = CallQueued(at=late, call_id="c1", queue="aid")
    call = fold([arrived("c1", "t"), queued, CallEnded(at=early, call_id="c1", ended_by="caller", outcome="x")])
    assert call is not None
    assert call.wait_s == 0


def test_the_customers_end_of_a_call() -> None:
    inbound = arrived("c1", "t", ani="13812345678")
    outbound = CallArrived(
        at=INVITED,
        call_id="c2",
        ticket="t",
        channel_id="x",
        direction="outbound",
        dnis="13900000000",
        ani="4008100002",
        caller_name="a\x00b",
        line="hotline",
    )
    first, second = fold([inbound]), fold([outbound])
    assert first is not None
    assert second is not None
    assert customer_number(first) == "13812345678"
    assert customer_number(second) == "13900000000"
    assert second.caller_name == "ab"


def test_a_message_found_after_the_end_was_left_all_the_same() -> None:
    end = CallEnded(at=INVITED + timedelta(seconds=12), call_id="c1", ended_by="caller", outcome="abandoned_message")
    left = MessageLeft(at=INVITED + timedelta(seconds=20), call_id="c1", file="c1.wav", duration_s=5.0)

    with_message, without = fold([arrived("c1", "t"), end, left]), fold([arrived("c1", "t"), end])

    assert with_message is not None and with_message.outcome == "message"
    assert without is not None and without.outcome == "abandoned_message"


def test_the_agent_of_a_call_is_the_last_who_talked_with_the_caller_not_who_was_consulted() -> None:
    story = list(STORY)
    consulted = AgentAnswered(at=story[-1].at - timedelta(seconds=5), call_id="c1", agent="8002")
    row = fold([*story, consulted])
    assert row and row.agent == "8001"
    taken = TalkStarted(
        at=story[-1].at - timedelta(seconds=1),
        call_id="c1",
        agent="8002",
        agent_channel_id="b",
        bridge_id="bridge-c1",
        recording="c1-2.wav",
    )
    row = fold([*story, consulted, taken])
    assert row and row.agent == "8002" and row.talk_at == story[8].at


def test_the_callers_answer_to_the_survey_is_on_the_call() -> None:
    story = list(STORY)
    answer = SurveyAnswered(at=story[-1].at, call_id="c1", agent="8001", queue="hotline", score=4)
    row = fold([*story, answer])
    assert row and row.satisfaction == 4
    row = fold(story)
    assert row and row.satisfaction is None
