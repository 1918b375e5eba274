"""A journal of the version before this one is read: by controllers, figures and states; so are reasons nobody knows.

`old_journal` has every kind of event, and every reason, as that version wrote them; two calls are open at its end.
"""

import shutil
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import pytest

from app.figures.book import FigureBook
from config.ids import AgentId, QueueName
from crm.calls.fold import after, arrived
from crm.calls.progress import Phase, next_of, phase_of
from crm.calls.state import CallState
from crm.journal.decoding import decode_event
from crm.journal.events import (
    AgentMissed,
    AgentStateChanged,
    AnyEvent,
    CallArrived,
    CallEnded,
    CallEvent,
    CallRouted,
    CallTurnedAway,
    ClockStepped,
    DialLimitNear,
    Event,
    NumberDialled,
    NumberRefused,
    OutsideAnswered,
    OutsideRang,
    SupervisorLeft,
    TalkEnded,
)
from crm.journal.journal import Journal
from crm.journal.journal_files import read_events
from crm.journal.steps import Talk, Wait
from ivr.arrivals.history import recall
from routing.agent import AgentState
from tests.fakes.small_site import small_site

OLD: Final = Path(__file__).parent / "old_journal"
NEW_KINDS: Final = {
    *(CallRouted, CallTurnedAway, NumberRefused, OutsideAnswered, OutsideRang, TalkEnded),
    *(NumberDialled, DialLimitNear, ClockStepped),
}
"""What that version did not know."""


def told(directory: Path) -> list[AnyEvent]:
    """The old journal, opened as a controller does."""
    shutil.copytree(OLD, directory / "journal")
    journal = Journal.open(directory / "journal")
    try:
        events = [event for _, event in journal.read()]
        assert journal.status()["unreadable"] == 0
        return events
    finally:
        journal.close()


def states_of(events: list[AnyEvent]) -> dict[str, CallState]:
    """Every call's state after all its events."""
    states: dict[str, CallState] = {}
    for event in events:
        if isinstance(event, CallArrived):
            states[event.call_id] = arrived(event)
        elif isinstance(event, CallEvent):
            states[event.call_id] = after(states[event.call_id], event)
    return states


def test_every_event_of_the_version_before_is_read(tmp_path: Path) -> None:
    events = told(tmp_path)
    assert {type(event) for event in events} == set(get_args(AnyEvent)) - NEW_KINDS
    (lines,) = OLD.glob("*.jsonl")
    assert len(events) == len(lines.read_text(encoding="utf-8").splitlines())
    assert list(read_events(OLD)) == events


def test_every_call_of_it_comes_to_its_state(tmp_path: Path) -> None:
    events = told(tmp_path)
    ends = {event.call_id: event.outcome for event in events if isinstance(event, CallEnded)}
    states = states_of(events)
    still_open = {call_id for call_id, state in states.items() if not state.ended}
    assert still_open == {"call-waits", "call-talks"} == states.keys() - ends.keys()
    assert {phase_of(states[call_id]) for call_id in ends} == {Phase.ENDED}


def test_a_controller_of_this_version_goes_on_with_its_calls(tmp_path: Path) -> None:
    history = recall(told(tmp_path))
    waits, talks = history.calls.get("call-waits").state, history.calls.get("call-talks").state
    assert len(history.calls) == 2
    assert (next_of(waits), waits.queue, waits.legs) == (Wait("hotline"), "hotline", 1)
    assert (next_of(talks), talks.held, talks.partner and talks.partner.agent) == (Talk(), True, "8001")
    assert history.agents[AgentId("8001")].wish == "not_ready"
    assert {AgentState(last.state) for last in history.agents.values()} <= set(AgentState)
    assert history.closed[QueueName("aid")].reason == "会议"


def test_the_figures_of_its_day_are_counted(tmp_path: Path) -> None:
    events, book = told(tmp_path), FigureBook(small_site())
    for event in events:
        book.hear(event)
    noon = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
    day = book.day(noon, noon + timedelta(hours=1))
    inbound = [event for event in events if isinstance(event, CallArrived) and event.direction == "inbound"]
    assert day.board.total.offered == len(inbound)


def line(kind: str, **fields: str) -> bytes:
    told = {"type": kind, "at": "2026-11-28T01:00:00Z", "event_id": "e1"} | fields
    return str(told).replace("'", '"').encode()


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        (AgentMissed, {"call_id": "c", "agent": "8001", "reason": "beamed_up"}, "reason"),
        (SupervisorLeft, {"call_id": "c", "supervisor": "8801", "reason": "beamed_up"}, "reason"),
        (CallEnded, {"call_id": "c", "ended_by": "caller", "outcome": "beamed_up"}, "outcome"),
    ],
)
def test_an_unknown_reason_costs_nobody_the_event(kind: type[Event], fields: dict[str, str], reason: str) -> None:
    event = decode_event(line(kind.__name__, **fields))
    assert isinstance(event, kind) and event.event_id == "e1"
    assert getattr(event, reason) == "beamed_up"


def test_an_unknown_outcome_ends_the_call_all_the_same() -> None:
    (first,) = [event for event in read_events(OLD) if isinstance(event, CallArrived)][:1]
    ended = decode_event(line("CallEnded", call_id=first.call_id, ended_by="caller", outcome="beamed_up"))
    assert len(recall([first, ended]).calls) == 0
    book = FigureBook(small_site())
    for event in (first, ended):
        book.hear(event)
    assert book.day(first.at, first.at).board.total.offered == 1


def test_a_state_that_nothing_can_be_done_with_is_passed_over_and_counted(tmp_path: Path) -> None:
    (tmp_path / "2026-11-28.jsonl").write_bytes(
        line("AgentStateChanged", agent="8001", state="asleep") + b"\n" + line("CallRang", call_id="c") + b"\n"
    )
    journal = Journal.open(tmp_path)
    assert [type(event).__name__ for _, event in journal.read()] == ["CallRang"]
    assert journal.status()["unreadable"] == 1
    journal.close()


FREE_TEXT: Final = {("AgentStateChanged", "reason"), ("QueueClosed", "reason")}
"""A site's own reasons, and what a supervisor writes."""


def free(hint: Any) -> bool:
    return hint is str or str in get_args(hint)


def test_a_list_of_values_is_a_type_not_a_docstring() -> None:
    found = defaultdict(set)
    for kind in get_args(AnyEvent):
        for name, hint in get_type_hints(kind).items():
            if name in ("reason", "why", "outcome", "state", "wish", "mode", "kind", "answer") and free(hint):
                found[kind.__name__].add(name)
    assert {(kind, name) for kind, names in found.items() for name in names} == FREE_TEXT


def test_an_agent_s_states_in_the_journal_are_those_of_the_acd() -> None:
    names = get_args(get_type_hints(AgentStateChanged)["state"])
    assert list(names) == [state.value for state in AgentState]
