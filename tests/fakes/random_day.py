"""Two days of a hotline at random, as the journal would have them: calls of every kind, agents who work them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from config.schema import Level, Line, Site
from crm.journal.events import (
    AgentAnswered,
    AgentMissed,
    AgentOffered,
    AgentStateChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallQueued,
    Event,
    MessageLeft,
    TalkStarted,
)
from tests.fakes.small_site import small_site

START = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
"""09:00 of the day before in Shanghai."""
AGENTS = ("8001", "8002", "8003")
MISSED = ("rona", "rejected", "busy", "unreachable", "caller_hung_up")


def two_level_site() -> Site:
    """The small site with a province above it, which has a supervision line."""
    site = small_site()
    (hotline,) = site.lines
    return site.model_copy(
        update={
            "levels": (*site.levels, Level(id="province", title="省", title_en="Province")),
            "lines": (
                hotline,
                hotline.model_copy(update={"dnis": "4008100003", "kind": "supervision", "level": "province"}),
            ),
        }
    )


class RandomDay:
    """Calls one after another until `hours` are over, then in the order in which things happened."""

    def __init__(self, seed: int, hours: float = 30, calls_per_hour: float = 6) -> None:
        self._dice = random.Random(seed)
        self._events: list[Event] = []
        self._free_at = dict.fromkeys(AGENTS, 0.0)
        for agent in AGENTS:
            self._state(0.0, agent, "available")
        seconds, number = 0.0, 0
        while (seconds := seconds + self._dice.expovariate(calls_per_hour / 3600)) < hours * 3600:
            number += 1
            self._call(number, seconds)
            if self._dice.random() < 0.1:
                self._pause(seconds)

    def __iter__(self) -> Iterator[Event]:
        return iter(sorted(self._events, key=lambda event: event.at))

    def _call(self, number: int, seconds: float) -> None:
        call, dice = f"c{number}", self._dice
        line: Line = dice.choice(two_level_site().lines)
        direction = "inbound" if dice.random() < 0.9 else "outbound"
        arrived = {"ticket": f"20261121-{number:04}", "channel_id": f"ch-{call}", "direction": direction}
        self._tell(
            CallArrived, seconds, call, dnis=line.dnis, ani="13812345678", caller_name="", line=line.kind, **arrived
        )
        people_first = dice.random() < 0.3
        if not people_first:
            self._tell(CallAnswered, seconds + 1, call, rings=dice.choice((1, 1, 2, 4)))
        if dice.random() < 0.1:
            return self._end(seconds + 3, call, "abandoned_menu")
        queued = seconds + (0.1 if people_first else 4)
        self._tell(CallQueued, queued, call, queue=dice.choice(("hotline", "aid")))
        if dice.random() < 0.2:
            self._tell(CallQueued, queued + 20, call, queue="supervision")  # overflow
            queued += 20
        fate = dice.random()
        if fate < 0.15:
            return self._end(queued + dice.uniform(0, 40), call, "abandoned_queue")
        if fate < 0.25:
            over = queued + 60
            self._end(over, call, "abandoned_message")
            if dice.random() < 0.5:
                self._tell(MessageLeft, over + dice.choice((1, 5000)), call, file=f"{call}.wav", duration_s=5.0)
            return None
        if fate < 0.28:
            return None  # nobody knows how it ended
        return self._connect(call, queued, people_first)

    def _connect(self, call: str, queued: float, people_first: bool) -> None:
        dice = self._dice
        agent = dice.choice(AGENTS)
        at = max(queued + dice.uniform(0.1, 20), self._free_at[agent])
        if dice.random() < 0.2:
            reason = dice.choice(MISSED)
            self._tell(AgentOffered, at, call, agent=agent, channel_id="leg")
            self._state(at, agent, "reserved", call_id=call)
            self._tell(AgentMissed, at + 15, call, agent=agent, reason=reason)
            self._state(at + 15, agent, "not_ready", reason=reason)
            self._state(at + 16, agent, "available")
            at += 20
        self._tell(AgentOffered, at, call, agent=agent, channel_id="leg")
        self._state(at, agent, "reserved", call_id=call)
        self._state(at + 0.2, agent, "ringing", call_id=call)
        self._tell(AgentAnswered, at + 3, call, agent=agent)
        self._state(at + 3, agent, "talking", call_id=call)
        if people_first:
            self._tell(CallAnswered, at + 3.1, call, rings=1)
        legs = {"agent_channel_id": "leg", "bridge_id": "b", "recording": None}
        self._tell(TalkStarted, at + 5, call, agent=agent, **legs)
        over = at + 5 + dice.uniform(5, 400)
        if dice.random() < 0.3:
            self._state(at + 6, agent, "hold", call_id=call)
            self._state(at + 8, agent, "talking", call_id=call)
        if dice.random() < 0.2:  # a controller died and another one took over
            self._state(over - 1, agent, "available")
            self._state(over - 0.9, agent, "talking", call_id=call)
        self._end(over, call, "answered")
        wrap_up = dice.uniform(1, 120)
        self._state(over, agent, "wrap_up", call_id=call if dice.random() < 0.5 else None)
        self._state(over + wrap_up, agent, "available")
        self._free_at[agent] = over + wrap_up + 1

    def _pause(self, seconds: float) -> None:
        agent = self._dice.choice(AGENTS)
        at = max(seconds, self._free_at[agent])
        self._state(at, agent, "not_ready", reason="meal")
        self._state(at + 900, agent, "available")
        self._free_at[agent] = at + 901

    def _end(self, seconds: float, call: str, outcome: str) -> None:
        self._tell(CallEnded, seconds, call, ended_by="caller", outcome=outcome)

    def _state(self, seconds: float, agent: str, state: str, **others: Any) -> None:
        at = START + timedelta(seconds=seconds)
        self._events.append(AgentStateChanged(at=at, agent=agent, state=state, **others))

    def _tell(self, kind: Any, seconds: float, call: str, **fields: Any) -> None:
        self._events.append(kind(at=START + timedelta(seconds=seconds), call_id=call, **fields))
