"""Makes the legs that we begin on Asterisk: to agents, to the outside, and those that only listen (adapter). D3, FUP-10

Each is made once under its id, also when the connection breaks in the middle of the command.
"""

import asyncio
import logging
import math
import re
from collections.abc import Awaitable, Callable

from config.destination import Destination
from config.ids import ChannelId
from ivr.ari.channel import DIALLED_MARK, NOT_DIALLED, AriChannel
from ivr.ari.exchange import Exchange
from ivr.ari.snapshot import DIALLED
from ivr.ari.switchboard import Switchboard
from ivr.ari.wire.errors import AriError
from ivr.port.numbers import clean_number, dialable, masked
from ivr.port.telephony import Channel
from ivr.port.values import ChannelGone, DialFailed, DialOutcome, LiveChannel, TelephonyDown

log = logging.getLogger(__name__)

CALLER_SHOWN = "CONNECTEDLINE(num)"
"""What a party that we dial is shown as calling."""
ADMITTED_WITHIN_S = 5.0
AGENT_ID = re.compile(r"[0-9A-Za-z_]{1,20}")

FindChannel = Callable[[ChannelId], Awaitable[LiveChannel | None]]


class OutgoingLegs:
    """Makes them in the application `app`. `find`: whether Asterisk has a channel of this id."""

    def __init__(self, exchange: Exchange, switchboard: Switchboard, app: str, find: FindChannel) -> None:
        self._exchange = exchange
        self._client = exchange.client
        self._switchboard = switchboard
        self._app = app
        self._find = find

    async def dial_agent(
        self, agent_id: str, channel_id: ChannelId, caller_id: str, ring_timeout_s: float
    ) -> AriChannel:
        """As of the port."""
        if AGENT_ID.fullmatch(agent_id) is None:
            raise ValueError(f"not an agent's id: {agent_id!r}")
        try:
            return await self._originate(f"PJSIP/agent-{agent_id}", channel_id, caller_id, ring_timeout_s)
        except DialFailed as failed:
            if await self._is_registered(f"agent-{agent_id}"):
                raise DialFailed(channel_id, DialOutcome.CONGESTED, 0) from failed
            raise

    async def prepare_out(self, destination: Destination, channel_id: ChannelId, caller_id: str) -> AriChannel:
        """As of the port."""
        number = dialable(destination.number)
        endpoint = f"PJSIP/{number}@trunk"
        if (known := self._switchboard.find(channel_id)) is not None:
            return known
        log.info("preparing a call to %s", masked(number), extra={"action": "prepare_out", "channel_id": channel_id})
        channel = self._switchboard.expect(channel_id)
        channel.leg.prepared = True
        create = self._client.channels.create(
            endpoint=endpoint,
            app=self._app,
            app_args=DIALLED,
            channel_id=channel_id,
            variables={CALLER_SHOWN: clean_number(caller_id), DIALLED_MARK: NOT_DIALLED},
        )
        return await self._admitted(await self._made(channel, create))

    async def snoop(self, channel: Channel, snoop_id: ChannelId, *, whisper: bool) -> AriChannel:
        """As of the port."""
        if channel.gone:
            raise ChannelGone(channel.id)
        snoop = self._switchboard.expect(snoop_id)
        command = self._client.channels.snoop_channel_with_id(
            channel_id=channel.id,
            snoop_id=snoop_id,
            app=self._app,
            app_args=DIALLED,
            spy="both",
            whisper="out" if whisper else "none",
        )
        try:
            await command
        except AriError as error:
            if error.status != 409:  # 409: made already, by this very command before a reconnect
                self._switchboard.forget(snoop_id)
                if error.status == 404:
                    raise ChannelGone(channel.id) from error
                raise
        except (TelephonyDown, asyncio.CancelledError):
            self._switchboard.forget(snoop_id)
            self._exchange.in_background(snoop.hangup(), "hanging up a snoop that was given up")
            raise
        snoop.leg.confirmed()
        return await self._admitted(snoop)

    async def _admitted(self, channel: AriChannel) -> AriChannel:
        """Once it is in our application: before that nobody can see whose it is, and it cannot be bridged."""
        try:
            async with asyncio.timeout(ADMITTED_WITHIN_S):
                await channel.leg.admitted()
        except TimeoutError:
            raise TelephonyDown(f"channel {channel.id} was made and never entered our application") from None
        return channel

    async def _is_registered(self, resource: str) -> bool:
        """A telephone is there, as far as Asterisk knows: it is not why Asterisk would not dial it."""
        try:
            return (await self._client.endpoints.get(tech="PJSIP", resource=resource)).state == "online"
        except AriError as error:
            if error.status == 404:
                return False
            raise

    async def _originate(
        self, endpoint: str, channel_id: ChannelId, caller_id: str, ring_timeout_s: float
    ) -> AriChannel:
        if (known := self._switchboard.find(channel_id)) is not None:
            return known
        channel = self._switchboard.expect(channel_id)
        originate = self._client.channels.originate(
            endpoint=endpoint,
            app=self._app,
            app_args=DIALLED,
            caller_id=clean_number(caller_id),
            timeout_s=math.ceil(ring_timeout_s),
            channel_id=channel_id,
        )
        return await self._made(channel, originate)

    async def _made(self, channel: AriChannel, command: Awaitable[object]) -> AriChannel:
        """The channel, once Asterisk has made it; the one that is there already under this id. Raises DialFailed."""
        channel_id = channel.id
        try:
            await command
        except AriError as error:
            if error.status == 409 and (live := await self._find(channel_id)) is not None:
                return self._switchboard.adopt(live)
            self._switchboard.forget(channel_id)
            # Asterisk cannot make the channel: no such endpoint, or no telephone registered there.
            raise DialFailed(channel_id, DialOutcome.UNREACHABLE, 0) from error
        except (TelephonyDown, asyncio.CancelledError):
            self._switchboard.forget(channel_id)
            # Nobody knows how far it came; behind the dial command on the socket, this ends it in any case.
            self._exchange.in_background(channel.hangup(), "hanging up a leg that was given up")
            raise
        channel.leg.confirmed()
        return channel
