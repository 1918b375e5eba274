"""What the journal tells a new controller (rules): open calls, agents, closed queues. Events in, facts out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from config.ids import AgentId, CallId, QueueName
from crm.calls.open_calls import OpenCalls
from crm.journal.events import (
    AgentStateChanged,
    BookingAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    DialLimitNear,
    Event,
    NumberDialled,
    PlaceHandedOn,
    QueueClosed,
    QueueOpened,
    VisitRated,
)


@dataclass
class History:
    """Open calls, each agent's last state, and which calls have been seen at all."""

    calls: OpenCalls = field(default_factory=OpenCalls)
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
    dialled: list[Event] = field(default_factory=list)
    """What the count of outbound calls is made of: the events of calls in which a number outside was dialled."""


def recall(events: Iterable[Event]) -> History:
    """Fold the journal. An end that stands before its arrival ends the call all the same."""
    history = History()
    ended, dialling = set[str](), set[str]()
    for event in events:
        if isinstance(event, NumberDialled):
            dialling.add(event.call_id)
        if isinstance(event, DialLimitNear) or (isinstance(event, CallEvent) and event.call_id in dialling):
            history.dialled.append(event)
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
            case PlaceHandedOn(due_call=due_call):
                history.kept_places.add(due_call)
            case BookingAnswered() | VisitRated():
                if (call := history.calls.of(event.call_id)) and call.due_call:
                    history.said[call.due_call] = event.answer if isinstance(event, BookingAnswered) else "rate"
            case CallEnded(call_id=call_id):
                ended.add(call_id)
            case _:
                pass
        history.calls.fold(event)
        history.calls.forget_ended(event)
    return history
