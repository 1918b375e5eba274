"""A telephone system in memory that implements the port, with scripted parties; a contract suite holds it to Asterisk.

Its time is the event loop's, so that it runs as fast as `tests.fakes.virtual_time` lets it. Instants count from EPOCH.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from config.destination import Destination
from config.ids import BridgeId, ChannelId
from ivr.port.telephony import Arrival, ArrivalHandler, Channel, ConnectHandler
from ivr.port.values import (
    ChannelGone,
    DialFailed,
    DialOutcome,
    LiveBridge,
    LiveChannel,
    Snapshot,
    TelephonyDown,
    TelephonyError,
)
from tests.fakes.channel import FakeChannel, Party, write_silence

EPOCH = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Beijing


NOBODY = Party(refuses=DialOutcome.NO_ANSWER)


@dataclass
class FakeTelephony:
    """`call` makes a caller arrive; `agents` and `customers` say who can be dialled; `log` holds every command."""

    prompts_s: Mapping[str, float] = field(default_factory=dict)
    prompt_s: float = 0.1
    destroy_s: float = 0.0
    """How long it takes to take a bridge down."""
    broken_prompts: frozenset[str] = frozenset()
    agents: dict[str, Party] = field(default_factory=dict)
    customers: dict[str, Party] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    channels: dict[ChannelId, FakeChannel] = field(default_factory=dict)
    bridges: "dict[BridgeId, FakeBridge]" = field(default_factory=dict)
    no_port: bool = False
    """Nobody can be dialled: there is no port for their audio."""
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _on_arrival: ArrivalHandler | None = None
    _on_connect: ConnectHandler | None = None

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())

    def length_s(self, prompt: str) -> float:
        """How long it plays: as `prompts_s` says, else `prompt_s`; a broken one not at all."""
        return 0.0 if prompt in self.broken_prompts else self.prompts_s.get(prompt, self.prompt_s)

    def command(self, text: str) -> None:
        """Every command passes here. Raises TelephonyDown while the line is cut."""
        if not self.connected.is_set():
            raise TelephonyDown(f"no connection: {text} was not sent")
        self.log.append(text)

    @property
    def legs(self) -> int:
        live = [channel for channel in self.channels.values() if not channel.gone]
        return sum(1 for channel in live if ".agent" not in channel.id and channel.spies_on is None)

    def status(self) -> dict[str, object]:
        return {"ok": self.connected.is_set(), "channels": len(self.channels)}

    async def serve(self, on_arrival: ArrivalHandler, on_connect: ConnectHandler) -> None:
        self._on_arrival, self._on_connect = on_arrival, on_connect
        await self.reconnect()
        await asyncio.get_running_loop().create_future()

    def cut(self) -> None:
        """The connection is lost; parties go on."""
        self.connected.clear()

    async def reconnect(self) -> None:
        """It is there (again): `on_connect` hears what is alive."""
        self.connected.set()
        assert self._on_connect is not None
        bridges = [LiveBridge(bridge_id=b.id, channel_ids=tuple(b.inside)) for b in self.bridges.values()]
        channels = [channel.live() for channel in self.channels.values()]
        await self._on_connect(Snapshot(channels=tuple(channels), bridges=tuple(bridges)))

    def call(self, dnis: str, ani: str = "13800138000", name: str = "") -> FakeChannel:
        """Somebody calls; the caller's side is scripted with `press` and `leave`."""
        channel = FakeChannel(self, ChannelId(f"fake-{next(self._numbers)}"), "inbound")
        channel.dnis, channel.ani, channel.name = dnis, ani, name
        channel.entered = True
        self.channels[channel.id] = channel
        now = self.now()
        assert self._on_arrival is not None
        self._on_arrival(
            Arrival(channel=channel, role="inbound", dnis=dnis, ani=ani, name=name, invited_at=now, entered_at=now)
        )
        return channel

    async def dial_agent(
        self, agent_id: str, *, channel_id: ChannelId, caller_id: str, ring_timeout_s: float
    ) -> FakeChannel:
        channel = self._made(self.agents.get(agent_id), f"dial agent {agent_id}", channel_id)
        if not channel.dialled:
            channel.ring_party(ring_timeout_s)
        return channel

    async def prepare_out(self, destination: Destination, *, channel_id: ChannelId, caller_id: str) -> FakeChannel:
        number = destination.number
        channel = self._made(self.customers.get(number, NOBODY), f"prepare {number}", channel_id)
        channel.entered = True
        return channel

    def _made(self, party: Party | None, command: str, channel_id: ChannelId) -> FakeChannel:
        if channel_id in self.channels:
            return self.channels[channel_id]
        self.command(f"{command} as {channel_id}")
        if self.no_port:
            raise DialFailed(channel_id, DialOutcome.CONGESTED, 0)
        if party is None or party.refuses is DialOutcome.UNREACHABLE:
            raise DialFailed(channel_id, DialOutcome.UNREACHABLE, 0)
        channel = self.channels[channel_id] = FakeChannel(self, channel_id, "dialled")
        channel.party = party
        return channel

    async def snoop(self, channel: Channel, *, snoop_id: ChannelId, whisper: bool) -> FakeChannel:
        spied = self.channels.get(channel.id)
        if channel.gone or spied is None:
            raise ChannelGone(channel.id)
        self.command(f"snoop {'and whisper to' if whisper else 'on'} {channel.id} as {snoop_id}")
        snoop = self.channels[snoop_id] = FakeChannel(self, snoop_id, "dialled")
        snoop.spies_on, snoop.whispers = spied.id, whisper
        snoop.pick_up()
        return snoop

    async def create_bridge(self, bridge_id: BridgeId) -> "FakeBridge":
        self.command(f"bridge {bridge_id}")
        return self.bridges.setdefault(bridge_id, FakeBridge(self, bridge_id))

    def adopt_channel(self, channel: LiveChannel) -> FakeChannel:
        known = self.channels.get(channel.channel_id)
        if known is None:
            known = FakeChannel(self, channel.channel_id, channel.role)
            known.gone_at = self.now()
        return known

    def adopt_bridge(self, bridge: LiveBridge) -> "FakeBridge":
        return self.bridges.get(bridge.bridge_id) or FakeBridge(self, bridge.bridge_id)

    async def find_channel(self, channel_id: ChannelId) -> LiveChannel | None:
        channel = self.channels.get(channel_id)
        return None if channel is None else channel.live()


