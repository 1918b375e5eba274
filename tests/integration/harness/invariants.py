"""What must be true of a system at rest, and of what it wrote down, whatever happened before. Faults A4 #25."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from config.paths import DataDir
from crm.calls.open_calls import OpenCalls
from crm.calls.progress import ALLOWED, phase_of
from crm.journal.events import AnyEvent, CallArrived, CallEnded, CallEvent
from tests.integration.harness.api import Api, until
from tests.integration.harness.processes import console
from tests.integration.harness.running import RunningSystem

HELD = ("reserved", "ringing", "talking", "hold")


@dataclass(frozen=True)
class Left:
    """What of calls is still there."""

    channels: tuple[str, ...]
    bridges: tuple[str, ...]
    held_agents: tuple[str, ...]
    waiting: int
    served: int
    open: int
    """By the states that are folded from events, whoever serves them."""

    @property
    def nothing(self) -> bool:
        return not (self.channels or self.bridges or self.held_agents or self.waiting or self.served or self.open)


async def what_is_left(data: DataDir, api: Api) -> Left:
    """Channels and bridges by Asterisk's own word; agents, waiting calls and call tasks by the controller's."""
    channels = (await console(data, "core show channels concise")).splitlines()
    bridges = (await console(data, "bridge show all")).splitlines()[1:]
    agents = (await api.get("/api/agents"))["items"]
    queues = (await api.get("/api/queues"))["items"]
    status = await api.status()
    return Left(
        channels=tuple(line for line in channels if line.strip()),
        bridges=tuple(line for line in bridges if line.strip()),
        held_agents=tuple(f"{agent['agent']}: {agent['state']}" for agent in agents if agent["state"] in HELD),
        waiting=sum(queue["waiting"] for queue in queues),
        served=int(status["calls"]["served"]),
        open=int(status["calls"]["open"]),
    )


async def assert_nothing_left(system: RunningSystem, within_s: float = 10.0) -> None:
    """No channel, bridge, reservation or call within so many seconds, by the controller's word and by its journal's."""
    api = await system.api()
    last: list[Left] = []

    async def rest() -> Left | None:
        last.append(await what_is_left(system.data, api))
        return last[-1] if last[-1].nothing else None

    try:
        await until(rest, within_s, "the system to be at rest")
    except AssertionError as exc:
        raise AssertionError(f"{exc}: {last[-1]}") from None
    assert_folds(journal_events(system.data))


def assert_folds(events: Iterable[AnyEvent]) -> None:
    """Folded anew, the journal leaves no call open, and no call went a way that the table of phases does not know."""
    calls = OpenCalls()
    for event in events:
        before = calls.of(event.call_id) if isinstance(event, CallEvent) else None
        calls.fold(event)
        after = calls.of(event.call_id) if isinstance(event, CallEvent) else None
        if before and after:
            was, now = phase_of(before), phase_of(after)
            assert now is was or now in ALLOWED[was], f"{event} led from {was} to {now}"
        calls.forget_ended(event)
    assert not [call.state for call in calls], "the journal leaves calls open that are over"


def journal_events(data: DataDir) -> list[AnyEvent]:
    """Every event in the journal as written; may be asked of a running system: a line without an end is not read."""
    decoder = msgspec.json.Decoder(AnyEvent)
    events: list[AnyEvent] = []
    for segment in sorted(data.journal.glob("*.jsonl")):
        events += [decoder.decode(line) for line in _whole_lines(segment)]
    return events


def _whole_lines(path: Path) -> list[bytes]:
    return path.read_bytes().rpartition(b"\n")[0].splitlines()


def assert_one_end_each(events: Iterable[AnyEvent]) -> None:
    """Every call arrived once and ended once, and its last event of all is that end."""
    story = list(events)
    arrived = Counter(event.call_id for event in story if isinstance(event, CallArrived))
    ended = Counter(event.call_id for event in story if isinstance(event, CallEnded))
    assert not [call for call, times in arrived.items() if times > 1], "a call arrived twice"
    assert arrived.keys() == ended.keys(), f"not ended: {arrived.keys() - ended.keys()}"
    assert not [call for call, times in ended.items() if times > 1], f"ended twice: {ended}"
    last = {event.call_id: type(event).__name__ for event in story if isinstance(event, CallEvent)}
    assert set(last.values()) <= {"CallEnded", "MessageLeft"}, f"something after the end: {last}"
