"""The telephony port on Asterisk: what happens at each connection, bridges, registered telephones (design D2, D3).

Not how legs are made (`ivr.ari.outgoing`), the commands of a leg (`ivr.ari.channel`), the meaning of events
(`ivr.ari.switchboard`), or the socket itself.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from config.destination import Destination
from config.ids import BridgeId, ChannelId
from ivr.ari.alive import channels_alive
from ivr.ari.bridge import AriBridge
from ivr.ari.channel import AriChannel
from ivr.ari.client import AriClient, CommandWatch
from ivr.ari.exchange import Exchange
from ivr.ari.outgoing import OutgoingLegs
from ivr.ari.snapshot import live_channels, snapshot_of
from ivr.ari.switchboard import Switchboard
from ivr.ari.wire.errors import AriError
from ivr.ari.wire.model import AnyEvent, ApplicationRegistered
from ivr.ari.wire.socket import AriSocket
from ivr.port.telephony import Arrival, ArrivalHandler, Channel, ConnectHandler
from ivr.port.values import LiveBridge, LiveChannel, Snapshot

log = logging.getLogger(__name__)

# Hours of replayed events; past it the snapshot alone must do.
BACKLOG_SIZE = 50_000
GUESSERS = "guessers"
"""The list of Asterisk's that shuts addresses out; it lives in its memory (sorcery.conf)."""