class FakeBridge:
    """Who is in it, and where the talk is recorded."""

    def __init__(self, telephony: FakeTelephony, bridge_id: BridgeId) -> None:
        self._telephony = telephony
        self.id = bridge_id
        self.inside: set[ChannelId] = set()
        self.recordings: dict[Path, bool] = {}
        """Those that run, and whether they are paused."""
        self.rings = False

    async def add(self, *channels: Channel) -> None:
        for channel in channels:
            if channel.gone:
                raise ChannelGone(channel.id)
        self._telephony.command(f"{self.id}: add {' '.join(channel.id for channel in channels)}")
        for channel in channels:
            live = self._telephony.channels[channel.id]
            if not live.entered:
                raise TelephonyError(f"channel {channel.id} has not answered")
            for other in self._telephony.bridges.values():
                other.inside.discard(channel.id)
            self.inside.add(channel.id)

    async def remove(self, channel: Channel) -> None:
        if channel.gone:
            raise ChannelGone(channel.id)
        self._telephony.command(f"{self.id}: remove {channel.id}")
        self.inside.discard(channel.id)

    async def start_ringing(self) -> None:
        self._telephony.command(f"{self.id}: ring")
        self.rings = True

    async def stop_ringing(self) -> None:
        self._telephony.command(f"{self.id}: no ring")
        self.rings = False

    async def start_recording(self, path: Path) -> None:
        self._telephony.command(f"{self.id}: record {path.name}")
        self.recordings[path] = False

    async def pause_recording(self, path: Path) -> None:
        self._pause(path, True)

    async def resume_recording(self, path: Path) -> None:
        self._pause(path, False)

    async def stop_recording(self, path: Path) -> None:
        self._telephony.command(f"{self.id}: stop recording {path.name}")
        if self.recordings.pop(path, None) is not None:
            write_silence(path, 1.0)

    def _pause(self, path: Path, paused: bool) -> None:
        self._telephony.command(f"{self.id}: {'pause' if paused else 'resume'} recording {path.name}")
        if path not in self.recordings:
            raise TelephonyError(f"{path.name} is not being recorded")
        self.recordings[path] = paused

    async def destroy(self) -> None:
        await asyncio.sleep(self._telephony.destroy_s)
        if self.id in self._telephony.bridges:
            self._telephony.command(f"{self.id}: destroy")
            del self._telephony.bridges[self.id]
            for path in self.recordings:
                write_silence(path, 1.0)
