"""What the journal knows of open calls and of agents (rules): the ground on which a new controller takes over.

Events in, facts out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from config.ids import AgentId, BridgeId, CallId, ChannelId, QueueName, TicketNumber
from config.values.fields import Language
from crm.journal.events import (
    AgentAnswered,
    AgentLeft,
    AgentMissed,
    AgentOffered,
    AgentStateChanged,
    BookingAnswered,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallHeld,
    CallMoved,
    CallOverflowed,
    CallQueued,
    CallResumed,
    ConferenceStarted,
    DutyDeclined,
    DutyMissed,
    DutyRang,
    Event,
    LanguageChosen,
    OutsideTalkStarted,
    PlaceHandedOn,
    QueueClosed,
    QueueOpened,
    RecordingPaused,
    RecordingResumed,
    SupervisorJoined,
    SupervisorLeft,
    TalkStarted,
    ThirdJoined,
    ThirdLeft,
    TransferAsked,
    VisitRated,
)


@dataclass
class CallFacts:
    """An open call as the journal tells it."""

    call_id: CallId
    channel_id: ChannelId
    ticket: TicketNumber
    direction: Literal["inbound", "outbound", "agent"]
    dnis: str
    ani: str
    invited_at: datetime
    answered: bool = False
    language: Language = "zh"
    queue: QueueName | None = None
    queued_at: datetime | None = None
    here_since: datetime | None = None
    """When it came into this queue."""
    on_the_way: bool = False
    came_from: list[QueueName] = field(default_factory=list)
    """The queues that moved the caller on, in their order."""
    duty: str | None = None
    """The duty roster that was being rung."""
    duty_missed: bool = False
    """Nobody on duty took it: what is left is a message."""
    asked: set[str] = field(default_factory=set)
    """Numbers of people on duty who did not take it."""
    agent: AgentId | None = None
    """Who has answered, and has not left."""
    agent_channel_id: ChannelId | None = None
    bridge_id: BridgeId | None = None
    """The talk, while it lasts."""
    outside: str | None = None
    """The number outside that the caller talks with, instead of an agent."""
    talks: int = 0
    """How many parties the caller has talked with."""
    recording: str | None = None
    recording_paused: bool = False
    held: bool = False
    third: AgentId | None = None
    """An agent who is consulted, or in a conference."""
    third_number: str | None = None
    third_channel_id: ChannelId | None = None
    supervisor: AgentId | None = None
    """Who supervises the talk, and has not left."""
    offers: int = 0
    due_call: str | None = None
    place_handed_on: bool = False
    """The caller has been told to hang up: a callback has the place."""


@dataclass
class History:
    """Open calls, each agent's last state, and which calls have been seen at all."""

    calls: dict[CallId, CallFacts] = field(default_factory=dict)
    agents: dict[AgentId, AgentStateChanged] = field(default_factory=dict)
    closed: dict[QueueName, QueueClosed] = field(default_factory=dict)
    """Queues on hold."""
    kept_places: set[str] = field(default_factory=set)
    """Due calls that have a place in a queue and were not dialled yet."""
    said: dict[str, str] = field(default_factory=dict)
    """Due call → what the customer pressed in it (confirm, change, cancel, rate): also when the call is over."""
    seen: set[CallId] = field(default_factory=set)
    """Every call that is on record, ended or not."""
    leaving_message: set[CallId] = field(default_factory=set)
    """Calls whose caller Asterisk is recording by itself: they go on record when the message is finished."""


def recall(events: Iterable[Event]) -> History:
    """Fold the journal."""
    history = History()
    ended: set[str] = set()
    for event in events:
        match event:
            case AgentStateChanged(agent=agent):
                history.agents[AgentId(agent)] = event
            case QueueClosed(queue=queue):
                history.closed[QueueName(queue)] = event
            case QueueOpened(queue=queue):
                history.closed.pop(QueueName(queue), None)
            case CallArrived():
                history.seen.add(CallId(event.call_id))
                history.kept_places.discard(event.due_call or "")
                if event.call_id in ended:
                    continue
                history.calls[CallId(event.call_id)] = CallFacts(
                    call_id=CallId(event.call_id),
                    channel_id=ChannelId(event.channel_id),
                    ticket=TicketNumber(event.ticket),
                    direction=event.direction,
                    dnis=event.dnis,
                    ani=event.ani,
                    invited_at=event.at,
                    due_call=event.due_call,
                )
            case PlaceHandedOn(call_id=call_id, due_call=due_call):
                history.kept_places.add(due_call)
                if facts := history.calls.get(CallId(call_id)):
                    facts.place_handed_on = True
            case BookingAnswered() | VisitRated():
                if (facts := history.calls.get(CallId(event.call_id))) and facts.due_call:
                    history.said[facts.due_call] = event.answer if isinstance(event, BookingAnswered) else "rate"
            case CallEnded(call_id=call_id):
                ended.add(call_id)
                history.calls.pop(CallId(call_id), None)
            case _:
                if facts := history.calls.get(CallId(getattr(event, "call_id", ""))):
                    _learn(facts, event)
    return history


