"""Calls and agents' days as the figures see them, by hand and at random. Seconds count from nine in the morning."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from routing.statistics.figures import CallRecord, Handle, Offer

NINE = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai."""
QUEUES, AGENTS = ("aid", "hotline", "supervision"), ("8001", "8002", "8003")


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def menu_call(
    call: str,
    *,
    invited: float = 0,
    waited: float | None = 5,
    talked: float | None = 60,
    outcome: str = "answered",
    agent: str = "8001",
    **others: Any,
) -> CallRecord:
    """Answered by the system after 1 s, queued after 4 s; an agent answers `waited` s later and talks `talked` s.

    `talked` None: the caller gives up instead, after the same wait. `waited` None: still waiting.
    """
    queued = invited + 4
    over = None if waited is None else queued + waited
    told: dict[str, Any] = {
        "call_id": call,
        "invited_at": at(invited),
        "line": "hotline",
        "level": "hall",
        "queue": "hotline",
        "answered_at": at(invited + 1),
        "rings": 1,
        "queued_at": at(queued),
    }
    if over is not None and talked is not None:
        told |= {
            "agent": agent,
            "agent_answered_at": at(over),
            "talk_at": at(over + 2),
            "ended_at": at(over + 2 + talked),
            "outcome": outcome,
        }
    elif over is not None:
        told |= {"ended_at": at(over), "outcome": "abandoned_queue" if outcome == "answered" else outcome}
    return CallRecord(**told | others)


@st.composite
def calls(draw: st.DrawFn) -> CallRecord:
    """Any call there may be, over two days."""
    seconds = st.integers(0, 900_000_000)
    moment = NINE + timedelta(seconds=draw(st.integers(0, 172_800)))
    steps = sorted(draw(st.lists(seconds, min_size=5, max_size=5)))
    answered, queued, agent_answered, talk, ended = (moment + timedelta(microseconds=step) for step in steps)
    reached = draw(st.integers(0, 5))
    agent = draw(st.sampled_from(AGENTS))
    missed = st.sampled_from([None, "rona", "rejected", "busy", "unreachable", "caller_hung_up"])
    times = st.integers(0, 10**9).map(lambda us: timedelta(microseconds=us))
    return CallRecord(
        call_id=str(draw(st.uuids())),
        invited_at=moment,
        line=draw(st.sampled_from(QUEUES)),
        level=draw(st.sampled_from(("hall", "province"))),
        queue=draw(st.sampled_from(QUEUES)) if reached >= 2 else None,
        agent=agent if reached >= 3 else None,
        answered_at=answered if reached >= 1 else None,
        rings=1 + (answered - moment) // timedelta(seconds=5) if reached >= 1 else None,
        queued_at=queued if reached >= 2 else None,
        agent_answered_at=agent_answered if reached >= 3 else None,
        talk_at=talk if reached >= 4 else None,
        ended_at=ended if reached >= 5 or draw(st.booleans()) else None,
        outcome=draw(st.sampled_from(["answered", "abandoned_queue", "abandoned_menu", "message", None])),
        satisfaction=draw(st.sampled_from([None, 1, 3, 4, 5])),
        offers=tuple(draw(st.lists(st.builds(Offer, agent=st.sampled_from(AGENTS), missed=missed), max_size=3))),
        handles=tuple(
            Handle(agent=each, talk=draw(times), hold=draw(times), wrap_up=draw(times))
            for each in draw(st.sets(st.sampled_from(AGENTS), max_size=2))
        ),
    )
