"""The text of an expected.txt: a call as a table that can be read, and reviewed in a diff. Random ids are left out.

Times are seconds after the INVITE. `caller` is the caller's leg, `call` the call, `call.agent1.8001` a leg to an agent.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from crm.calls.record import fold
from crm.journal.events import AgentStateChanged, AnyEvent, CallEvent, Event
from routing.acd import Acd
from tests.golden.stage import Clock
from tests.golden.trace import Message, without_random

UNTOLD = frozenset({"at", "event_id", "call", "call_id", "channel_id", "caller_name"})
"""Fields of journal events that a reader does not miss."""
HEARD = {
    "StasisStart": ("channel.id", "args"),
    "StasisEnd": ("channel.id",),
    "ChannelStateChange": ("channel.id", "channel.state"),
    "ChannelDestroyed": ("channel.id", "cause", "cause_txt"),
    "ChannelDtmfReceived": ("channel.id", "digit"),
    "PlaybackFinished": ("playback.id", "playback.state"),
    "RecordingFinished": ("recording.name", "recording.state"),
}
"""What is shown of Asterisk's events."""


class Table:
    """Rows in the order in which things happened, from the arrival of the call on."""

    def __init__(self, caller: Message, clock: Clock) -> None:
        """`caller`: the caller's channel."""
        self._caller = str(caller["id"])
        self._invited_at = datetime.fromisoformat(caller["creationtime"])
        self._clock = clock
        self._rows: list[str] = []
        self._arrived = False

    def heard(self, event: Message) -> None:
        """Asterisk has told something."""
        self._arrived = self._arrived or event["type"] == "StasisStart"
        facts = [_shown(_at_path(event, path)) for path in HEARD.get(event["type"], ())]
        self._row(self._clock(), "asterisk", " ".join([event["type"], *facts]))

    def commanded(self, command: Message, *, known: bool) -> None:
        """We have sent a command; `known`: the recording has it too."""
        query = [f"{pair['name']}={pair['value']}" for pair in command["query_strings"] or ()]
        strange = [] if known else ["(not in the recording)"]
        self._row(self._clock(), "command", " ".join([command["method"], command["uri"], *query, *strange]))

    def recorded(self, event: Event) -> None:
        """An event was written to the journal; its time is the one that it tells."""
        self._row(event.at, "journal", " ".join([type(event).__name__, *self._fields(event)]))

    def text(self, title: str, available: Sequence[str]) -> str:
        """The story."""
        head = [title, f"Available: {', '.join(available) or 'nobody'}.", "", f"{'time':>8}  from      what"]
        return "\n".join([*head, *self._rows]) + "\n"

    def ending(self, journal: Sequence[AnyEvent], acd: Acd, left: dict[str, object]) -> str:
        """What the call has come to, the agents who had to do with it, and what is `left` over."""
        call = fold([event for event in journal if isinstance(event, CallEvent)])
        assert call is not None, "no call has arrived"
        people = dict.fromkeys(event.agent for event in journal if isinstance(event, AgentStateChanged))
        met = [agent for agent in acd.agents() if agent.agent_id in people]
        states = [f"{agent.agent_id} {agent.state.value} {agent.reason or ''}".rstrip() for agent in met] or ["nobody"]
        facts = [f"  {fact}" for fact in self._fields(call)]
        over = [f"  {name}: {number}" for name, number in left.items()]
        return "\n".join(
            ["", "the call", *facts, "", "agents", *[f"  {state}" for state in states], "", "left", *over, ""]
        )

    def _row(self, at: datetime, source: str, what: str) -> None:
        if self._arrived:
            self._rows.append(f"{self._after_s(at):>8}  {source:<8}  {self._plain(what)}")

    def _fields(self, struct: msgspec.Struct) -> Iterator[str]:
        for name in struct.__struct_fields__:
            value = getattr(struct, name)
            if name not in UNTOLD and value not in (None, ""):
                yield f"{name}={self._plain(self._told(value))}"

    def _told(self, value: object) -> str:
        match value:
            case datetime():
                return self._after_s(value)
            case float():
                return f"{value:.3f}"
            case _:
                return str(value)

    def _after_s(self, at: datetime) -> str:
        return f"{(at - self._invited_at).total_seconds():.3f}"

    def _plain(self, text: str) -> str:
        named = text.replace(f"call-{self._caller}", "call").replace(self._caller, "caller")
        return without_random(named)


def _at_path(message: Message, path: str) -> Any:
    value: Any = message
    for name in path.split("."):
        value = value[name]
    return value


def _shown(value: object) -> str:
    return " ".join(str(item) for item in value) if isinstance(value, list) else str(value)
