"""One RTP stream of a test telephone: G.711 every 20 ms on an absolute clock, digits as RFC 4733 events, and all that
arrives kept with its arrival time. Not aiortp's session: that one sends a digit's packets in one burst and hides
arrival times behind its jitter buffer; its packets and codecs are used.
"""

import asyncio
import logging
import random
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from aiortp import RtpPacket, is_rtcp
from aiortp.dtmf import DTMF_EVENTS, EVENT_TO_DIGIT

from app.phone.account import Address
from app.phone.sound.audio import FRAME, SAMPLE_RATE, Samples, tone
from app.phone.sound.g711 import PCMA, PCMU, decode, encode
from app.phone.stamped_socket import StampedSocket

logger = logging.getLogger(__name__)

FRAME_S = FRAME / SAMPLE_RATE
DIGIT_S, DIGIT_PAUSE_S = 0.1, 0.1
END_PACKETS = 3  # RFC 4733 §2.5.1.4: the end is sent three times
LATE_S = 0.2  # a clock that far behind (a stopped process) starts anew instead of sending a burst
JUMP = SAMPLE_RATE // 5  # RTP time and arrival time apart by more than this: the sender's clock has jumped


class PortsTaken(OSError):
    """No pair of free ports was found for a stream."""


class Sink(asyncio.DatagramProtocol):
    """Takes RTCP, so that the other side's reports meet an open port."""


@dataclass
class Tone:
    """A tone without end, sent at 20 ms a frame with an unbroken phase; 0 Hz is silence."""

    hz: float
    sent: int = 0

    def frame(self) -> Samples:
        if self.hz == 0:
            return np.zeros(FRAME, dtype=np.int16)
        piece = tone(self.hz, FRAME_S, start=self.sent)
        self.sent += FRAME
        return piece


@dataclass
class Clip:
    """A recording sent once, then silence."""

    samples: Samples
    sent: int = 0

    def frame(self) -> Samples:
        piece = self.samples[self.sent : self.sent + FRAME]
        self.sent += FRAME
        return np.pad(piece, (0, FRAME - piece.size)) if piece.size < FRAME else piece


@dataclass
class Digit:
    """A key held down: its event code, its first RTP time, and how much of it was sent (samples)."""

    code: int
    ended: asyncio.Future[datetime]
    started_at: int | None = None
    sent: int = 0
    pause: int = 0


@dataclass
class Reception:
    """What arrived: packets' arrival times (event loop's clock, seconds) and their sound on that clock."""

    arrivals: list[float] = field(default_factory=list)
    digits: list[str] = field(default_factory=list)
    _pieces: list[tuple[int, Samples]] = field(default_factory=list)
    _anchor: tuple[int, int, int] | None = None  # SSRC, RTP time, position
    _sequence: int = 0
    _last_event: tuple[int, int] | None = None
    _waiting: list[tuple[Callable[["Reception"], bool], asyncio.Future[None]]] = field(default_factory=list)

    async def until(self, enough: Callable[["Reception"], bool], timeout_s: float) -> None:
        """Returns once a packet has made `enough` true. Raises TimeoutError."""
        if enough(self):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((enough, future))
        async with asyncio.timeout(timeout_s):
            await future

    def _tell(self) -> None:
        for enough, future in self._waiting:
            if not future.done() and enough(self):
                future.set_result(None)
        self._waiting = [(enough, future) for enough, future in self._waiting if not future.done()]

    @property
    def began(self) -> float | None:
        """The arrival of the first packet; second 0 of `samples()`."""
        return self.arrivals[0] if self.arrivals else None

    def take_sound(self, packet: RtpPacket, samples: Samples, at: float) -> None:
        """Places a packet by its RTP time, and by its arrival whenever source or clock changes.

        The next packet of an unbroken stream is late when this process was held up, not when it was spoken later.
        """
        self.arrivals.append(at)
        arrived = round((at - self.arrivals[0]) * SAMPLE_RATE)
        position = arrived
        if self._anchor is not None and self._anchor[0] == packet.ssrc:
            passed = (packet.timestamp - self._anchor[1] + 0x80000000) % 0x100000000 - 0x80000000
            by_clock = self._anchor[2] + passed
            next_one = packet.sequence_number == (self._sequence + 1) % 0x10000 and passed == FRAME
            position = by_clock if next_one or abs(by_clock - arrived) <= JUMP else arrived
        self._anchor, self._sequence = (packet.ssrc, packet.timestamp, position), packet.sequence_number
        if position >= 0:
            self._pieces.append((position, samples))
        self._tell()

    def take_event(self, packet: RtpPacket, at: float) -> None:
        """Notes a digit at its first end packet."""
        self.arrivals.append(at)
        if len(packet.payload) < 4:
            return
        code, flags = packet.payload[0], packet.payload[1]
        if flags & 0x80 and (packet.ssrc, packet.timestamp) != self._last_event:
            self._last_event = (packet.ssrc, packet.timestamp)
            self.digits.append(EVENT_TO_DIGIT.get(code, "?"))
        self._tell()

    def samples(self, *, since: float | None = None) -> Samples:
        """All sound from the first packet on, silence where none came; or what came after `since` (loop's clock)."""
        pieces = self._pieces[:]  # more may come while another thread listens
        if not pieces:
            return np.zeros(0, dtype=np.int16)
        size = max(position + piece.size for position, piece in pieces)  # the last to come need not be the last in time
        start = 0 if since is None else max(0, round((since - self.arrivals[0]) * SAMPLE_RATE))
        whole = np.zeros(max(0, size - start), dtype=np.int16)
        for position, piece in reversed(pieces):
            fitting = piece[max(0, start - position) :]
            place = max(0, position - start)
            whole[place : place + fitting.size] = fitting
        return whole


