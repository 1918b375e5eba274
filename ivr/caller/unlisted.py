"""Calls to a number that no line of the site has: served all the same (D11), but told. LNE-1.

Either the site lacks a line or the trunk calls it by a number that cannot be read; callers hear the hotline's menu
instead of their line's, which nobody would notice.
"""

import logging

from config.ids import CallId
from crm.journal.events import CallNoted
from ivr.live.hotline import Hotline
from ivr.port.telephony import Arrival

log = logging.getLogger(__name__)


def tell_unlisted(hotline: Hotline, call_id: CallId, arrival: Arrival, served_by: str) -> None:
    """In the log, on `/status` and on the ticket's timeline; `served_by` is the title of the line that serves it."""
    hotline.unlisted.add(arrival.dnis)
    log.warning(
        "No line has the number dialled, %r; served by %s.",
        arrival.dnis,
        served_by,
        extra={"action": "dnis_unlisted", "call_id": call_id},
    )
    text = f"所拨号码 {arrival.dnis or '（无）'} 不是本站任何一条线路的号码，由“{served_by}”接听"
    hotline.tickets.record(CallNoted(call_id=call_id, at=arrival.entered_at, action="dnis_unlisted", text=text))
