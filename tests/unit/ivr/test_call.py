"""The steps of a call as a table, rings as TEL-1 counts them, and ids that name their call."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from config.ids import AgentId, BridgeId, CallId, ChannelId, TicketNumber
from config.schema import Line
from ivr.call import ABANDONED, TRANSITIONS, Call, IllegalStep, Step, call_id_of, owner_of, ring_number
from ivr.telephony import Channel

INVITE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def call_at(step: Step) -> Call:
    nothing = cast(object, None)
    return Call(
        id=CallId("call-1.0"),
        channel=cast(Channel, nothing),
        ticket=TicketNumber("20261122-0001"),
        line=cast(Line, nothing),
        ani="13800001111",
        invited_at=INVITE,
        step=step,
    )


@pytest.mark.parametrize(("before", "after"), list(itertools.product(Step, Step)))
def test_every_step_follows_the_table_or_is_refused_unchanged(before: Step, after: Step) -> None:
    call = call_at(before)
    if after is before or after in TRANSITIONS[before]:
        call.enter(after)
        assert call.step is after
    else:
        with pytest.raises(IllegalStep, match=f"from {before.value} to {after.value}"):
            call.enter(after)
        assert call.step is before


def test_a_caller_can_leave_in_every_step_and_each_has_its_name() -> None:
    assert all(Step.ENDED in TRANSITIONS[step] for step in Step if step is not Step.ENDED)
    assert set(ABANDONED) == set(Step) - {Step.ENDED}


@pytest.mark.req("TEL-1")
@pytest.mark.parametrize(
    ("seconds", "ring"), [(0.0, 1), (0.2, 1), (4.999, 1), (5.0, 2), (9.999, 2), (10.0, 3), (14.999, 3), (15.0, 4)]
)
def test_rings_are_counted_from_the_invite(seconds: float, ring: int) -> None:
    assert ring_number(INVITE, INVITE + timedelta(seconds=seconds), 5.0) == ring


def test_a_clock_that_steps_back_is_still_ring_one() -> None:
    assert ring_number(INVITE, INVITE - timedelta(seconds=1), 5.0) == 1


def test_legs_and_bridges_name_their_call() -> None:
    call = call_at(Step.QUEUED)
    legs = [call.next_agent_leg(AgentId("8001")), call.next_agent_leg(AgentId("8001"))]
    assert len(set(legs)) == 2
    assert {owner_of(leg) for leg in legs} == {call.id}
    assert owner_of(BridgeId(f"{call.id}.bridge0a1b2c3d")) == call.id
    assert owner_of(ChannelId("due-7-1.customer")) == "due-7-1"
    assert owner_of(ChannelId("1763774591.12")) == ""
    assert call_id_of(ChannelId("1763774591.12")) == call_id_of(ChannelId("1763774591.12"))
