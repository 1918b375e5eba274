"""Which channel an event belongs to, and what it means for it. Runs in the socket's reader: quick, never waits."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from config.ids import ChannelId
from ivr.ari.channel import AriChannel
from ivr.ari.exchange import Exchange
from ivr.ari.leg import Leg, MailboxFull
from ivr.ari.snapshot import DIALLED, ROLES, live_channel, transfer_wish
from ivr.ari.wire import model
from ivr.port.telephony import Arrival
from ivr.port.values import Digit, LiveChannel

log = logging.getLogger(__name__)

CAUSE_LAG_S = 1.0

RESERVED = (".agent", ".supervisor", ".snoop")
"""Marks in the ids of legs that take no port from callers: each telephone has its own, a snoop needs none."""


class Switchboard:
    """The channels that are alive, by id. Hears every event once, in order."""

    def __init__(self, exchange: Exchange, on_arrival: Callable[[Arrival], None]) -> None:
        self._exchange = exchange
        self._on_arrival = on_arrival
        self._channels: dict[ChannelId, AriChannel] = {}

    def __len__(self) -> int:
        return len(self._channels)

    @property
    def legs(self) -> int:
        """How many of them are not agents' telephones or only serve a supervisor."""
        return sum(1 for channel_id in self._channels if not any(mark in channel_id for mark in RESERVED))

    def find(self, channel_id: ChannelId) -> AriChannel | None:
        return self._channels.get(channel_id)

    def expect(self, channel_id: ChannelId) -> AriChannel:
        """A channel about to be dialled: registered before the command, as its events can come before the answer."""
        channel = AriChannel(self._exchange, Leg(channel_id))
        self._channels[channel_id] = channel
        return channel

    def forget(self, channel_id: ChannelId) -> None:
        """Nobody waits for it any more: if it does enter, it is hung up."""
        self._channels.pop(channel_id, None)

    def adopt(self, live: LiveChannel) -> AriChannel:
        """The channel of one found alive; the one that is known already, if it is."""
        channel = self._channels.get(live.channel_id) or self.expect(live.channel_id)
        now = self._exchange.clock()
        channel.leg.confirmed()
        channel.leg.adopted = True
        channel.leg.prepared = live.prepared
        if live.up:
            channel.leg.state_changed("Up", now)
        if live.up or live.prepared or live.role != "dialled":
            channel.leg.entered(now)
        return channel

    def confirmed(self) -> set[ChannelId]:
        """Those that Asterisk has confirmed: when it no longer names one of them, that one has hung up."""
        return {channel_id for channel_id, channel in self._channels.items() if channel.leg.created}

    def lose(self, channel_id: ChannelId, *, dropped: bool = False) -> None:
        """It hung up while there was no connection, and that event is lost; or it was `dropped` by Asterisk's end."""
        channel = self._channels.pop(channel_id, None)
        if channel is not None:
            channel.leg.left(self._exchange.clock(), dropped=dropped)

    def hear(self, event: model.AnyEvent) -> None:
        """Tell the channel concerned. Events of others (the fallback's, a stranger's) mean nothing to us."""
        at = self._exchange.ours(event.timestamp) if event.timestamp else self._exchange.clock()
        match event:
            case model.StasisStart():
                self._enter(event, at)
            case model.StasisEnd(channel=channel):
                self._end(ChannelId(channel.id), at)
            case model.ChannelDestroyed(channel=channel, cause=cause, tech_cause=sip_answer):
                self._leave(ChannelId(channel.id), at, cause, sip_answer or 0)
            case model.ChannelStateChange(channel=channel):
                if leg := self._leg(channel.id):
                    leg.state_changed(channel.state, at)
            case model.ChannelDtmfReceived(channel=channel, digit=digit):
                self._press(channel, Digit(digit=digit, at=at))
            case model.ChannelTransfer(state=None, refer_to=refer_to, referred_by=referred_by):
                if leg := self._leg(referred_by.source_channel.id):
                    leg.asks_transfer(transfer_wish(refer_to))
            case model.PlaybackFinished(playback=playback):
                if leg := self._leg(playback.target_uri.removeprefix("channel:")):
                    leg.playback_ended(playback)
            case model.RecordingFinished(recording=recording) | model.RecordingFailed(recording=recording):
                self._recorded(recording)
            case _:
                pass

    def _leg(self, channel_id: str) -> Leg | None:
        channel = self._channels.get(ChannelId(channel_id))
        return None if channel is None else channel.leg

    def _enter(self, event: model.StasisStart, at: datetime) -> None:
        role = ROLES.get(event.args[0]) if event.args else None
        if role is None:
            log.error("a channel entered with unknown arguments %s", event.args, extra={"action": "ari_unknown_role"})
            return
        if leg := self._leg(event.channel.id):
            leg.entered(at)
            return
        dnis = event.args[1] if len(event.args) > 1 else event.channel.dialplan.exten
        live = live_channel(event.channel, role, "" if role == DIALLED else dnis)
        channel = self.expect(live.channel_id)
        channel.leg.entered(at)
        if event.channel.state == "Up":
            channel.leg.state_changed("Up", at)
        if live.role == "dialled":
            log.warning("a dialled party that nobody waits for is hung up", extra=_extra("ari_ghost", channel))
            self._exchange.in_background(channel.hangup(), "hanging up a ghost")
            return
        self._on_arrival(
            Arrival(
                channel=channel,
                role=live.role,
                dnis=live.dnis,
                ani=live.ani,
                name=live.name,
                invited_at=self._exchange.ours(live.created_at),
                entered_at=at,
                sip_call_id=live.sip_call_id,
            )
        )

    def _end(self, channel_id: ChannelId, at: datetime) -> None:
        """It has left our application. Why one was not answered comes with its destruction, a moment later."""
        leg = self._leg(channel_id)
        if leg is not None and leg.is_dialling:
            asyncio.get_running_loop().call_later(CAUSE_LAG_S, self._leave, channel_id, at)
        else:
            self._leave(channel_id, at)

    def _leave(self, channel_id: ChannelId, at: datetime, cause: int | None = None, sip_answer: int = 0) -> None:
        channel = self._channels.pop(channel_id, None)
        if channel is not None:
            channel.leg.left(at, cause, sip_answer)

    def _press(self, pressed: model.Channel, digit: Digit) -> None:
        channel = self._channels.get(ChannelId(pressed.id))
        if channel is None:
            return
        try:
            channel.leg.pressed(digit)
        except MailboxFull:
            log.error("digits without end: the call is hung up", extra=_extra("digits_overflow", channel))
            self._exchange.in_background(channel.hangup(), "hanging up after too many digits")

    def _recorded(self, recording: model.LiveRecording) -> None:
        kind, _, owner = recording.target_uri.partition(":")
        if kind == "bridge":
            self._exchange.bridge_recording_ended(recording.name)
        elif leg := self._leg(owner):
            leg.recording_ended(recording)


def _extra(action: str, channel: AriChannel) -> dict[str, str]:
    return {"action": action, "channel_id": channel.id}
