"""Captures of RTP that SIPp plays into a call: a key as RFC 4733 tells it, a tone. Made here; nothing is recorded.

SIPp replaces addresses and ports with the call's own; times, sequence numbers and payload stay.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.phone.sound.audio import FRAME, Samples, tone
from app.phone.sound.g711 import PCMA, encode

FRAME_S = 0.02
EVENT_TYPE = 101
EVENTS = "0123456789*#"
VOLUME = 10
END_PACKETS = 3
KEY_FRAMES = 5
SOURCE = 0x53616E78
BEGINS_S = 1  # SIPp takes a time of nought for "not sent yet" and would send the second packet with the first

_FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_ETHERNET = bytes(12) + b"\x08\x00"


@dataclass(frozen=True)
class Packet:
    """An RTP packet, and when it is sent: seconds after the capture's start."""

    at_s: float
    rtp: bytes


@dataclass(frozen=True)
class KeyPress:
    """A capture in which one key is pressed; `let_go_s` after its start the key's end is sent."""

    path: Path
    let_go_s: float


def write_key(path: Path, digit: str, lead_s: float = 0.2) -> KeyPress:
    """`lead_s` of silence, then `digit` for 0.1 s."""
    lead_frames = round(lead_s / FRAME_S)
    packets = [*_audio(_silence(lead_frames), first=0), *_key(digit, first=lead_frames)]
    _write(path, packets)
    return KeyPress(path, (lead_frames + KEY_FRAMES) * FRAME_S)


def write_tone(path: Path, hz: float, seconds: float) -> Path:
    """A tone that goes on where a key's capture ended: same source, later numbers."""
    _write(path, list(_audio(tone(hz, seconds), first=1000)))
    return path


def _silence(frames: int) -> Samples:
    return tone(1000, frames * FRAME_S, level_dbfs=-120)


def _audio(samples: Samples, first: int) -> Iterator[Packet]:
    for index in range(samples.size // FRAME):
        frame = samples[index * FRAME : (index + 1) * FRAME]
        number = first + index
        yield Packet(index * FRAME_S, _rtp(8, number, number * FRAME, marker=index == 0) + encode(PCMA, frame))


def _key(digit: str, first: int) -> Iterator[Packet]:
    """RFC 4733 §2.5.1: one timestamp for the whole event, growing duration, the end told three times."""
    event, began = EVENTS.index(digit), first * FRAME
    for index in range(KEY_FRAMES + END_PACKETS):
        ended = index >= KEY_FRAMES
        duration = min(index + 1, KEY_FRAMES) * FRAME
        payload = struct.pack("!BBH", event, VOLUME | (0x80 if ended else 0), duration)
        at_s = (first + min(index, KEY_FRAMES)) * FRAME_S
        yield Packet(at_s, _rtp(EVENT_TYPE, first + index, began, marker=index == 0) + payload)


def _rtp(kind: int, number: int, timestamp: int, *, marker: bool) -> bytes:
    return struct.pack("!BBHII", 0x80, kind | (0x80 if marker else 0), number, timestamp, SOURCE)


def _write(path: Path, packets: list[Packet]) -> None:
    with path.open("wb") as file:
        file.write(_FILE_HEADER)
        for packet in packets:
            frame = _ETHERNET + _ip(packet.rtp)
            seconds, fraction = divmod(round((BEGINS_S + packet.at_s) * 1_000_000), 1_000_000)
            file.write(struct.pack("<IIII", seconds, fraction, len(frame), len(frame)) + frame)


def _ip(payload: bytes) -> bytes:
    udp = struct.pack("!HHHH", 6000, 6000, 8 + len(payload), 0) + payload
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), bytes(4))
    return header + udp
