"""The telephony port (flow): what may be asked of the telephone system. No Asterisk here.

Implemented by `ivr.ari.telephony` (real) and `tests.fakes.telephony` (unit tests); one contract suite runs on both.

Values and errors are in `ivr.port.values`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from config.destination import Destination, DialPermit
from config.ids import BridgeId, ChannelId
from config.values.fields import Language
from ivr.port.values import Digit, LiveBridge, LiveChannel, PromptsFinished, RecordingResult, Snapshot, TransferWish

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A channel that entered our application. `invited_at` is its creation (the INVITE), not the delivery of the event;
    `entered_at` is when it entered the application (StasisStart's own timestamp).

    `role`: "inbound" from a trunk; "agent" from an agent's own telephone.
    """

    channel: "Channel"
    role: Literal["inbound", "agent"]
    dnis: str
    ani: str
    name: str
    invited_at: datetime
    entered_at: datetime
    sip_call_id: str = ""
    """Of the INVITE; its first 255 bytes."""


class Playback(Protocol):
    """A running playback of one or more prompts, one after the other."""

    async def finished(self) -> None:
        """Wait for the end. Raises ChannelGone, PlaybackFailed (also by the watchdog)."""

    async def stop(self) -> None:
        """End it now (barge-in). Does nothing when it has ended or the party has gone."""


class Channel(Protocol):
    """One leg. Every method raises ChannelGone when the party has hung up, TelephonyDown when nothing answers."""

    @property
    def id(self) -> ChannelId: ...

    @property
    def gone(self) -> bool:
        """The party has hung up."""

    @property
    def leaving(self) -> bool:
        """The party has hung up, or has been hung up by us a moment ago."""

    @property
    def gone_at(self) -> datetime | None:
        """When the party hung up, by the telephone system's clock."""

    @property
    def dropped(self) -> bool:
        """Nobody hung up: the telephone system itself died, and with it this leg."""

    async def ring(self) -> None:
        """Send ringing (180). No music before answer: it would be silence."""

    async def answer(self) -> datetime:
        """Answer and wait for Up; the instant it was Up. Also clears the fallback timer of the dialplan (D2)."""

    async def take_over(self) -> None:
        """Clear the dialplan's fallback timer: from here on the controller answers for this channel (D2)."""

    def use_language(self, language: Language) -> None:
        """From now on prompts are played in this language, where they have a sound in it; else in Mandarin."""

    async def start_playback(self, prompts: Sequence[str]) -> Playback:
        """Play prompt ids one after the other; returns as soon as it has begun."""

    async def say(self, prompts: Sequence[str]) -> None:
        """Play prompt ids to the end. Digits pressed meanwhile stay in the mailbox (type-ahead).

        A prompt that cannot be played is logged as an alarm and passed over: the caller goes on.
        """

    async def say_goodbye(self, prompts: Sequence[str]) -> None:
        """Play prompt ids, after which the telephone system hangs up, also without us. As soon as the last of them
        begins the party has left, as far as we are concerned: out of its bridge, and gone."""

    async def next_input(self, playback: Playback | None, timeout_s: float | None) -> Digit | PromptsFinished | None:
        """The next digit, or the end of `playback` (also a failed one), whichever is first; None after `timeout_s`."""

    def expect_digits(self, expected: bool) -> None:
        """Whether keys are for us. In a talk they are the other party's, and none is kept.

        True as a channel begins; what was typed before is forgotten each time.
        """

    async def next_transfer(self) -> TransferWish:
        """The next time this party's telephone asks for a transfer. Never returns if it does not."""

    async def transfer_progress(self, progress: Literal["accepted", "done", "failed"]) -> None:
        """Tell the telephone that asked how its transfer goes; after "done" and "failed" it hears no more of it."""

    async def start_music(self) -> None:
        """Music on hold, for callers who wait. Only after answer."""

    async def stop_music(self) -> None: ...

    async def hush(self) -> None:
        """Stop music and prompts that a controller which died left playing on this adopted channel."""

    async def record_message(self, path: Path, *, max_s: float, silence_s: float) -> RecordingResult:
        """Record what the party says until `#`, silence, `max_s` or hang-up, to a WAV at `path`.

        Hang-up is no ChannelGone here: what was said counts.
        """

    async def hangup(self, reason: Literal["normal", "busy", "no_answer", "congestion"] = "normal") -> None:
        """Hang up; does nothing (no ChannelGone) when the party has gone already."""

    def wait_gone(self) -> Awaitable[None]:
        """Done when the party hangs up (no ChannelGone: that is what was waited for)."""

    async def until(self, awaitable: Awaitable[T], timeout_s: float | None = None) -> T:
        """Await something else while this party stays: ChannelGone when it leaves first, TimeoutError when time is up.

        The awaitable is cancelled in both cases.
        """


