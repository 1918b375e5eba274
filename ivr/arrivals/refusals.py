"""Calls that are refused, each with its ticket (flow): by us at our limit, and by Asterisk before it was a channel."""

import hashlib
import logging
from datetime import timedelta
from typing import Literal

from config.ids import CallId, ChannelId
from crm.journal.events import CallEnded, CallOutcome
from ivr.live.hotline import Hotline
from ivr.port.numbers import clean_name, clean_number
from ivr.port.telephony import Arrival
from ivr.port.values import TelephonyError
from ivr.sip.invites import Unserved

log = logging.getLogger(__name__)

OWN_FAULT = 500
"""From this SIP status on Asterisk could not, below it would not."""


async def refuse(hotline: Hotline, arrival: Arrival, outcome: CallOutcome, *, recorded: bool = True) -> None:
    """Busy at once (503, for the channel was not answered), and a ticket all the same. `recorded` False: this number
    has enough of them (`ivr.port.caps`)."""
    if recorded:
        channel_id, at = arrival.channel.id, arrival.invited_at
        call_id = hotline.open_inbound(channel_id, dnis=arrival.dnis, ani=arrival.ani, name=arrival.name, at=at)
        _end(hotline, call_id, outcome)
    try:
        await arrival.channel.hangup("congestion")
    except TelephonyError as exc:
        log.error(
            "A refused call was not hung up: %s",
            exc,
            extra={"action": "refusal_late", "channel_id": arrival.channel.id},
        )


def record_unserved(hotline: Hotline, unserved: Unserved, ago_s: float) -> CallId:
    """The ticket of a call that Asterisk ended by itself, `ago_s` seconds after its INVITE. Its id is made from the
    Call-ID, of which nothing else is kept. TKT-1"""
    invited = unserved.invited
    channel_id = ChannelId(f"sip-{hashlib.sha256(invited.call_id).hexdigest()[:24]}")
    dnis, ani, name = clean_number(invited.dnis), clean_number(invited.ani), clean_name(invited.name)
    at = hotline.now() - timedelta(seconds=ago_s)
    call_id = hotline.open_inbound(channel_id, dnis=dnis, ani=ani, name=name, at=at)
    if unserved.cancelled:
        _end(hotline, call_id, "abandoned_ringing", by_caller=True)
    else:
        _end(hotline, call_id, "refused_overload" if unserved.status >= OWN_FAULT else "refused_unsupported")
    log.warning(
        "A call was refused by Asterisk (SIP %s) and is on record.",
        unserved.status or "without an answer",
        extra={"action": "call_unserved", "call_id": call_id},
    )
    return call_id


def _end(hotline: Hotline, call_id: CallId, outcome: CallOutcome, *, by_caller: bool = False) -> None:
    ended_by: Literal["caller", "system"] = "caller" if by_caller else "system"
    hotline.tickets.record(CallEnded(call_id=call_id, at=hotline.now(), ended_by=ended_by, outcome=outcome))
