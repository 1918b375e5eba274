"""The state of one channel as Asterisk's events tell it, and waiting for its changes. It sends nothing.

Written by the reader of the socket (`ivr.ari.telephony`), read by the commands of `ivr.ari.channel`.
"""

import asyncio
from collections import deque
from datetime import datetime

from config.ids import ChannelId
from ivr.ari.wire.model import LiveRecording, Playback
from ivr.port.values import DialOutcome, Digit, TransferWish

# Nobody types that fast or that far ahead: past it the call is ended (style: nothing is dropped silently).
MAILBOX_SIZE = 64
DEPARTURES_KEPT = 8
"""So many wait for the end of a channel before those who have stopped waiting are forgotten."""

NEVER_SENT = frozenset({0, 34, 38, 41, 42, 44, 47})
"""Q.850: no cause given, no circuit, network out of order, temporary failure, congestion, no channel, no resource."""
CLEARED = 16
"""What Asterisk says of a leg that was made before it was dialled, and for which it then had no port."""
# Q.850; what is missing here is "unreachable".
OUTCOMES = {
    17: DialOutcome.BUSY,
    18: DialOutcome.NO_ANSWER,
    19: DialOutcome.NO_ANSWER,
    21: DialOutcome.REJECTED,
}


class MailboxFull(Exception):
    """More digits wait than any caller types."""


class Leg:
    """What is known of one channel. Instants are Asterisk's."""

    def __init__(self, channel_id: ChannelId) -> None:
        self.id = channel_id
        self.created = False
        """Asterisk has confirmed that it exists."""
        self.entered_at: datetime | None = None
        self.ringing_at: datetime | None = None
        self.up_at: datetime | None = None
        self.gone_at: datetime | None = None
        self.dropped = False
        """It is gone because its Asterisk is."""
        self.cause = 0
        self.cause_told = False
        """Asterisk has said why it ended, if only that there was no cause."""
        self.sip_answer = 0
        """The SIP status that its end came with; 0: none."""
        self.adopted = False
        """Found alive, begun by a controller that died."""
        self.prepared = False
        """Made without being dialled: entering our application is not yet the party's answer."""
        self.digits: deque[Digit] = deque()
        self.keeps_digits = True
        """False while keys are for the other party of a talk."""
        self.transfers: deque[TransferWish] = deque()
        self._playbacks: dict[str, Playback | None] = {}
        self._recordings: dict[str, LiveRecording | None] = {}
        self._waiters: set[asyncio.Future[bool]] = set()
        """Those who wait for the next change …"""
        self._departures: list[asyncio.Future[None]] = []
        """… and those who wait for the end."""

    @property
    def gone(self) -> bool:
        return self.gone_at is not None

    def confirmed(self) -> None:
        """It exists: if a later list of channels does not name it, it has hung up."""
        self.created = True

    def entered(self, at: datetime) -> None:
        """It is in our application: commands may be sent."""
        self.created = True
        if self.entered_at is None:
            self.entered_at = at
            self._notify()

    def state_changed(self, state: str, at: datetime) -> None:
        if state == "Ringing" and self.ringing_at is None:
            self.ringing_at = at
        elif state == "Up" and self.up_at is None:
            self.up_at = at
        self._notify()

    def pressed(self, digit: Digit) -> None:
        """Raises MailboxFull."""
        if not self.keeps_digits:
            return
        if len(self.digits) >= MAILBOX_SIZE:
            raise MailboxFull
        self.digits.append(digit)
        self._notify()

    def asks_transfer(self, wish: TransferWish) -> None:
        """Only the last one counts, if nobody has looked meanwhile."""
        self.transfers.clear()
        self.transfers.append(wish)
        self._notify()

    def left(self, at: datetime, cause: int | None = None, sip_answer: int = 0, *, dropped: bool = False) -> None:
        """The first news of its end counts; a cause may come later than that. `cause` None: it is not told."""
        self.cause, self.cause_told = self.cause or cause or 0, self.cause_told or cause is not None
        self.sip_answer = self.sip_answer or sip_answer
        if self.gone_at is None:
            self.dropped = dropped
            self.gone_at = at
            self._notify()
            departures, self._departures = self._departures, []
            for waiter in departures:
                if not waiter.done():
                    waiter.set_result(None)

    def expect_playback(self, playback_id: str) -> None:
        """Before the command is sent: its end can come before the answer."""
        self._playbacks[playback_id] = None

    def playback_ended(self, playback: Playback) -> None:
        if playback.id in self._playbacks:
            self._playbacks[playback.id] = playback
            self._notify()

    def playback(self, playback_id: str) -> Playback | None:
        """How it ended, None while it lasts."""
        return self._playbacks.get(playback_id)

    def forget_playback(self, playback_id: str) -> None:
        self._playbacks.pop(playback_id, None)

    def expect_recording(self, name: str) -> None:
        """As `expect_playback`."""
        self._recordings[name] = None

    def recording_ended(self, recording: LiveRecording) -> None:
        if recording.name in self._recordings:
            self._recordings[recording.name] = recording
            self._notify()

    def recording(self, name: str) -> LiveRecording | None:
        """How it ended, None while it lasts."""
        return self._recordings.get(name)

    def forget_recording(self, name: str) -> None:
        self._recordings.pop(name, None)

    async def changed(self, by: float | None = None) -> bool:
        """True at the next change; False when it has not come `by` that loop time. Nothing can be missed between
        looking at the state and calling this."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiters.add(waiter)
        timer = None if by is None else loop.call_at(by, _settle, waiter, False)
        try:
            return await waiter
        finally:
            self._waiters.discard(waiter)
            if timer is not None:
                timer.cancel()

    @property
    def answered_at(self) -> datetime | None:
        """When a dialled party answered. One that is originated enters our application by that."""
        return self.up_at if self.prepared else self.up_at or self.entered_at

    def why_unanswered(self, *, at_once: bool) -> DialOutcome:
        """`at_once`: too soon for the party to have let time pass. Without any answer from it, nothing was sent."""
        unheard = self.ringing_at is None and not self.sip_answer
        never_sent = NEVER_SENT
        if self.prepared:  # that it has ended may be heard before why: then nobody knows what its party has said
            never_sent = NEVER_SENT | {CLEARED} if self.cause_told else frozenset()
        if at_once and unheard and self.cause in never_sent:
            return DialOutcome.CONGESTED
        return OUTCOMES.get(self.cause, DialOutcome.UNREACHABLE)

    @property
    def is_dialling(self) -> bool:
        """Made without being dialled, and not answered yet."""
        return self.prepared and self.up_at is None

    async def admitted(self) -> None:
        """Return once it has entered our application or is gone."""
        while self.entered_at is None and not self.gone:
            await self.changed()

    async def decided(self) -> None:
        """Return once the party has answered or is gone."""
        while self.answered_at is None and not self.gone:
            await self.changed()

    def wait_gone(self) -> "asyncio.Future[None]":
        """Done once it is gone. A future of the caller's own, not a task: each talk waits for both its ends."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.gone:
            waiter.set_result(None)
            return waiter
        if len(self._departures) >= DEPARTURES_KEPT:
            self._departures = [each for each in self._departures if not each.done()]
        self._departures.append(waiter)
        return waiter

    def _notify(self) -> None:
        for waiter in self._waiters:
            _settle(waiter, True)


def _settle(waiter: "asyncio.Future[bool]", result: bool) -> None:
    if not waiter.done():
        waiter.set_result(result)
