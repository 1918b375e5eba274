"""The state of a call as a product: every event in every state that a call can be in, and every step that follows."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest

from crm.calls.fold import after, arrived
from crm.calls.progress import ABANDONED, ALLOWED, Phase, next_of, outcome_of, phase_of
from crm.calls.state import CallState
from crm.journal.events import (
    AgentAnswered,
    AgentLeft,
    AgentMissed,
    AgentOffered,
    AnyEvent,
    BookingAnswered,
    CallAdopted,
    CallAnswered,
    CallArrived,
    CallbackOwed,
    CallEnded,
    CallEvent,
    CallHeld,
    CallMoved,
    CallNoted,
    CallOutcome,
    CallOverflowed,
    CallQueued,
    CallRang,
    CallResumed,
    CallRouted,
    CallTurnedAway,
    ConferenceStarted,
    DutyAccepted,
    DutyDeclined,
    DutyMissed,
    DutyRang,
    LanguageChosen,
    MenuChosen,
    MenuEntered,
    MessageLeft,
    NumberDialled,
    NumberRefused,
    OutsideAnswered,
    OutsideRang,
    OutsideTalkStarted,
    PlaceHandedOn,
    RecordingPaused,
    RecordingResumed,
    SupervisorJoined,
    SupervisorLeft,
    SurveyAnswered,
    TalkEnded,
    TalkStarted,
    ThirdJoined,
    ThirdLeft,
    TransferAsked,
    TransferFailed,
    VisitRated,
)
from crm.journal.steps import (
    CallStep,
    DialOut,
    Duty,
    EnterLine,
    Farewell,
    Greet,
    HandOver,
    HangUp,
    Menu,
    Message,
    PickUp,
    Say,
    SwitchLanguage,
    Talk,
    Wait,
    goal_of,
    name_of,
    step_named,
)

AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
THIS: dict[str, Any] = {"call_id": "call-1", "at": AT}
ANN, BEN, NUMBER = "8001", "8002", "13912345678"

INBOUND = CallArrived(
    **THIS,
    ticket="20261130-0001",
    channel_id="1",
    direction="inbound",
    dnis="4008100002",
    ani="13800138000",
    caller_name="",
    line="hotline",
    then=Menu("main"),
)
OUTBOUND = msgspec.structs.replace(INBOUND, direction="outbound", due_call="7", then=None, promised=True)
PICKED_UP = CallAnswered(**THIS, rings=1)
QUEUED = CallQueued(**THIS, queue="hotline")
OFFERED = AgentOffered(**THIS, agent=ANN, channel_id="call-1.agent1.8001")
ANSWERED = AgentAnswered(**THIS, agent=ANN)
TALKS = TalkStarted(**THIS, agent=ANN, agent_channel_id="call-1.agent1.8001", bridge_id="b", recording="r.wav")
CONSULTS = TransferAsked(**THIS, agent=ANN, mode="attended", kind="agent", to=BEN)
JOINED = ThirdJoined(**THIS, agent=ANN, third=BEN, number=None, channel_id="call-1.agent2.8002")
IN_TALK = (PICKED_UP, QUEUED, OFFERED, ANSWERED, TALKS)

EVENTS: tuple[CallEvent, ...] = (
    INBOUND,
    CallRang(**THIS),
    PICKED_UP,
    MenuEntered(**THIS, menu="other"),
    MenuChosen(**THIS, menu="main", digits="1", choice="queue:hotline"),
    MenuChosen(**THIS, menu="main", digits="9", choice="hangup", then=HangUp(("address",))),
    LanguageChosen(**THIS, language="en"),
    CallRouted(**THIS, then=Say(("sorry",), Message()), why="said"),
    CallRouted(**THIS, then=EnterLine("4008100003"), why="transferred", line="4008100003"),
    QUEUED,
    CallMoved(**THIS, queue="aid", from_queue="hotline", by="8801"),
    PlaceHandedOn(**THIS, due_call="7", queue="hotline"),
    CallOverflowed(**THIS, from_queue="hotline", to="queue:aid", why="after_s", waited_s=30.0),
    CallTurnedAway(**THIS, queue="hotline", then=Message()),
    OFFERED,
    AgentMissed(**THIS, agent=ANN, reason="rona"),
    ANSWERED,
    TALKS,
    SupervisorJoined(**THIS, supervisor="8801", mode="listen", agent=ANN, channel_id="s"),
    SupervisorLeft(**THIS, supervisor="8801", reason="stopped"),
    OutsideRang(**THIS, number=NUMBER, channel_id="call-1.outside1"),
    OutsideAnswered(**THIS, number=NUMBER),
    OutsideTalkStarted(**THIS, number=NUMBER, channel_id="call-1.outside1", bridge_id="b", recording=None),
    TalkEnded(**THIS, agent=ANN),
    CallHeld(**THIS, agent=ANN),
    CallResumed(**THIS, agent=ANN),
    CONSULTS,
    TransferAsked(**THIS, agent=ANN, mode="blind", kind="number", to=NUMBER),
    TransferFailed(**THIS, agent=ANN, reason="busy"),
    JOINED,
    ThirdLeft(**THIS, agent=ANN),
    ConferenceStarted(**THIS, agent=ANN),
    AgentLeft(**THIS, agent=ANN),
    RecordingPaused(**THIS, agent=ANN),
    RecordingResumed(**THIS, agent=ANN),
    SurveyAnswered(**THIS, agent=ANN, queue="hotline", score=5),
    MessageLeft(**THIS, file="m.wav", duration_s=3.0),
    DutyRang(**THIS, duty="night", person="王", number=NUMBER, channel_id="call-1.outside1"),
    DutyDeclined(**THIS, person="王", number=NUMBER, reason="no_answer"),
    DutyAccepted(**THIS, person="王", number=NUMBER),
    DutyMissed(**THIS, duty="night", title="夜间值班", reason="nobody_took_it", asked=1),
    CallbackOwed(**THIS, ticket="20261130-0001", number=NUMBER, queue="hotline", due_at=AT, note=""),
    BookingAnswered(**THIS, booking=1, starts_at=AT, answer="change"),
    VisitRated(**THIS, booking=1, score=4),
    CallNoted(**THIS, action="note", text="note"),
    NumberRefused(**THIS, number="110", reason="emergency"),
    NumberDialled(**THIS, number="13912345678", kind="mobile", purpose="transfer", channel_id="c-1.out1", by=ANN),
    CallAdopted(**THIS, agent=ANN),
    CallEnded(**THIS, ended_by="caller", outcome="answered"),
)

STORIES: dict[str, tuple[CallEvent, ...]] = {
    "arrived": (INBOUND,),
    "arrived at a line whose people answer": (msgspec.structs.replace(INBOUND, then=Wait("hotline", ringing=True)),),
    "of an older journal": (msgspec.structs.replace(INBOUND, then=None),),
    "rings in the queue": (msgspec.structs.replace(INBOUND, then=Wait("hotline", ringing=True)), QUEUED),
    "rings, and somebody is there": (
        msgspec.structs.replace(INBOUND, then=Wait("hotline", ringing=True)),
        QUEUED,
        ANSWERED,
    ),
    "answered": (INBOUND, PICKED_UP),
    "in a menu": (INBOUND, PICKED_UP, MenuEntered(**THIS, menu="main")),
    "waits": (INBOUND, PICKED_UP, QUEUED),
    "offered": (INBOUND, PICKED_UP, QUEUED, OFFERED),
    "an agent has answered": (INBOUND, *IN_TALK[:-1]),
    "talks": (INBOUND, *IN_TALK),
    "on hold": (INBOUND, *IN_TALK, CallHeld(**THIS, agent=ANN)),
    "consults": (INBOUND, *IN_TALK, CONSULTS),
    "consults, answered": (INBOUND, *IN_TALK, CONSULTS, AgentAnswered(**THIS, agent=BEN)),
    "in a conference": (INBOUND, *IN_TALK, CONSULTS, JOINED, ConferenceStarted(**THIS, agent=ANN)),
    "handed over": (INBOUND, *IN_TALK, TransferAsked(**THIS, agent=ANN, mode="blind", kind="agent", to=BEN)),
    "thanked": (INBOUND, *IN_TALK, TalkEnded(**THIS, agent=ANN, survey=True)),
    "on duty": (
        INBOUND,
        PICKED_UP,
        DutyRang(**THIS, duty="night", person="王", number=NUMBER, channel_id="call-1.outside1"),
    ),
    "leaves a message": (INBOUND, PICKED_UP, CallRouted(**THIS, then=Message(), why="wants_message")),
    "hears something": (INBOUND, PICKED_UP, CallRouted(**THIS, then=Say(("sorry",), Message()), why="said")),
    "chooses a language": (
        INBOUND,
        PICKED_UP,
        CallRouted(**THIS, then=SwitchLanguage("en", Wait("hotline")), why="said"),
    ),
    "keeps its place": (INBOUND, PICKED_UP, QUEUED, PlaceHandedOn(**THIS, due_call="7", queue="hotline")),
    "we call": (OUTBOUND,),
    "we call, answered": (OUTBOUND, PICKED_UP),
    "ended": (INBOUND, CallEnded(**THIS, ended_by="caller", outcome="abandoned_ringing")),
}


def told(events: tuple[CallEvent, ...]) -> CallState:
    first, *others = events
    assert isinstance(first, CallArrived)
    state = arrived(first)
    for event in others:
        state = after(state, event)
    return state


def named(value: object) -> str:
    return value if isinstance(value, str) else type(value).__name__


def test_the_product_is_full() -> None:
    kinds = {kind for kind in get_args(AnyEvent) if issubclass(kind, CallEvent)}
    assert {type(event) for event in EVENTS} == kinds
    found = {type(next_of(told(story))) for story in STORIES.values()} - {type(None)}
    assert found == set(get_args(CallStep)), "each step of the union is the next one in some story"


@pytest.mark.parametrize(("story", "event"), list(itertools.product(STORIES, EVENTS)), ids=named)
def test_no_event_in_any_state_leaves_a_call_without_a_next_step(story: str, event: CallEvent) -> None:
    state = after(told(STORIES[story]), event)
    step = next_of(state)
    assert (step is None) == state.ended == (phase_of(state) is Phase.ENDED)
    assert outcome_of(state) in get_args(CallOutcome)
    assert state.partner is None or step is None or isinstance(step, Talk | PickUp)
    again = msgspec.json.decode(msgspec.json.encode(state), type=CallState)
    assert again == state, "a state can be handed to another controller"


def test_what_has_ended_changes_no_more() -> None:
    ended = told(STORIES["ended"])
    assert all(after(ended, event) == ended for event in EVENTS)


def test_a_caller_can_leave_in_every_phase_and_each_has_its_name() -> None:
    assert all(Phase.ENDED in ALLOWED[phase] for phase in Phase if phase is not Phase.ENDED)
    assert set(ABANDONED) == set(Phase) - {Phase.ENDED}


@pytest.mark.parametrize(
    ("story", "step"),
    [
        ("arrived", Greet()),
        ("arrived at a line whose people answer", Wait("hotline", ringing=True)),
        ("of an older journal", EnterLine()),
        ("rings in the queue", Wait("hotline", ringing=True)),
        ("answered", Menu("main")),
        ("waits", Wait("hotline")),
        ("an agent has answered", Talk()),
        ("handed over", HandOver("agent", BEN, ANN)),
        ("thanked", Farewell(ANN, survey=True)),
        ("on duty", Duty("night")),
        ("keeps its place", HangUp(("callback-kept", "goodbye"))),
        ("we call", DialOut()),
        ("ended", None),
    ],
)
def test_what_comes_next(story: str, step: CallStep | None) -> None:
    assert next_of(told(STORIES[story])) == step


def test_a_caller_who_rings_is_picked_up_when_somebody_is_there_or_the_call_moves_on() -> None:
    rings = told(STORIES["rings in the queue"])
    assert next_of(after(rings, ANSWERED)) == PickUp()
    moved_on = CallOverflowed(**THIS, from_queue="hotline", to="menu:aid", why="closed", waited_s=12.0)
    assert next_of(after(rings, moved_on)) == PickUp()
    assert next_of(after(after(rings, moved_on), PICKED_UP)) == Menu("aid")


def test_an_agent_lost_before_the_talk_costs_the_caller_nothing() -> None:
    waits, answered = told(STORIES["waits"]), told(STORIES["an agent has answered"])
    lost = after(answered, AgentMissed(**THIS, agent=ANN, reason="left"))
    assert next_of(lost) == next_of(waits) and lost.queued_at == waits.queued_at


def test_who_has_talked_already_goes_before_those_who_have_not_waited_yet() -> None:
    talked = told(STORIES["talks"])
    again = after(after(talked, TransferAsked(**THIS, agent=ANN, mode="blind", kind="queue", to="aid")), QUEUED)
    assert again.promised and not told(STORIES["waits"]).promised
    assert told(STORIES["we call"]).promised


def test_the_turn_goes_by_the_first_arrival_along_the_whole_way() -> None:
    later = AT + timedelta(seconds=40)
    on_the_way = after(
        told(STORIES["waits"]), CallOverflowed(**THIS, from_queue="hotline", to="queue:aid", why="after_s", waited_s=40)
    )
    arrived_there = after(on_the_way, CallQueued(call_id="call-1", at=later, queue="aid"))
    assert (arrived_there.queued_at, arrived_there.here_since) == (AT, later)
    assert arrived_there.came_from == ("hotline",)


def test_a_colleague_who_had_answered_when_the_agent_left_has_the_caller() -> None:
    left = after(told(STORIES["consults, answered"]), AgentLeft(**THIS, agent=ANN))
    assert left.agent == BEN and next_of(left) == Talk()


def test_a_controller_that_takes_over_finds_nobody_who_was_not_connected() -> None:
    adopted = after(told(STORIES["an agent has answered"]), CallAdopted(**THIS, agent=None))
    assert next_of(adopted) == Wait("hotline") and adopted.shown_to is None
    assert after(told(STORIES["talks"]), CallAdopted(**THIS, agent=ANN)).agent == ANN


@pytest.mark.parametrize("step", [Wait("hotline"), Duty("night"), Menu("main"), Message(), HangUp()])
def test_the_name_of_a_place_leads_back_to_it(step: CallStep) -> None:
    assert step_named(name_of(Say(("words",), step))) == step == goal_of(SwitchLanguage("en", step))
