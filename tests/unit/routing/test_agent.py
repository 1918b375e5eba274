"""The agent's state machine: the whole State × Event product, and that a refused event changes nothing."""

import itertools

import pytest

from routing.agent import BUSY, TRANSITIONS, WISHES, AgentEvent, AgentState, IllegalTransition, apply


@pytest.mark.parametrize(("state", "event"), list(itertools.product(AgentState, AgentEvent)))
def test_every_pair_is_in_the_table_or_refused_by_name(state: AgentState, event: AgentEvent) -> None:
    expected = TRANSITIONS[state].get(event)
    if expected is not None:
        assert apply(state, event) is expected
        return
    with pytest.raises(IllegalTransition, match=f"{state.value} cannot {event.value}") as refused:
        apply(state, event)
    assert (refused.value.state, refused.value.event) == (state, event)


def test_every_state_can_be_reached_and_left() -> None:
    reached = {target for events in TRANSITIONS.values() for target in events.values()}
    assert reached == set(AgentState)
    assert all(set(events.values()) - {state} for state, events in TRANSITIONS.items())


def test_only_an_available_agent_is_reserved() -> None:
    assert [state for state in AgentState if AgentEvent.RESERVE in TRANSITIONS[state]] == [AgentState.AVAILABLE]


def test_nobody_is_taken_out_of_a_call_by_a_wish() -> None:
    assert not [state for state in BUSY if WISHES & TRANSITIONS[state].keys()]