def _learn(facts: CallFacts, event: Event) -> None:
    match event:
        case CallAnswered():
            facts.answered = True
        case LanguageChosen(language=language):
            facts.language = language
        case CallQueued(queue=queue, at=at):
            facts.queue, facts.here_since = QueueName(queue), at
            facts.queued_at = facts.queued_at if facts.on_the_way and facts.queued_at else at
            facts.on_the_way, facts.duty = False, None
        case CallMoved(queue=queue, at=at):
            facts.queue, facts.here_since = QueueName(queue), at
        case CallOverflowed(from_queue=queue):
            facts.on_the_way = True
            if facts.came_from[-1:] != [queue]:  # a controller that died may have said so already
                facts.came_from.append(QueueName(queue))
        case SupervisorJoined(supervisor=supervisor, mode=mode):
            facts.supervisor = None if mode == "takeover" else AgentId(supervisor)
        case SupervisorLeft():
            facts.supervisor = None
        case DutyRang(duty=duty):
            facts.duty = duty
            facts.offers += 1  # ids of legs are counted on
        case DutyDeclined(number=number):
            facts.asked.add(number)
        case DutyMissed():
            facts.duty_missed = True
        case AgentOffered():
            facts.offers += 1
        # In a talk it is the one consulted who is missed; where all were rung, those who were not quick enough.
        case AgentMissed(agent=agent) if not facts.bridge_id and agent == facts.agent:
            facts.agent = None
        case AgentAnswered(agent=agent) if not facts.bridge_id:
            facts.agent = AgentId(agent)
        case TalkStarted():
            facts.agent, facts.outside = AgentId(event.agent), None
            _talks(facts, event.agent_channel_id, event.bridge_id, event.recording)
        case OutsideTalkStarted():
            facts.agent, facts.outside = None, event.number
            _talks(facts, event.channel_id, event.bridge_id, event.recording)
        case _:
            _learn_of_talk(facts, event)


def _talks(facts: CallFacts, channel_id: str, bridge_id: str, recording: str | None) -> None:
    """The caller talks with this party from now on; one who was consulted has taken over, or is out."""
    facts.agent_channel_id, facts.bridge_id = ChannelId(channel_id), BridgeId(bridge_id)
    facts.recording, facts.recording_paused = recording, False
    facts.talks += 1
    facts.held = False
    facts.third = facts.third_number = facts.third_channel_id = None


def _learn_of_talk(facts: CallFacts, event: Event) -> None:
    match event:
        case CallHeld():
            facts.held = True
        case CallResumed() | ConferenceStarted():
            facts.held = False
        case ThirdJoined():
            facts.third = AgentId(event.third) if event.third else None
            facts.third_number, facts.third_channel_id = event.number, ChannelId(event.channel_id)
        case ThirdLeft():
            facts.third = facts.third_number = facts.third_channel_id = None
        case TransferAsked(mode="attended", kind="number"):
            facts.offers += 1  # ids of legs are counted on
        case TransferAsked(mode="blind"):
            facts.offers += event.kind == "number"
            _left_alone(facts)
        case AgentLeft(agent=agent) if agent == facts.agent and not facts.third_channel_id:
            _left_alone(facts)
        case RecordingPaused():
            facts.recording_paused = True
        case RecordingResumed():
            facts.recording_paused = False
        case _:
            pass


def _left_alone(facts: CallFacts) -> None:
    """The agent has handed the caller on: until somebody else talks, the call waits for its queue again."""
    facts.agent = facts.agent_channel_id = facts.bridge_id = None
    facts.held = False
