"""The recording of a talk (flow): one file for each party that talks with the caller, all on the ticket. TEL-10.

Whoever hears an agent's talk, for a spot check or a complaint, hears that agent's and nobody else's; so a call that is
handed over goes on in a new file, begun before the old one ends: no word is lost (docs/adr/0017).
"""

import logging
from pathlib import Path

from crm.journal.events import CallNoted, OutsideTalkStarted, RecordingPaused, RecordingResumed, TalkStarted
from ivr.live.hotline import Hotline
from ivr.live.talks import LiveTalk, Refused
from ivr.port.telephony import Bridge
from ivr.port.values import TelephonyError

log = logging.getLogger(__name__)


async def record_talk(hotline: Hotline, live: LiveTalk, bridge: Bridge) -> None:
    """Record what the caller and the present partner say, from now on. One that cannot be recorded goes on unrecorded,
    and the ticket says so."""
    call, partner, before = live.call, live.partner, live.recording
    name = (
        hotline.recording_name(call.ticket, call.id, call.state.talks + 1) if hotline.site.recording.enabled else None
    )
    if name:
        try:
            await bridge.start_recording(hotline.data.recordings / name)
        except TelephonyError as exc:
            log.error("A talk is not recorded: %s", exc, extra={"action": "recording_failed", "call_id": call.id})
            hotline.tickets.record(
                CallNoted(call_id=call.id, at=hotline.now(), action="recording_failed", text="录音未能开始")
            )
            name = None
    live.recording, live.recording_paused = name, False
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
    bridge, path = _recorded(hotline, live)
    await bridge.resume_recording(path)
    live.recording_paused = False
    hotline.tickets.record(RecordingResumed(call_id=live.call_id, at=hotline.now(), agent=live.agent_id))


def _recorded(hotline: Hotline, live: LiveTalk) -> tuple[Bridge, Path]:
    if live.bridge is None or live.recording is None:
        raise Refused("this talk is not being recorded")
    return live.bridge, hotline.data.recordings / live.recording
