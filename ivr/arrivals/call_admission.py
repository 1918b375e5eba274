"""Decides of each inbound call whether it is served (flow): by who calls, by room and by load. TEL-1, OPS-7

Refused or not, it is on record, as far as its number's share of the record goes (`ivr.port.caps`).
"""

import asyncio
import logging
import math
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from config.ids import CallId
from ivr.arrivals.refusals import record_unserved, refuse
from ivr.call_flow import handle_inbound
from ivr.live.call import call_id_of
from ivr.live.hotline import Hotline
from ivr.port.admission import Admission
from ivr.port.caps import Caps
from ivr.port.numbers import clean_number
from ivr.port.telephony import Arrival
from ivr.sip.invites import Unserved

log = logging.getLogger(__name__)

REFUSALS_A_LINE = 100
"""In the log; each is on its ticket."""


class CallAdmission:
    """Knows who was let in. `load` decides by Asterisk's speed and ports, `caps` by numbers, lines and the trunk."""

    def __init__(self, hotline: Hotline, load: Admission | None = None) -> None:
        rules = hotline.site.admission
        self.load = load or Admission(rules.command_latency_s, rules.calls_in_setup)
        self.caps = Caps(
            *(rules.per_caller_at_once, rules.per_caller_a_minute, rules.calls_a_minute),
            *(rules.per_line_at_once or math.inf, rules.trunk_at_once or math.inf),
        )
        self._hotline = hotline
        self._begun: dict[CallId, tuple[str, str | None]] = {}
        """Those that were let in, until their tasks end: who calls, on which line."""

    def flow_for(self, arrival: Arrival, in_setup: int, connected_at: datetime | None) -> Coroutine[Any, Any, None]:
        """What becomes of a caller, who is let in or not. `connected_at`: one who arrived before then has waited."""
        now, legs = asyncio.get_running_loop().time(), self._hotline.telephony.legs
        live = self._live()
        if self._hotline.tickets.begins_nothing:  # nor is there room for a refusal's ticket
            self.caps.unrecorded += 1
            return refuse(self._hotline, arrival, "refused_overload", recorded=False)
        line = listed.kind if (listed := self._hotline.site.line_for(arrival.dnis)) else None
        fits = self.caps.fits(1 + sum(kind == line for _, kind in live), legs)
        if not fits or not self.caps.admits(now, arrival.ani, sum(ani == arrival.ani for ani, _ in live)):
            return refuse(self._hotline, arrival, "refused_too_many", recorded=self.caps.records(now, arrival.ani))
        if not self._hotline.space.allows("calls"):
            return refuse(self._hotline, arrival, "refused_overload")
        waited = connected_at is None or arrival.invited_at < connected_at
        refusal = self.load.ask(now, in_setup, legs, waited=waited)
        if refusal is None:
            self._begun[call_id_of(arrival.channel.id)] = (arrival.ani, line)
            return handle_inbound(self._hotline, arrival)
        if self.load.refused % REFUSALS_A_LINE == 1:
            log.warning("Calls are refused (%s).", refusal.value, extra={"action": "calls_refused"})
        return refuse(self._hotline, arrival, "refused_overload")

    def _live(self) -> list[tuple[str, str | None]]:
        """Numbers and lines of calls that came in: also of those that have come in this very step, and are on record
        in the next. Numbers that are no line's are one together."""
        calls = self._hotline.tickets.calls
        on_record = [(call.state.ani, call.state.line) for call in calls if call.state.direction == "inbound"]
        return on_record + [new for call_id, new in self._begun.items() if call_id not in calls]

    def over(self, call_id: CallId) -> None:
        """The task of this call has ended."""
        self._begun.pop(call_id, None)

    def status(self, now: float) -> dict[str, object]:
        """For the status page. `now`: monotonic seconds."""
        return {**self.load.status(now), **self.caps.status()}

    def put_on_record(self, unserved: Unserved, ago_s: float) -> None:
        """A call that Asterisk ended by itself, `ago_s` seconds after its INVITE."""
        number = clean_number(unserved.invited.ani)
        if self._hotline.tickets.begins_nothing:
            self.caps.unrecorded += 1
        elif self.caps.records(asyncio.get_running_loop().time(), number):
            record_unserved(self._hotline, unserved, ago_s)
