"""One call as a test telephone sees it: its instants, its sound, how it ended. Placing and taking calls is `sip`'s."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from aiosipua import IncomingCall, OutgoingCall, SdpMessage

from app.phone.errors import CallRejected, PhoneTimeout
from app.phone.media import MediaStream
from app.phone.sound.g711 import PCMA, PCMU
from config.words import two_lines

Side = Literal["local", "remote"]


class PhoneCall:
    """Instants are aware UTC, taken when the message was sent or received; None: it did not happen.

    `invited_at` INVITE · `ringing_at` first 180 · `progress_at` first 183 · `answered_at` 200 · `ended_at` BYE,
    CANCEL or refusal. `ended_by` is the side that ended it; `code` the SIP status of a call never answered.
    """

    def __init__(self, leg: OutgoingCall | IncomingCall, media: MediaStream, now: Callable[[], datetime]) -> None:
        self.leg = leg
        self.media = media
        self.invited_at = now()
        self.ringing_at: datetime | None = None
        self.progress_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.ended_by: Side | None = None
        self.code, self.reason = 0, ""
        self.cancelled = False
        self.heard_of = asyncio.Event()  # any response to our INVITE: only then may it be cancelled
        self.ringing = asyncio.Event()
        self.answered = asyncio.Event()
        self.ended = asyncio.Event()
        self.bye_answered = asyncio.Event()
        self.transfer: asyncio.Queue[int] = asyncio.Queue()
        """How a transfer that this telephone asked for goes: SIP status codes, as they come."""
        self._now = now

    @property
    def call_id(self) -> str:
        """SIP's Call-ID; the system's own call id comes from its API."""
        return self.leg.call_id

    @property
    def caller_number(self) -> str:
        """The user part of From on an incoming call; empty if there is none."""
        sender = self.leg.invite.from_addr
        return (sender.uri.user or "") if sender and sender.uri else ""

    @property
    def talk_s(self) -> float:
        """Seconds from the answer to the end, or until now."""
        if self.answered_at is None:
            return 0.0
        return ((self.ended_at or self._now()) - self.answered_at).total_seconds()

    def now(self) -> datetime:
        """The clock that all instants here are taken from."""
        return self._now()

    # --- what `sip` tells it ---

    def saw_provisional(self, code: int) -> None:
        if code == 180 and self.ringing_at is None:
            self.ringing_at = self._now()
            self.ringing.set()
        if code == 183 and self.progress_at is None:
            self.progress_at = self._now()

    def saw_answer(self) -> None:
        if self.answered_at is None and self.ended_at is None:
            self.answered_at = self._now()
            self.answered.set()

    def saw_end(self, by: Side, code: int = 0, reason: str = "") -> None:
        if self.ended_at is None:
            self.ended_at, self.ended_by = self._now(), by
            self.code, self.reason = code, reason
            self.ended.set()

    def use_sdp(self, sdp: SdpMessage, payload_type: int | None = None) -> bool:
        """Sends where the other side's description says; False if it names no address or no G.711."""
        if sdp.rtp_address is None or sdp.audio is None:
            return False
        kinds = {codec.payload_type: codec.encoding_name.lower() for codec in sdp.audio.codecs}
        usable = [kind for kind in kinds if kind in (PCMA, PCMU)]
        if payload_type is None and not usable:
            return False
        events = [kind for kind, name in kinds.items() if name == "telephone-event"]
        chosen = usable[0] if payload_type is None else payload_type
        self.media.connect(sdp.rtp_address, chosen, events[0] if events else 101)
        return True

    # --- what one may wait for ---

    async def wait_heard_of(self, timeout_s: float) -> None:
        """Returns at the first response to our INVITE. Raises PhoneTimeout: nobody is there."""
        await self._first(timeout_s, self.heard_of, self.ended)

    async def wait_answered(self, timeout_s: float) -> None:
        """Returns at the 200. Raises CallRejected if the call ended instead, PhoneTimeout after `timeout_s`."""
        await self._first(timeout_s, self.answered, self.ended)
        if self.answered_at is None:
            raise CallRejected(self.code, self.reason)

    async def wait_ended(self, timeout_s: float) -> None:
        """Returns when either side has ended the call. Raises PhoneTimeout."""
        await self._first(timeout_s, self.ended)

    async def press(self, digits: str) -> list[datetime]:
        """Presses keys (RFC 4733); the instants at which each was let go, fewer if the call ended meanwhile."""
        ends: list[datetime] = []
        for digit in digits:
            pressing = asyncio.create_task(self.media.press(digit))
            over = asyncio.create_task(self.ended.wait())
            try:
                await asyncio.wait({pressing, over}, return_when=asyncio.FIRST_COMPLETED)
                if not pressing.done() or pressing.cancelled():
                    break
                ends += pressing.result()
            finally:
                pressing.cancel()
                over.cancel()
        return ends

    async def _first(self, timeout_s: float, *events: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in events]
        try:
            done, _ = await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not done:
            raise PhoneTimeout(two_lines(f"{timeout_s:g} 秒内没有应答", f"nothing happened within {timeout_s:g} s"))