class DialledChannel(Channel, Protocol):
    """A leg that we dial."""

    async def dial(self, permit: DialPermit, ring_timeout_s: float) -> None:
        """Send the INVITE of a channel made by `prepare_out`; does nothing when it has been dialled already (D6).

        ValueError when the permit is for another channel: each is good for one INVITE (FUP-10).
        """

    async def answered(self) -> datetime:
        """Wait for the answer; its instant. Raises DialFailed."""

    @property
    def ringing_at(self) -> datetime | None:
        """When the party's telephone began to ring, if it did."""


class Bridge(Protocol):
    """Mixes legs into one talk."""

    @property
    def id(self) -> BridgeId: ...

    async def add(self, *channels: Channel) -> None:
        """Bring answered channels in, out of the bridge they are in. Raises ChannelGone with the id of who has left.

        Who hangs up at this very moment may still be let in: `wait_gone` tells next.
        """

    async def remove(self, channel: Channel) -> None:
        """Take a party out, who stays our party; does nothing when it is not in. Raises ChannelGone."""

    async def start_ringing(self) -> None:
        """Let those who are in hear a ring tone, until `stop_ringing`."""

    async def stop_ringing(self) -> None:
        """Does nothing when nothing rings."""

    async def start_recording(self, path: Path) -> None:
        """Record the talk to a WAV at `path` (TEL-10). Several may run side by side."""

    async def pause_recording(self, path: Path) -> None:
        """What is said from now on is not in the file. Raises TelephonyError when there is no such recording."""

    async def resume_recording(self, path: Path) -> None:
        """Undoes `pause_recording`. Raises TelephonyError when there is no such recording."""

    async def stop_recording(self, path: Path) -> None:
        """End this recording and return when its file is complete; does nothing when it has ended."""

    async def destroy(self) -> None:
        """Take it down; does nothing when it is gone. Hang up the legs first (design D3)."""


ArrivalHandler = Callable[[Arrival], None]
ConnectHandler = Callable[[Snapshot], Awaitable[None]]


class Telephony(Protocol):
    """The telephone system."""

    @property
    def legs(self) -> int:
        """How many legs there are now, agents' telephones left out: each takes audio ports that others cannot have."""

    async def serve(self, on_arrival: ArrivalHandler, on_connect: ConnectHandler) -> None:
        """Run until cancelled.

        `on_connect` is awaited after each (re)connect with what is alive, before any arrival of that connection is
        delivered (channels known from before that are not alive any more are marked gone first). Then `on_arrival` is
        called once per channel that enters; a channel in a snapshot is never delivered as an arrival as well (one call,
        however often it is named).
        """

    async def dial_agent(
        self, agent_id: str, *, channel_id: ChannelId, caller_id: str, ring_timeout_s: float
    ) -> DialledChannel:
        """Ring an agent's telephone. Returns once the request is accepted; raises DialFailed if it has no telephone."""

    async def prepare_out(self, destination: Destination, *, channel_id: ChannelId, caller_id: str) -> DialledChannel:
        """Make a customer's channel through the trunk without dialling it (ARI create); `dial()` sends the INVITE.

        Two steps, because a call is not transactional (D6): the channel exists under its known id before the store says
        `dialling`, so that after a crash a missing channel can only mean that it was dialled and has ended.
        An existing channel of that id is adopted. A `Destination` has passed the outbound rule: nothing else is dialled
        (FUP-10).
        """

    async def snoop(self, channel: Channel, *, snoop_id: ChannelId, whisper: bool) -> Channel:
        """A leg, answered already, that hears all that the party of `channel` says and is told (QUA-5).

        Bridge it with whoever shall listen. What goes into it is heard by nobody, or, with `whisper`, by that party
        alone. It is gone when the party is. Raises ChannelGone when the party has left.
        """

    async def create_bridge(self, bridge_id: BridgeId) -> Bridge: ...

    async def find_channel(self, channel_id: ChannelId) -> LiveChannel | None:
        """Look one channel up; None when it does not exist (D6)."""

    def adopt_channel(self, channel: LiveChannel) -> DialledChannel:
        """The channel object of one found in a snapshot (of any role)."""

    def adopt_bridge(self, bridge: LiveBridge) -> Bridge: ...

    @property
    def connected(self) -> asyncio.Event:
        """Set while commands can be sent."""

    def status(self) -> dict[str, object]:
        """For `/status`: `{"ok": bool, …}`."""