class MediaStream:
    """An RTP socket pair on `host`; sends as soon as it has been told where to (`connect`)."""

    def __init__(self, host: str, now: Callable[[], datetime]) -> None:
        self.host = host
        self.port = 0
        self.heard = Reception()
        self.source: Tone | Clip = Tone(0)
        self._now = now
        self._rtp: StampedSocket | None = None
        self._rtcp: asyncio.DatagramTransport | None = None
        self._remote: Address | None = None
        self._payload_type, self._event_type = PCMA, 101
        self._digits: deque[Digit] = deque()
        self._clock: asyncio.Task[None] | None = None
        self._ssrc, self._sequence = random.getrandbits(32), random.getrandbits(15)
        self._time, self._marker = random.getrandbits(31), True

    async def open(self) -> None:
        """Binds an even port and the odd one above it. Raises PortsTaken after 50 attempts."""
        loop = asyncio.get_running_loop()
        for _ in range(50):
            port = random.randrange(20000, 59998, 2)  # noqa: S311 (a port to try, no secret)
            try:
                self._rtp = StampedSocket((self.host, port), self._received)
            except OSError:
                continue
            try:
                self._rtcp, _ = await loop.create_datagram_endpoint(Sink, local_addr=(self.host, port + 1))
            except OSError:
                self._rtp.close()
                continue
            self.port = port
            return
        raise PortsTaken(f"no free pair of UDP ports on {self.host}")

    def connect(self, remote: Address, payload_type: int, event_type: int) -> None:
        """Starts sending to `remote`, or sends there from now on."""
        self._remote, self._payload_type, self._event_type = remote, payload_type, event_type
        if self._clock is None:
            self._clock = asyncio.create_task(self._run(), name="rtp-clock")

    def catch_up(self) -> None:
        """Hears now what has come so far: before a BYE is acted upon, or the last words before it are lost."""
        if self._rtp is not None:
            self._rtp.catch_up()

    async def close(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)
            self._clock = None
        for digit in self._digits:
            digit.ended.cancel()
        self._digits.clear()
        for end in (self._rtp, self._rtcp):
            if end is not None:
                end.close()

    async def press(self, digits: str) -> list[datetime]:
        """Presses keys one after the other (100 ms each, 100 ms apart); the instants at which each was let go.

        Raises ValueError for what is no key; CancelledError if the stream is closed meanwhile.
        """
        unknown = [digit for digit in digits if digit.upper() not in DTMF_EVENTS]
        if unknown:
            raise ValueError(f"no such key: {unknown[0]!r}")
        loop = asyncio.get_running_loop()
        pressed = [Digit(DTMF_EVENTS[digit.upper()], loop.create_future()) for digit in digits]
        self._digits.extend(pressed)
        return [await digit.ended for digit in pressed]

    # --- sending ---

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._tick()
            due += FRAME_S
            if loop.time() - due > LATE_S:
                due = loop.time()
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _tick(self) -> None:
        digit = self._digits[0] if self._digits else None
        frame = self.source.frame()
        if digit is None or digit.pause:
            self._send(self._payload_type, encode(self._payload_type, frame), self._time)
            if digit is not None:
                self._after_digit(digit)
        else:
            self._hold(digit)
        self._time = (self._time + FRAME) % 0x100000000

    def _hold(self, digit: Digit) -> None:
        """One 20 ms step of a key held down; every digit has the RTP time of its own beginning."""
        first = digit.started_at is None
        started = self._time if digit.started_at is None else digit.started_at
        digit.started_at = started
        digit.sent += FRAME
        last = digit.sent >= round(DIGIT_S * SAMPLE_RATE)
        payload = struct.pack("!BBH", digit.code, 0x80 | 10 if last else 10, digit.sent)
        self._marker = first
        for _ in range(END_PACKETS if last else 1):
            self._send(self._event_type, payload, started)
        if last:
            digit.pause = FRAME
            if not digit.ended.done():
                digit.ended.set_result(self._now())

    def _after_digit(self, digit: Digit) -> None:
        digit.pause += FRAME
        if digit.pause > round(DIGIT_PAUSE_S * SAMPLE_RATE):
            self._digits.popleft()

    def _send(self, payload_type: int, payload: bytes, timestamp: int) -> None:
        if self._rtp is None or self._remote is None:
            return
        packet = RtpPacket(
            payload_type=payload_type,
            marker=int(self._marker),
            sequence_number=self._sequence,
            timestamp=timestamp,
            ssrc=self._ssrc,
            payload=payload,
        )
        self._marker = False
        self._sequence = (self._sequence + 1) % 0x10000
        self._rtp.send(packet.serialize(), self._remote)

    # --- receiving ---

    def _received(self, data: bytes, at: float) -> None:
        if is_rtcp(data):
            return
        try:
            packet = RtpPacket.parse(data)
        except ValueError as exc:
            logger.warning("A datagram that is no RTP was dropped: %s", exc, extra={"action": "rtp_garbage"})
            return
        if packet.payload_type in (PCMA, PCMU):
            self.heard.take_sound(packet, decode(packet.payload_type, packet.payload), at)
        elif packet.payload_type == self._event_type:
            self.heard.take_event(packet, at)
