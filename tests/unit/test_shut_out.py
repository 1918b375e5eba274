"""Who has lost all rights takes no more calls: a talk goes on to its end, then nobody signs that agent in. ACC-2."""

import pytest

from app.live.acd_view import LiveAcd
from app.live.missed_offers import MissedOffers
from crm.calls.open_calls import OpenCalls
from crm.errors import NotLikeThis
from routing.agent import AgentState
from tests.fakes.acd_view import FakeAcd
from tests.fakes.floor import FakeFloor
from tests.fakes.small_site import small_site
from tests.unit.routing.test_acd import ANN, BOB, CAT, START, World
from tests.unit.routing.test_acd import world as world

pytestmark = pytest.mark.req("ACC-2")


@pytest.fixture
def live(world: World) -> LiveAcd:
    return LiveAcd(
        world.acd,
        OpenCalls(),
        MissedOffers(small_site().zone, world.clock.now),
        FakeFloor(FakeAcd(small_site(), START), START),
    )


def test_who_is_free_is_signed_off_at_once_and_stays_so_until_let_in(world: World, live: LiveAcd) -> None:
    world.available(ANN, BOB)
    live.shut_out(ANN, by="8901")
    assert world.state(ANN) is AgentState.LOGGED_OUT and live.agent(ANN).by == "8901"
    for state in ("available", "not_ready"):
        with pytest.raises(NotLikeThis):
            live.set_state(ANN, state, None, by="8801")  # type: ignore[arg-type]
    assert live.set_state(ANN, "logged_out", None).state is AgentState.LOGGED_OUT
    assert world.state(BOB) is AgentState.AVAILABLE
    live.let_in(ANN)
    assert live.set_state(ANN, "available", None).state is AgentState.AVAILABLE


async def test_a_talk_goes_on_and_the_sign_off_comes_after_it(world: World, live: LiveAcd) -> None:
    world.available(ANN)
    with world.enqueue("a") as place:
        (reservation,) = await place.reserved()
        world.acd.ringing(reservation)
        world.acd.answered(reservation)
        live.shut_out(ANN, by="8901")
        assert world.state(ANN) is AgentState.TALKING and live.agent(ANN).wish == "logged_out"
        with pytest.raises(NotLikeThis):
            live.set_state(ANN, "available", None)
        world.acd.talk_ended(reservation)
    world.clock.advance(30)
    assert world.state(ANN) is AgentState.LOGGED_OUT


def test_nothing_is_told_of_who_is_signed_off_or_takes_no_calls(world: World, live: LiveAcd) -> None:
    before = len(world.heard)
    live.shut_out(CAT, by=None)
    live.shut_out("li.na", by=None)  # type: ignore[arg-type]
    assert len(world.heard) == before
