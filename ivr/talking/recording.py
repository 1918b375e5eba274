"""The recording of a talk (flow): one file for each party that talks with the caller, all on the ticket. TEL-10.

Whoever hears an agent's talk, for a spot check or a complaint, hears that agent's and nobody else's; so a call that is
handed over goes on in a new file, begun before the old one ends: no word is lost (docs/adr/0017).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path

from crm.journal.events import CallNoted, OutsideTalkStarted, RecordingPaused, RecordingResumed, TalkStarted
from ivr.live.hotline import Hotline
from ivr.live.talks import LiveTalk, Refused
from ivr.port.telephony import Bridge
from ivr.port.values import TelephonyError

log = logging.getLogger(__name__)


async def begin_recording(hotline: Hotline, live: LiveTalk, bridge: Bridge) -> str | None:
    """The file's name; None when it cannot be written, which is on the ticket."""
    call = live.call
    if not hotline.space.allows("recordings"):
        note_unrecorded(hotline, live)
        return None
    name = hotline.recording_name(call.ticket, call.id, call.state.talks + 1)
    try:
        await bridge.start_recording(hotline.data.recordings / name)
    except TelephonyError as exc:
        log.error("A talk is not recorded: %s", exc, extra={"action": "recording_failed", "call_id": call.id})
        hotline.tickets.record(
            CallNoted(call_id=call.id, at=hotline.now(), action="recording_failed", text="录音未能开始")
        )
        return None
    return name


async def record_talk(hotline: Hotline, live: LiveTalk, bridge: Bridge) -> None:
    """Record what the caller and the present partner say, from now on. One that cannot be recorded goes on unrecorded,
    and the ticket says so."""
    call, partner, before = live.call, live.partner, live.recording
    name = await begin_recording(hotline, live, bridge) if hotline.site.recording.enabled else None
    live.recording, live.recording_paused, live.paused_for_space = name, False, False
    started: TalkStarted | OutsideTalkStarted
    if partner.agent_id:
        started = TalkStarted(
            call_id=call.id,
            at=hotline.now(),
            agent=partner.agent_id,
            agent_channel_id=partner.leg.id,
            bridge_id=bridge.id,
            recording=name,
        )
    else:
        started = OutsideTalkStarted(
            call_id=call.id,
            at=hotline.now(),
            number=partner.number or "",
            channel_id=partner.leg.id,
            bridge_id=bridge.id,
            recording=name,
        )
    hotline.tickets.record(started)
    if before:
        await bridge.stop_recording(hotline.data.recordings / before)


def note_unrecorded(hotline: Hotline, live: LiveTalk) -> None:
    """On the ticket: the disk has no room."""
    note = CallNoted(call_id=live.call_id, at=hotline.now(), action="recording_failed", text="磁盘空间不足，录音停止")
    hotline.tickets.record(note)


async def pause_for_space(hotline: Hotline) -> None:
    """Pause all recordings that are being made: the disk is needed for the calls. OPS-7"""

    async def pause(live: LiveTalk) -> None:
        await pause_recording(hotline, live)
        live.paused_for_space = True
        note_unrecorded(hotline, live)

    await _ask_all([live for live in hotline.talks if live.recording and not live.recording_paused], pause)


async def resume_after_space(hotline: Hotline) -> None:
    """Go on with those that `pause_for_space` paused."""

    async def resume(live: LiveTalk) -> None:
        live.paused_for_space = False
        await resume_recording(hotline, live)

    await _ask_all([live for live in hotline.talks if live.paused_for_space], resume)


async def _ask_all(talks: Iterable[LiveTalk], work: Callable[[LiveTalk], Awaitable[None]]) -> None:
    """Of each talk's own task; a talk that has ended or changed meanwhile has no need of it any more."""

    async def ask(live: LiveTalk) -> None:
        try:
            await live.ask(partial(work, live))
        except (Refused, TelephonyError) as exc:
            log.warning("A recording was left as it is: %s", exc, extra={"action": "recording_left"})

    await asyncio.gather(*(ask(live) for live in talks))


async def pause_recording(hotline: Hotline, live: LiveTalk) -> None:
    """For what must not be on record: a card number, a password. Raises Refused."""
    if live.recording_paused:
        raise Refused("the recording is paused already")
    bridge, path = _recorded(hotline, live)
    await bridge.pause_recording(path)
    live.recording_paused = True
    hotline.tickets.record(RecordingPaused(call_id=live.call_id, at=hotline.now(), agent=live.agent_id))


async def resume_recording(hotline: Hotline, live: LiveTalk) -> None:
    """Raises Refused."""
    if not live.recording_paused:
        raise Refused("the recording is not paused")
    if not hotline.space.allows("recordings"):
        raise Refused("the disk has no room for recordings")
    bridge, path = _recorded(hotline, live)
    await bridge.resume_recording(path)
    live.recording_paused = live.paused_for_space = False
    hotline.tickets.record(RecordingResumed(call_id=live.call_id, at=hotline.now(), agent=live.agent_id))


def _recorded(hotline: Hotline, live: LiveTalk) -> tuple[Bridge, Path]:
    if live.bridge is None or live.recording is None:
        raise Refused("this talk is not being recorded")
    return live.bridge, hotline.data.recordings / live.recording
