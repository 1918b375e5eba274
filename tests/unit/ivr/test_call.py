"""Rings as TEL-1 counts them, and ids that name their call."""

from datetime import UTC, datetime, timedelta

import pytest

from config.ids import BridgeId, ChannelId
from ivr.live.call import call_id_of, owner_of, ring_number

INVITE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.req("TEL-1")
@pytest.mark.parametrize(
    ("seconds", "ring"), [(0.0, 1), (0.2, 1), (4.999, 1), (5.0, 2), (9.999, 2), (10.0, 3), (14.999, 3), (15.0, 4)]
)
def test_rings_are_counted_from_the_invite(seconds: float, ring: int) -> None:
    assert ring_number(INVITE, INVITE + timedelta(seconds=seconds), 5.0) == ring


def test_a_clock_that_steps_back_is_still_ring_one() -> None:
    assert ring_number(INVITE, INVITE - timedelta(seconds=1), 5.0) == 1


def test_legs_and_bridges_name_their_call() -> None:
    assert owner_of(ChannelId("call-1.0.agent2.8001")) == "call-1.0"
    assert owner_of(BridgeId("call-1.0.bridge0a1b2c3d")) == "call-1.0"
    assert owner_of(ChannelId("due-7-1.customer")) == "due-7-1"
    assert owner_of(ChannelId("1763774591.12")) == ""
    assert call_id_of(ChannelId("1763774591.12")) == call_id_of(ChannelId("1763774591.12"))
