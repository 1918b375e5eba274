"""The roster by itself: what was asked for and when it happens, wrap-up's clock, and the share of the shift worked."""

import pytest

from routing.agent import Agent, AgentEvent, AgentState, IllegalTransition
from routing.roster import Roster
from tests.unit.routing.test_acd import ANN, BOB, HOTLINE, Clock


class Office:
    def __init__(self) -> None:
        self.clock, self.told = Clock(), list[tuple[AgentState, AgentState]]()
        self.roster = Roster(
            {ANN: (HOTLINE,), BOB: (HOTLINE,)},
            now=self.clock.now,
            call_later=self.clock.call_later,
            changed=self._changed,
        )

    def _changed(self, before: Agent, after: Agent) -> None:
        self.told.append((before.state, after.state))

    def state(self) -> AgentState:
        return self.roster.get(ANN).state

    def talk(self, seconds: float, wrap_up_s: float) -> None:
        for event in (AgentEvent.RESERVE, AgentEvent.RING, AgentEvent.ANSWER):
            self.roster.change(ANN, event)
        self.clock.advance(seconds)
        self.roster.start_wrap_up(ANN, wrap_up_s)


@pytest.fixture
def office() -> Office:
    made = Office()
    made.roster.wish(ANN, AgentEvent.MAKE_AVAILABLE)
    return made


def test_wrap_up_is_extended_as_often_as_asked_for_and_ends_once(office: Office) -> None:
    office.talk(10, wrap_up_s=20)
    office.roster.extend_wrap_up(ANN, 30)
    office.clock.advance(25)
    assert office.state() is AgentState.WRAP_UP, "the first end has been called off"
    office.roster.extend_wrap_up(ANN, 10)
    office.clock.advance(34)
    assert office.state() is AgentState.WRAP_UP
    office.clock.advance(1)
    assert office.state() is AgentState.AVAILABLE
    assert office.told[-1] == (AgentState.WRAP_UP, AgentState.AVAILABLE)


def test_only_wrap_up_can_be_extended(office: Office) -> None:
    with pytest.raises(IllegalTransition):
        office.roster.extend_wrap_up(ANN, 30)


def test_an_extended_wrap_up_can_be_left_at_once(office: Office) -> None:
    office.talk(10, wrap_up_s=20)
    office.roster.extend_wrap_up(ANN, 300)
    office.roster.wish(ANN, AgentEvent.MAKE_NOT_READY, "meal")
    assert (office.state(), office.roster.get(ANN).reason) == (AgentState.NOT_READY, "meal")
    office.roster.wish(ANN, AgentEvent.MAKE_AVAILABLE)
    told = len(office.told)
    office.clock.advance(1_000)
    assert len(office.told) == told, "no late end of wrap-up"


def test_wrap_up_of_no_seconds_is_over_at_once_and_what_was_wished_for_comes(office: Office) -> None:
    for event in (AgentEvent.RESERVE, AgentEvent.ANSWER):
        office.roster.change(ANN, event)
    office.roster.wish(ANN, AgentEvent.LOG_OUT)
    office.roster.start_wrap_up(ANN, 0)
    assert office.state() is AgentState.LOGGED_OUT
    assert office.told[-2:] == [
        (AgentState.TALKING, AgentState.WRAP_UP),
        (AgentState.WRAP_UP, AgentState.LOGGED_OUT),
    ]


def test_occupancy_is_the_share_of_the_shift_spent_with_calls(office: Office) -> None:
    assert office.roster.occupancy(ANN) == 0.0, "a shift that has just begun"
    office.clock.advance(40)
    office.talk(30, wrap_up_s=10)
    assert office.roster.occupancy(ANN) == pytest.approx(30 / 70)
    office.clock.advance(10)
    assert office.roster.occupancy(ANN) == pytest.approx(40 / 80)
    office.roster.wish(ANN, AgentEvent.MAKE_NOT_READY, "meal")
    office.clock.advance(80)
    assert office.roster.occupancy(ANN) == pytest.approx(40 / 160), "a pause is part of the shift"
    office.roster.wish(ANN, AgentEvent.LOG_OUT)
    office.clock.advance(500)
    office.roster.wish(ANN, AgentEvent.MAKE_AVAILABLE)
    assert office.roster.occupancy(ANN) == 0.0, "another shift"


def test_an_agent_of_no_queue_is_unknown(office: Office) -> None:
    assert ANN in office.roster
    assert "9999" not in office.roster
    with pytest.raises(KeyError):
        office.roster.wish("9999", AgentEvent.MAKE_AVAILABLE)  # type: ignore[arg-type]
