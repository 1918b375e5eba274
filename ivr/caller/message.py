"""Leaving a message, and the apology after a fault (flow): no caller meets a dead end. TEL-6, TKT-1."""

import logging

from crm.journal.events import CallRouted, MessageLeft
from crm.journal.steps import HangUp
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.port.values import TelephonyError

log = logging.getLogger(__name__)


async def take_message(hotline: Hotline, call: Call) -> None:
    """Ask for a message and record it until `#`, silence, hang-up or the site's limit."""
    if not hotline.space.allows("messages"):
        return note_no_message(hotline, call, "apology-error", "goodbye")
    await call.channel.say(["leave-message", "beep"])
    name = f"{call.ticket}_{call.id}.wav"
    rules = hotline.site.recording
    said = await call.channel.record_message(
        hotline.data.messages / name, max_s=rules.message_max_s, silence_s=rules.message_silence_s
    )
    at = hotline.now()
    if said.duration_s > 0:
        hotline.tickets.record(MessageLeft(call_id=call.id, at=at, file=name, duration_s=said.duration_s))
    else:
        note_no_message(hotline, call, "goodbye")


def note_no_message(hotline: Hotline, call: Call, *words: str) -> None:
    """Nothing was said, or the disk has no room for it (OPS-7)."""
    outcome = call.state.outcome or "no_message"
    then = HangUp(words)
    hotline.tickets.record(CallRouted(call_id=call.id, at=hotline.now(), then=then, why="no_message", outcome=outcome))


async def apologise(call: Call) -> None:
    """Say words, not silence, after a fault of ours. What fails here as well is logged, and the call ends."""
    try:
        if not call.channel.gone and call.state.answered:
            await call.channel.say(["apology-error"])
    except TelephonyError as exc:
        log.error("The apology could not be played: %s", exc, extra={"action": "no_apology", "call_id": call.id})
