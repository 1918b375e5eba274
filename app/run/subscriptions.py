"""Who hears of which event, in this order: the one table of all subscriptions. Nobody else subscribes."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from app.process.bus import Bus
from app.run.desk import Desk
from crm.journal.events import (
    AgentAnswered,
    AgentLeft,
    AgentMissed,
    AgentOffered,
    AgentStateChanged,
    AnyEvent,
    CallAdopted,
    CallEnded,
    CallHeld,
    CallMoved,
    CallOverflowed,
    CallQueued,
    CallResumed,
    ConferenceStarted,
    Event,
    RecordingPaused,
    RecordingResumed,
    SupervisorJoined,
    TalkStarted,
    ThirdJoined,
    ThirdLeft,
    TransferAsked,
    TransferFailed,
)

Hear = Callable[[Any], None]


def table(desk: Desk) -> Mapping[type[Event], tuple[Hear, ...]]:
    """By event: who hears of it, after the figures, which hear of every event."""
    missed, pace, news = desk.missed, desk.pace, desk.news
    return {
        CallQueued: (pace.queued,),
        CallMoved: (pace.moved,),
        CallOverflowed: (pace.overflowed,),
        CallAdopted: (news.adopted,),
        AgentOffered: (news.offered,),
        AgentMissed: (missed.missed, news.missed),
        AgentAnswered: (pace.answered, news.answered),
        TalkStarted: (news.talk_started,),
        CallHeld: (news.talk_changed,),
        CallResumed: (news.talk_changed,),
        TransferAsked: (news.talk_changed,),
        TransferFailed: (news.talk_changed,),
        ThirdJoined: (news.talk_changed,),
        ThirdLeft: (news.talk_changed,),
        ConferenceStarted: (news.talk_changed,),
        RecordingPaused: (news.talk_changed,),
        RecordingResumed: (news.talk_changed,),
        SupervisorJoined: (news.supervisor_joined,),
        AgentLeft: (news.agent_left,),
        CallEnded: (pace.ended, news.ended),
        AgentStateChanged: (pace.agent_changed, news.agent_state),
    }


def wire_subscriptions(bus: Bus, desk: Desk) -> None:
    """Once, when everything is wired and nothing runs yet."""
    for kind in get_args(AnyEvent):
        bus.subscribe(kind, desk.figures.hear)
    for kind, hearers in table(desk).items():
        for hear in hearers:
            bus.subscribe(kind, hear)
