"""What a telephone system tells, as values, and what may go wrong with it (rules). No Asterisk here.

TelephonyError
├── ChannelGone        that party has hung up: an expected branch, never a fault
├── DialFailed         the party dialled did not answer; `reason` says why
├── PlaybackFailed     a prompt could not be played (missing file, watchdog)
└── TelephonyDown      the telephone system does not answer commands in time
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Literal

from config.ids import BridgeId, ChannelId


class TelephonyError(Exception):
    """Root of everything a telephone system can answer instead of doing what was asked."""


class ChannelGone(TelephonyError):
    """The party of this channel has hung up (ARI 404, StasisEnd, ChannelDestroyed)."""

    def __init__(self, channel_id: ChannelId) -> None:
        super().__init__(f"channel {channel_id} has hung up")
        self.channel_id = channel_id


class DialOutcome(Enum):
    """Why a dialled party did not answer, from the Q.850 cause."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    CONGESTED = "congested"
    """The call was never sent: no audio port, no channel. The system's own fault, not that of the party."""


class DialFailed(TelephonyError):
    """A dialled party was not reached. `cause` is the Q.850 number, 0 when there was none."""

    def __init__(self, channel_id: ChannelId, reason: DialOutcome, cause: int) -> None:
        super().__init__(f"channel {channel_id} was not answered: {reason.value} (cause {cause})")
        self.channel_id = channel_id
        self.reason = reason
        self.cause = cause


class PlaybackFailed(TelephonyError):
    """A prompt was not played to its end: its file is missing, or the watchdog gave up on it."""


class TelephonyDown(TelephonyError):
    """No answer to a command in time, or no connection: the telephone system is away."""


@dataclass(frozen=True, kw_only=True)
class Digit:
    """One key press (DTMF), at the instant the telephone system saw its end. It may be part of a secret: whoever shows
    or logs a `Digit` shows when, never which."""

    digit: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, kw_only=True)
class TransferWish:
    """A party's own telephone asks to hand the other party on (SIP REFER). `to` is the user part of the address asked
    for; `with_channel` another leg of that telephone here, whose party is meant (an attended transfer), or None."""

    to: str
    with_channel: ChannelId | None = None


@dataclass(frozen=True, kw_only=True)
class PromptsFinished:
    """What was being played has been heard to its end."""


@dataclass(frozen=True, kw_only=True)
class RecordingResult:
    """A finished recording. `duration_s` is 0.0 when nothing was said."""

    path: Path
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class LiveChannel:
    """A channel found alive after a (re)connect."""

    channel_id: ChannelId
    role: Literal["inbound", "agent", "dialled"]
    up: bool
    prepared: bool = False
    """Made by `prepare_out`, whether dialled by now or not."""
    dnis: str
    ani: str
    name: str
    created_at: datetime
    sip_call_id: str = ""


@dataclass(frozen=True, kw_only=True)
class LiveBridge:
    """A bridge found alive after a (re)connect, with the legs in it."""

    bridge_id: BridgeId
    channel_ids: tuple[ChannelId, ...]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What is alive in the telephone system right now, of our application."""

    channels: tuple[LiveChannel, ...]
    bridges: tuple[LiveBridge, ...]
