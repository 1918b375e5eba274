"""A page that followed every message, one that lost its line, and one just opened show the same. CUS-2

The messages come from the desk's hub, as a random working day makes them; the pages' own fold (desk_state.ts) is run on
them by Node.js.
"""

import json
import random
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.web.wire.desk import DeskHub, DeskPage
from app.web.wire.desk_messages import CallStage, Hello
from app.web.wire.encoding import encode
from app.web.wire.shapes import AgentOut
from routing.agent import AgentState
from scripts.build_ui import UI
from tests.fakes.desk_messages import call_is, pop, ready

FOLD = Path(__file__).with_name("fold_desk.mjs")
FREE = (AgentState.AVAILABLE, AgentState.NOT_READY)


@dataclass
class Reading:
    """What a page has read. `confirms`: it says so, as pages do."""

    page: DeskPage
    agent: AgentOut
    messages: list[Any] = field(default_factory=list)
    seen: int = 0


class Day:
    """One agent's working day, told to a hub by the hand of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = datetime(2026, 11, 23, 1, tzinfo=UTC)
        self.hub = DeskHub(lambda: self.now)
        self.calls = 0
        self.state = AgentState.AVAILABLE
        self.call: str | None = None
        self.stage: CallStage | None = None
        self.talk_since: datetime | None = None

    def agent(self) -> AgentOut:
        return ready(state=self.state, call=self.call, since=self.now)

    def becomes(self, state: AgentState) -> None:
        self.state = state
        told = msgspec.structs.replace(ready(), state=state, call=self.call, since=self.now)
        self.hub.publish_state("8001", state, lambda: told)

    def goes_on(self, stage: CallStage) -> None:
        assert self.call
        self.stage = stage
        if stage == "talking":
            self.talk_since = self.talk_since or self.now
        told = call_is(stage, self.call, f"t-{self.call}", self.now, self.talk_since)
        self.talk_since = None if stage == "ended" else self.talk_since
        self.hub.publish("8001", told)

    def step(self) -> None:
        """Whatever may come next."""
        self.now += timedelta(seconds=1)
        match self.state:
            case AgentState.AVAILABLE | AgentState.NOT_READY if self.chance.random() < 0.3:
                self.becomes(self.chance.choice(FREE))
            case AgentState.AVAILABLE | AgentState.NOT_READY:
                self.calls += 1
                self.call = f"c-{self.calls}"
                self.becomes(AgentState.RINGING)
                card = pop(self.call, f"t-{self.call}")
                first = self.chance.random() < 0.5
                if first:
                    self.hub.publish("8001", card)
                self.goes_on("ringing")
                if not first or self.chance.random() < 0.2:  # the card comes later, perhaps once more
                    self.hub.publish("8001", card)
            case AgentState.RINGING if self.chance.random() < 0.2:
                self.goes_on("ended")
                self.call = None
                self.becomes(AgentState.NOT_READY)
            case AgentState.RINGING:
                self.goes_on("talking")
                self.becomes(AgentState.TALKING)
            case AgentState.TALKING if self.chance.random() < 0.5:
                self.goes_on("hold" if self.stage == "talking" else "talking")
            case AgentState.TALKING:
                self.goes_on("ended")
                self.becomes(AgentState.WRAP_UP)
            case _:
                self.call = None
                self.becomes(self.chance.choice(FREE))


def read(day: Day, reading: Reading) -> None:
    for message in reading.page.take():
        reading.messages.append(msgspec.json.decode(message.text))
        reading.seen = message.seq
        day.hub.ack("8001", message.seq)


def hello(day: Day, after: int | None) -> Any:
    gap = day.hub.has_gap("8001", after)
    assert not gap
    return msgspec.json.decode(encode(Hello(agent="8001", gap=gap, state=day.agent())))


def fold(runs: list[dict[str, Any]]) -> list[Any]:
    done = subprocess.run(
        ["node", str(FOLD), str(UI)], input=json.dumps(runs), capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


def told(agent: AgentOut, messages: list[Any]) -> dict[str, Any]:
    return {"agent": msgspec.json.decode(encode(agent)), "messages": list(messages)}


@pytest.mark.parametrize("seed", range(5))
def test_whoever_followed_lost_the_line_or_just_came_sees_the_same(seed: int) -> None:
    day, runs = Day(seed), []
    with day.hub.open("8001", None) as always, day.hub.open("8001", None) as first:
        steady, loose = Reading(always, day.agent()), Reading(first, day.agent())
        steady.messages.append(hello(day, None))
        loose.messages.append(hello(day, None))
        for _ in range(120):
            day.step()
            read(day, steady)
            if day.chance.random() < 0.3:  # the loose page was away; it comes back after what it saw last
                with day.hub.open("8001", loose.seen or None) as again:
                    loose.page = again
                    loose.messages.append(hello(day, loose.seen or None))
                    read(day, loose)
                with day.hub.open("8001", None) as page:
                    fresh = Reading(page, day.agent(), [hello(day, None)])
                    fresh.messages += [msgspec.json.decode(each.text) for each in page.take()]
                runs += [told(one.agent, one.messages) for one in (steady, loose, fresh)]
    states = fold(runs)
    assert len(states) > 60
    for place in range(0, len(states), 3):
        followed, came_back, new = (_without_since(state) for state in states[place : place + 3])
        assert differences(followed, came_back) == differences(followed, new) == {}


def differences(one: Any, other: Any) -> dict[str, Any]:
    """Which fields of two states differ, and how."""
    whole = [{"agent": state["agent"], **(state["current"] or {"call": None})} for state in (one, other)]
    return {
        name: (whole[0].get(name), whole[1].get(name))
        for name in {*whole[0], *whole[1]}
        if whole[0].get(name) != whole[1].get(name)
    }


def _without_since(state: Any) -> Any:
    """The hello says since when as of now."""
    return {**state, "agent": {**state["agent"], "since": None}}
