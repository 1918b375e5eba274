"""What a call's events come to: one CallRow. Rules only; the projector stores the result. TKT-3, TEL-1, TEL-2.

Events may come late, twice or out of order (replays after an outage), so the row is always made from all of them.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from crm.journal.events import (
    AgentAnswered,
    AgentOffered,
    CallAdopted,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallMoved,
    CallQueued,
    CallRang,
    MenuChosen,
    MenuEntered,
    MessageLeft,
    OutsideTalkStarted,
    SurveyAnswered,
    TalkStarted,
)
from crm.tickets.call_rows import CallRow

E = TypeVar("E", bound=CallEvent)
_instant = attrgetter("at")


class _Story(list[CallEvent]):
    """A call's events by time. Looked through once, not once for every kind: a busy hour folds thousands a second."""

    def __init__(self, events: Sequence[CallEvent]) -> None:
        super().__init__(sorted(events, key=_instant))
        self.last: dict[type[CallEvent], CallEvent] = {type(event): event for event in self}
        self.first: dict[type[CallEvent], CallEvent] = {type(event): event for event in reversed(self)}


def fold(events: Sequence[CallEvent]) -> CallRow | None:
    """The call as its events tell it, in whatever order they are given; None while its CallArrived is missing."""
    story = _Story(events)
    arrived = _first(story, CallArrived)
    if arrived is None:
        return None
    answered, chosen, ended = _first(story, CallAnswered), _last(story, MenuChosen), _first(story, CallEnded)
    talk_at, queued_at, ended_at = _talk_at(story), _at(_first(story, CallQueued)), _at(ended)
    agent_answered_at, survey = _at(_first(story, AgentAnswered)), _last(story, SurveyAnswered)
    return CallRow(
        call=arrived.call_id,
        ticket=arrived.ticket,
        direction=arrived.direction,
        line=arrived.line,
        dnis=_clean(arrived.dnis),
        ani=_clean(arrived.ani),
        caller_name=_clean(arrived.caller_name),
        due_call=arrived.due_call,
        queue=_queue(story),
        agent=_agent(story),
        invited_at=arrived.at,
        ringing_at=_at(_first(story, CallRang)),
        answered_at=_at(answered),
        rings=answered.rings if answered else None,
        menu_at=_at(_first(story, MenuEntered)),
        chosen_at=_at(chosen),
        keys=chosen.digits if chosen else None,
        choice=chosen.choice if chosen else None,
        queued_at=queued_at,
        offered_at=_at(_last(story, AgentOffered)),
        agent_answered_at=agent_answered_at,
        talk_at=talk_at,
        ended_at=ended_at,
        ended_by=ended.ended_by if ended else None,
        outcome=_outcome(story, ended),
        wait_s=_seconds(queued_at, agent_answered_at or talk_at or ended_at),
        speech_s=_seconds(queued_at or arrived.at, talk_at),
        talk_s=_seconds(talk_at, ended_at),
        satisfaction=survey.score if survey else None,
    )


def _outcome(story: _Story, ended: CallEnded | None) -> str | None:
    """As the end says; but a message that is found after the end was left all the same."""
    if ended and ended.outcome == "abandoned_message" and _first(story, MessageLeft):
        return "message"
    return ended.outcome if ended else None


def customer_number(call: CallRow) -> str:
    """The customer's end of a call: who rang us, or whom we rang."""
    return call.dnis if call.direction == "outbound" else call.ani


def _first(story: _Story, kind: type[E]) -> E | None:
    event = story.first.get(kind)
    return event if isinstance(event, kind) else None


def _last(story: _Story, kind: type[E]) -> E | None:
    event = story.last.get(kind)
    return event if isinstance(event, kind) else None


def _talk_at(story: _Story) -> datetime | None:
    """When the caller first talked with somebody, here or outside."""
    talks = (_first(story, TalkStarted), _first(story, OutsideTalkStarted))
    return min((talk.at for talk in talks if talk), default=None)


def _queue(story: _Story) -> str | None:
    """Where the call was queued or moved to last."""
    return next((event.queue for event in reversed(story) if isinstance(event, CallQueued | CallMoved)), None)


def _agent(story: _Story) -> str | None:
    """The last agent who talked with the caller, else who answered; others are on the timeline."""
    for event in reversed(story):
        if isinstance(event, TalkStarted | CallAdopted) and event.agent:
            return event.agent
    answered = _last(story, AgentAnswered)
    return answered.agent if answered else None


def _at(event: CallEvent | None) -> datetime | None:
    return event.at if event else None


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Never negative: a wall clock that was set back in between is no reason for a wait of minus an hour."""
    return None if start is None or end is None else max(0.0, (end - start).total_seconds())


def _clean(text: str) -> str:
    """NUL has no place in a text column, and none in a telephone number."""
    return text.replace("\x00", "")
