"""The tasks of all calls (flow): one per call, begun by an arrival, or by what is alive after a (re)connect. D2, A3.

What Asterisk has is compared with what this process serves and what the journal says. Alive and served: nothing to do;
alive and on record: adopted; alive and unknown: a new call; on record and gone: closed; a leg or bridge of no call: a
ghost, taken down one after the other.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from config.ids import BridgeId, CallId, ChannelId
from crm.events import CallEnded
from ivr.adoption import adopt_inbound, hold_agent
from ivr.call import call_id_of, owner_of
from ivr.call_flow import handle_inbound
from ivr.history import CallFacts, History
from ivr.hotline import Hotline
from ivr.offer import Partner
from ivr.telephony import Arrival, LiveChannel, Snapshot, TelephonyError

log = logging.getLogger(__name__)

DUE_MARK = "due-"
"""How the ids of outbound calls begin (crm.followups.model.channel_id)."""


@dataclass(frozen=True)
class LeftOver:
    """An outbound call found alive, until its due call is claimed again. `partner`: an agent talking in it."""

    facts: CallFacts
    partner: Partner | None


class Reception:
    """Starts call tasks and knows which calls are being served."""

    def __init__(self, hotline: Hotline, history: History) -> None:
        self._hotline = hotline
        self._history = history
        self._tasks: dict[CallId, asyncio.Task[None]] = {}
        self._left_over: dict[CallId, LeftOver] = {}

    @property
    def calls(self) -> int:
        """How many calls are being served."""
        return len(self._tasks)

    def arrive(self, arrival: Arrival) -> None:
        """A channel entered our application: an inbound call, served by a task of its own.

        A replayed arrival of a call that is on record already (its message was found first) is that call, not another.
        """
        call_id = call_id_of(arrival.channel.id)
        if call_id in self._history.seen:
            log.info("A call on record arrived again.", extra={"action": "call_replayed", "call_id": call_id})
        elif arrival.role == "inbound":
            self._history.seen.add(call_id)
            self.serve(call_id, handle_inbound(self._hotline, arrival))
        else:
            self.serve(call_id, turn_away(arrival))

    def left_over(self, call_id: CallId) -> LeftOver | None:
        """What a controller that died left of an outbound call, once: whoever asks takes it over."""
        self._history.calls.pop(call_id, None)
        return self._left_over.pop(call_id, None)

    def serve(self, call_id: CallId, flow: Coroutine[Any, Any, None]) -> None:
        """Run a flow as the one task of this call; a second one for the same call is refused."""
        if call_id in self._tasks:
            flow.close()
            log.warning("A call was named twice.", extra={"action": "call_named_twice", "call_id": call_id})
            return
        task = asyncio.create_task(flow, name=call_id)
        self._tasks[call_id] = task
        task.add_done_callback(lambda done: self._finished(call_id, done))

    async def reconnect(self, snapshot: Snapshot) -> None:
        """Bring calls, journal and telephone system together again after each connect."""
        for live in snapshot.channels:
            if live.role == "inbound" and call_id_of(live.channel_id) not in self._tasks:
                self._take_up(live, snapshot)
        alive = {channel.channel_id for channel in snapshot.channels}
        for facts in list(self._history.calls.values()):
            if facts.channel_id not in alive:
                self._close(facts)
            elif facts.direction == "outbound":
                partner = hold_agent(self._hotline, facts, snapshot)
                self._left_over[facts.call_id] = LeftOver(facts, partner)
        await self._lay_ghosts(snapshot)

    async def close(self) -> None:
        """End every call: the system is being stopped."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    def _take_up(self, live: LiveChannel, snapshot: Snapshot) -> None:
        channel = self._hotline.telephony.adopt_channel(live)
        call_id = call_id_of(live.channel_id)
        facts = self._history.calls.pop(call_id, None)
        if facts:
            partner = hold_agent(self._hotline, facts, snapshot)
            self.serve(call_id, adopt_inbound(self._hotline, facts, channel, partner, snapshot))
        else:  # its StasisStart was lost with the old connection (D2)
            self.arrive(
                Arrival(
                    channel=channel,
                    role="inbound",
                    dnis=live.dnis,
                    ani=live.ani,
                    name=live.name,
                    invited_at=live.created_at,
                    entered_at=live.created_at,
                )
            )

    def _close(self, facts: CallFacts) -> None:
        """The caller left while no controller was there; the ticket exists, and now it has an end."""
        if facts.call_id in self._tasks:
            return
        self._history.calls.pop(facts.call_id, None)
        if facts.direction == "outbound":
            outcome = "answered" if facts.bridge_id else "not_reached"
        else:
            outcome = "answered" if facts.bridge_id else "abandoned_queue" if facts.queue else "abandoned_menu"
        end = CallEnded(call_id=facts.call_id, at=self._hotline.now(), ended_by="caller", outcome=outcome)
        self._hotline.tickets.record(end)

    async def _lay_ghosts(self, snapshot: Snapshot) -> None:
        """Serially: many deletions at once right after a reconnect have crashed Asterisk (faults A2)."""
        telephony = self._hotline.telephony
        try:
            for channel in snapshot.channels:
                owner = owner_of(channel.channel_id)
                if channel.role == "dialled" and owner not in self._tasks and not self._waits(channel.channel_id):
                    log.warning("A leg without a call is hung up.", extra={"action": "ghost_leg", "call_id": owner})
                    await telephony.adopt_channel(channel).hangup()
            for bridge in snapshot.bridges:
                if owner_of(bridge.bridge_id) not in self._tasks and not self._waits(bridge.bridge_id):
                    await telephony.adopt_bridge(bridge).destroy()
        except TelephonyError as exc:
            log.error("Ghosts could not be laid: %s", exc, extra={"action": "ghosts_left"})

    def _waits(self, leg: ChannelId | BridgeId) -> bool:
        """This leg or bridge belongs to an outbound call that is to be taken over: the customer's, or a talk's."""
        if left_over := self._left_over.get(owner_of(leg)):
            partner = left_over.partner
            return leg == left_over.facts.channel_id or partner is not None
        return leg.startswith(DUE_MARK) and leg.endswith(".customer")  # prepared, not yet on record

    def _finished(self, call_id: CallId, task: asyncio.Task[None]) -> None:
        del self._tasks[call_id]
        if not task.cancelled() and (failure := task.exception()):
            log.error(
                "A call task failed beyond its flow.",
                exc_info=failure,
                extra={"action": "call_task_failed", "call_id": call_id},
            )


async def turn_away(arrival: Arrival) -> None:
    """An agent's own telephone may not dial out through us: outbound calls are made from the desk (deny by default)."""
    await arrival.channel.answer()
    await arrival.channel.say(["apology-error"])
    await arrival.channel.hangup()