class AriTelephony:
    """Implements `ivr.port.telephony.Telephony`, and the socket's `Listener`.

    `data` is the data directory (see `Exchange`), `prompt_seconds` the length of each prompt, for the
    watchdog: by id, and by `en/<id>` of those that have an English sound. `ours`: an instant of Asterisk's by our
    clock.
    """

    def __init__(
        self,
        socket: AriSocket,
        clock: Callable[[], datetime],
        data: Path,
        prompt_seconds: Mapping[str, float] | None = None,
        watch: CommandWatch | None = None,
        ours: Callable[[datetime], datetime] = lambda at: at,
    ) -> None:
        self._socket = socket
        self._client = AriClient(socket, watch, lambda at: (clock() - ours(at)).total_seconds())
        self._exchange = Exchange(self._client, clock, data, prompt_seconds, ours)
        self._switchboard = Switchboard(self._exchange, self._arrived)
        self._outgoing = OutgoingLegs(self._exchange, self._switchboard, socket.address.app, self.find_channel)
        # Events wait here from the start of a connection until the snapshot is taken.
        self._backlog: list[AnyEvent] | None = []
        # Arrivals wait here until `on_connect` has reconciled.
        self._held: list[Arrival] | None = []
        # Which Asterisk this is (its entity id, new at each start), and whether it was another one before.
        self._asterisk: str | None = None
        self._restarted = False
        self._on_arrival: ArrivalHandler | None = None
        self._on_connect: ConnectHandler | None = None
        self.serving = asyncio.Event()
        """What is alive has been taken up since the last connect, and calls arrive."""

    @property
    def connected(self) -> asyncio.Event:
        return self._socket.ready

    @property
    def commands_sent(self) -> int:
        """ARI commands so far, without pings and filters (performance.md: counted per call in a test)."""
        return self._client.commands_sent

    @property
    def legs(self) -> int:
        return self._switchboard.legs + self._exchange.goodbyes

    def status(self) -> dict[str, object]:
        return {
            "ok": self.serving.is_set(),
            "connections": self._socket.connections,
            "command_sockets": self._socket.command_sockets,
            "channels": len(self._switchboard),
            "commands_sent": self.commands_sent,
        }

    async def serve(self, on_arrival: ArrivalHandler, on_connect: ConnectHandler) -> None:
        self._on_arrival, self._on_connect = on_arrival, on_connect
        try:
            await self._socket.serve(self)
        finally:
            await self._exchange.close()

    def received(self, event: AnyEvent) -> None:
        """From the socket."""
        if isinstance(event, ApplicationRegistered):
            self._restarted = self._asterisk not in (None, event.asterisk_id)
            self._asterisk = event.asterisk_id
        if self._backlog is None:
            self._switchboard.hear(event)
        elif len(self._backlog) < BACKLOG_SIZE:
            self._backlog.append(event)
        else:
            log.error("too many replayed events: only the calls still alive are kept", extra={"action": "ari_flood"})
            self._backlog.clear()

    async def connected_anew(self) -> None:
        """From the socket: see what is alive, catch up with what was replayed, then let calls arrive."""
        before = self._switchboard.confirmed()
        channels = await channels_alive(self._client, self._socket.address.app)
        snapshot = snapshot_of(channels, await self._client.bridges.list_all(), self._socket.address.app)
        snapshot = replace(snapshot, channels=tuple(self._by_our_clock(live) for live in snapshot.channels))
        for live in snapshot.channels:
            self._switchboard.adopt(live)
        backlog, self._backlog = self._backlog or [], None
        for event in backlog:
            self._switchboard.hear(event)
        for channel_id in before - {ChannelId(channel.id) for channel in channels}:
            self._switchboard.lose(channel_id, dropped=self._restarted)
        log.info(
            "connected: %d channels and %d bridges are alive, %d events came first",
            len(snapshot.channels),
            len(snapshot.bridges),
            len(backlog),
            extra={"action": "ari_snapshot"},
        )
        await self._reconcile(snapshot)

    def disconnected(self) -> None:
        """From the socket: what comes next is replayed by the next connection."""
        self._backlog = []
        self.serving.clear()
        if self._held is None:
            self._held = []

    async def _reconcile(self, snapshot: Snapshot) -> None:
        assert self._on_connect is not None  # set by serve
        await self._on_connect(snapshot)
        named = {live.channel_id for live in snapshot.channels}
        held, self._held = self._held or [], None
        for arrival in held:
            if arrival.channel.id not in named:
                self._arrived(arrival)
        self.serving.set()

    def _arrived(self, arrival: Arrival) -> None:
        if self._held is not None:
            self._held.append(arrival)
            return
        assert self._on_arrival is not None  # set by serve
        self._on_arrival(arrival)

    async def dial_agent(
        self, agent_id: str, *, channel_id: ChannelId, caller_id: str, ring_timeout_s: float
    ) -> AriChannel:
        return await self._outgoing.dial_agent(agent_id, channel_id, caller_id, ring_timeout_s)

    async def prepare_out(self, destination: Destination, *, channel_id: ChannelId, caller_id: str) -> AriChannel:
        return await self._outgoing.prepare_out(destination, channel_id, caller_id)

    async def snoop(self, channel: Channel, *, snoop_id: ChannelId, whisper: bool) -> AriChannel:
        return await self._outgoing.snoop(channel, snoop_id, whisper=whisper)

    async def create_bridge(self, bridge_id: BridgeId) -> AriBridge:
        # Plain mixing, without DTMF events: only then two legs of one codec are joined natively (performance.md).
        try:
            await self._client.bridges.create(type="mixing", bridge_id=bridge_id, name=bridge_id)
        except AriError as error:
            # 409: made already, by this very command before a reconnect.
            if error.status != 409:
                raise
        return AriBridge(self._exchange, bridge_id)

    def adopt_channel(self, channel: LiveChannel) -> AriChannel:
        known = self._switchboard.find(channel.channel_id)
        if known is None:
            # It has hung up since the snapshot: whoever adopts it learns so at the first command.
            known = self._switchboard.adopt(channel)
            self._switchboard.lose(channel.channel_id)
        return known

    def adopt_bridge(self, bridge: LiveBridge) -> AriBridge:
        return AriBridge(self._exchange, bridge.bridge_id)

    async def find_channel(self, channel_id: ChannelId) -> LiveChannel | None:
        try:
            channel = await self._client.channels.get(channel_id=channel_id)
        except AriError as error:
            if error.status == 404:
                return None
            raise
        return next(map(self._by_our_clock, live_channels([channel], self._socket.address.app)), None)

    def _by_our_clock(self, live: LiveChannel) -> LiveChannel:
        return replace(live, created_at=self._exchange.ours(live.created_at))

    async def unregister(self, contact: str) -> None:
        """Takes a registered telephone out (`contact`: its id at Asterisk): no call comes to it; its talk goes on."""
        try:
            await self._client.asterisk.delete_object(config_class="res_pjsip", object_type="contact", id=contact)
        except AriError as error:
            if error.status != 404:  # 404: it has gone by itself
                raise

    async def refuse_addresses(self, addresses: Sequence[str]) -> None:
        """Has Asterisk answer whatever SIP comes from these, and only these, with 403, unread. Raises AriError."""
        acl = {"config_class": "res_pjsip", "object_type": "acl", "id": GUESSERS}
        if addresses:
            fields = [{"attribute": "deny", "value": address} for address in addresses]
            await self._client.asterisk.update_object(**acl, fields=fields)
            return
        try:
            await self._client.asterisk.delete_object(**acl)
        except AriError as error:
            if error.status != 404:  # 404: there was no list
                raise

    async def ping(self) -> None:
        """A sign of life. Raises TelephonyDown."""
        await self._socket.sign_of_life()
