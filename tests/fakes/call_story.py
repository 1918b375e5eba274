"""Calls as their events tell them, for tests of the journal and the store."""

from datetime import UTC, date, datetime, timedelta

from crm.journal.events import (
    AgentAnswered,
    AgentOffered,
    AnyEvent,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallQueued,
    CallRang,
    MenuChosen,
    MenuEntered,
    TalkStarted,
)

DAY = date(2026, 11, 22)
INVITED = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def arrived(call: str, ticket: str, at: datetime = INVITED, *, ani: str = "13812345678") -> CallArrived:
    return CallArrived(
        event_id=f"{call}.arrived",
        at=at,
        call_id=call,
        ticket=ticket,
        channel_id=f"channel-{call}",
        direction="inbound",
        dnis="4008100002",
        ani=ani,
        caller_name="",
        line="hotline",
    )


def answered_call(call: str, ticket: str, at: datetime = INVITED, *, ani: str = "13812345678") -> list[AnyEvent]:
    """Answered 1 s after the INVITE, key and queue at 4 s, offered 5, agent 8001 answers 9, talk 11, end 41."""

    def after(seconds: float) -> datetime:
        return at + timedelta(seconds=seconds)

    return [
        arrived(call, ticket, at, ani=ani),
        CallRang(at=after(0), call_id=call),
        CallAnswered(at=after(1), call_id=call, rings=1),
        MenuEntered(at=after(1), call_id=call, menu="main"),
        MenuChosen(at=after(4), call_id=call, menu="main", digits="1", choice="queue:hotline"),
        CallQueued(at=after(4), call_id=call, queue="hotline"),
        AgentOffered(at=after(5), call_id=call, agent="8001", channel_id=f"agent-{call}"),
        AgentAnswered(at=after(9), call_id=call, agent="8001"),
        TalkStarted(
            at=after(11),
            call_id=call,
            agent="8001",
            agent_channel_id=f"agent-{call}",
            bridge_id=f"bridge-{call}",
            recording=f"{call}.wav",
        ),
        CallEnded(at=after(41), call_id=call, ended_by="caller", outcome="answered"),
    ]


def abandoned_call(call: str, ticket: str, at: datetime = INVITED, *, waited_s: float = 30) -> list[AnyEvent]:
    """As far as the queue, entered at 4 s, where the caller gives up after `waited_s`."""
    story: list[AnyEvent] = list(answered_call(call, ticket, at)[:6])
    gone = at + timedelta(seconds=4 + waited_s)
    return [*story, CallEnded(at=gone, call_id=call, ended_by="caller", outcome="abandoned_queue")]
