"""Leaving a message, and the apology after a fault (flow): no caller meets a dead end. TEL-6, TKT-1."""

import logging

from crm.journal.events import MessageLeft
from ivr.call import Call, Step
from ivr.hotline import Hotline
from ivr.telephony import TelephonyError

log = logging.getLogger(__name__)


async def leave_message(hotline: Hotline, call: Call) -> None:
    """Ask for a message, record it until `#`, silence or the site's limit, and confirm it."""
    call.enter(Step.MESSAGE)
    ending = call.outcome
    await call.channel.say(["leave-message", "beep"])
    name = f"{call.ticket}_{call.id}.wav"
    rules = hotline.site.recording
    said = await call.channel.record_message(
        hotline.data.messages / name, max_s=rules.message_max_s, silence_s=rules.message_silence_s
    )
    if said.duration_s > 0:
        at = hotline.now()
        hotline.tickets.record(MessageLeft(call_id=call.id, at=at, file=name, duration_s=said.duration_s))
    outcome = "message" if said.duration_s > 0 else "no_message"
    call.finish(ending or outcome, "caller" if call.channel.gone else "system")
    if not call.channel.gone:
        await call.channel.say(["message-saved", "goodbye"] if said.duration_s > 0 else ["goodbye"])


async def apologise(call: Call) -> None:
    """After a fault of ours: words, not silence. What fails here as well is logged, and the call ends."""
    try:
        if not call.channel.gone and call.step is not Step.RINGING:
            await call.channel.say(["apology-error"])
    except TelephonyError as exc:
        log.error("The apology could not be played: %s", exc, extra={"action": "no_apology", "call_id": call.id})
