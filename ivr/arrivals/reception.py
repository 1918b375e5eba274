"""The tasks of all calls (flow): one per call, begun by an arrival, or by what is alive after a (re)connect. D2, A3.

What Asterisk has is compared with what this process serves and what the journal says. Alive and served: nothing to do;
alive and on record: adopted; alive and unknown: a new call; on record and gone: closed; a leg or bridge of no call: a
ghost, taken down one after the other.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.ids import BridgeId, CallId, ChannelId
from crm.calls.open_calls import OpenCall
from crm.calls.progress import outcome_of
from crm.calls.state import CallState
from crm.journal.events import CallEnded
from crm.journal.steps import Wait
from ivr.arrivals.adoption import adopt_inbound, supervisor_lost
from ivr.arrivals.call_admission import CallAdmission
from ivr.arrivals.history import History
from ivr.live.call import call_id_of, only_supervises, owner_of
from ivr.live.hotline import Hotline
from ivr.live.parties import NO_TALK, HeldTalk, Partner
from ivr.port.admission import Admission
from ivr.port.telephony import Arrival
from ivr.port.values import LiveChannel, Snapshot, TelephonyError
from ivr.talking.held_talk import hold_talk

log = logging.getLogger(__name__)


def place_token(due_call: int | str) -> CallId:
    """What the ACD expects after a restart, before it gives an agent away: the kept place of this callback."""
    return CallId(f"place-of-due-{due_call}")


BACK_IN_PLACE_S = 2.0
"""So long at most no agent is given away while calls that were queued take their places again."""


@dataclass(frozen=True)
class LeftOver:
    """An outbound call of a controller that died, until its due call is claimed again.

    `held`: who talks in it. `ended`: it was over when this controller came, and that is on record.
    """

    call: OpenCall
    held: HeldTalk = NO_TALK
    ended: bool = False

    @property
    def state(self) -> CallState:
        return self.call.state

    @property
    def partner(self) -> Partner | None:
        """Who talks with the customer."""
        return self.held.partner


class Reception:
    """Starts call tasks and knows which calls are being served."""

    def __init__(
        self, hotline: Hotline, history: History, *, new_asterisk: bool = False, admission: Admission | None = None
    ) -> None:
        """`new_asterisk`: it was started just now, so that no call of `history` can have outlived the one before."""
        self.admission = CallAdmission(hotline, admission)
        self._hotline = hotline
        self._history = history
        self._new_asterisk = new_asterisk
        self._connected_at: datetime | None = None
        self._tasks: dict[CallId, asyncio.Task[None]] = {}
        self._left_over: dict[str, LeftOver] = {}
        """By due call."""
        self.on_arrival: Callable[[str], None] = lambda sip_call_id: None
        """Told of each arrival by the Call-ID of its INVITE."""
        self.reconciled = False
        """It is known what an earlier controller left: before that, nothing new is begun."""

    @property
    def calls(self) -> int:
        """How many calls are being served."""
        return len(self._tasks)

    @property
    def in_setup(self) -> int:
        """How many calls have arrived, and neither wait nor talk yet."""
        return max(0, len(self._tasks) - len(self._hotline.talks) - self._hotline.acd.in_line)

    def arrive(self, arrival: Arrival) -> None:
        """A channel entered our application: an inbound call, served by a task of its own.

        A replayed arrival of a call that is on record already (its message was found first) is that call, not another.
        """
        call_id = call_id_of(arrival.channel.id)
        self.on_arrival(arrival.sip_call_id)
        if call_id in self._history.seen or call_id in self._history.leaving_message:
            log.info("A call on record arrived again.", extra={"action": "call_replayed", "call_id": call_id})
        elif arrival.role == "inbound":
            self._history.seen.add(call_id)
            self.serve(call_id, self.admission.flow_for(arrival, self.in_setup, self._connected_at))
        else:
            self.serve(call_id, turn_away(arrival))

    def gave_up_place(self, due_call: int, call_id: CallId) -> bool:
        """False: a queue callback whose caller never heard of it, and still waits: its controller died in between."""
        return call_id not in self._tasks or str(due_call) in self._history.kept_places

    def left_over(self, due_call: int) -> LeftOver | None:
        """What a controller that died left of a due call's last attempt, once: whoever asks takes it over."""
        return self._left_over.pop(str(due_call), None)

    def said(self, due_call: int) -> str | None:
        """What the customer pressed in a due call, as far as the journal of controllers before this one tells."""
        return self._history.said.get(str(due_call))

    def serve(self, call_id: CallId, flow: Coroutine[Any, Any, None]) -> None:
        """Run a flow as the one task of this call; a second one for the same call is refused."""
        if call_id in self._tasks:
            flow.close()
            log.warning("A call was named twice.", extra={"action": "call_named_twice", "call_id": call_id})
            return
        task = asyncio.create_task(flow, name=call_id)
        self._tasks[call_id] = task
        task.add_done_callback(lambda done: self._finished(call_id, done))

    def end(self, call_id: CallId) -> None:
        """Stop serving a call that has no leg yet."""
        if task := self._tasks.get(call_id):
            task.cancel()

    async def reconnect(self, snapshot: Snapshot) -> None:
        """Bring calls, journal and telephone system together again after each connect."""
        self._connected_at = self._hotline.now()
        found = [live for live in snapshot.channels if live.role == "inbound"]
        found = [live for live in found if call_id_of(live.channel_id) not in self._tasks]
        places = [place_token(due_call) for due_call in self._history.kept_places]
        self._hotline.acd.expect([*self._queued(found), *places], BACK_IN_PLACE_S)
        for live in found:
            self._take_up(live, snapshot)
        alive = {channel.channel_id for channel in snapshot.channels}
        for call in self._unserved():
            lives = call.state.channel_id in alive
            if not lives:
                self._close(call.state)
            if call.state.due_call:
                held = hold_talk(self._hotline, call.state, snapshot) if lives else NO_TALK
                self._left_over[call.state.due_call] = LeftOver(call, held, ended=not lives)
        self.reconciled = True
        await self._take_down_strays(snapshot)

    async def close(self) -> None:
        """End every call: the system is being stopped."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    def _unserved(self) -> list[OpenCall]:
        """Open calls of a controller that died, before they are taken over."""
        left = {left.state.call_id for left in self._left_over.values()}
        calls = self._hotline.tickets.calls
        return [call for call in calls if call.state.call_id not in self._tasks and call.state.call_id not in left]

    def _queued(self, found: list[LiveChannel]) -> list[CallId]:
        """Those of the calls found that waited in a queue: the first of them is to have the first agent again."""
        states = [self._hotline.tickets.calls.of(call_id_of(live.channel_id)) for live in found]
        return [each.call_id for each in states if each and isinstance(each.plan, Wait) and not each.bridge_id]

    def _take_up(self, live: LiveChannel, snapshot: Snapshot) -> None:
        channel = self._hotline.telephony.adopt_channel(live)
        call_id = call_id_of(live.channel_id)
        self.on_arrival(live.sip_call_id)
        if call_id in self._hotline.tickets.calls:
            call = self._hotline.tickets.calls.get(call_id)
            held = hold_talk(self._hotline, call.state, snapshot)
            self.serve(call_id, adopt_inbound(self._hotline, call, channel, held, snapshot))
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
                    sip_call_id=live.sip_call_id,
                )
            )

    def _close(self, state: CallState) -> None:
        """The caller left while no controller was there; the ticket exists, and now it has an end."""
        supervisor_lost(self._hotline, state)
        end = CallEnded(
            call_id=state.call_id,
            at=self._hotline.now(),
            ended_by="system" if self._new_asterisk else "caller",
            outcome="dropped_by_system" if self._new_asterisk else outcome_of(state),
        )
        self._hotline.tickets.record(end)

    async def _take_down_strays(self, snapshot: Snapshot) -> None:
        """Serially: many deletions at once right after a reconnect have crashed Asterisk (faults A2)."""
        telephony = self._hotline.telephony
        try:
            for channel in snapshot.channels:
                dialled = channel.role == "dialled"
                call_id = owner_of(channel.channel_id) if dialled else call_id_of(channel.channel_id)
                if call_id not in self._tasks and not self._waits(call_id, channel.channel_id):
                    log.warning("A leg without a call is hung up.", extra={"action": "ghost_leg", "call_id": call_id})
                    await telephony.adopt_channel(channel).hangup()
            for bridge in snapshot.bridges:
                call_id = owner_of(bridge.bridge_id)
                if call_id not in self._tasks and not self._waits(call_id, bridge.bridge_id):
                    await telephony.adopt_bridge(bridge).destroy()
        except TelephonyError as exc:
            log.error("Ghosts could not be laid: %s", exc, extra={"action": "ghosts_left"})

    def _waits(self, call_id: CallId, leg: ChannelId | BridgeId) -> bool:
        """This leg or bridge belongs to an outbound call that is to be taken over: the customer's, or a talk's."""
        left_over = next((left for left in self._left_over.values() if left.state.call_id == call_id), None)
        if left_over is None:
            return False
        if only_supervises(leg):
            return left_over.partner is not None and leg == left_over.partner.leg.id  # a supervisor who took over
        return leg == left_over.state.channel_id or left_over.partner is not None

    def _finished(self, call_id: CallId, task: asyncio.Task[None]) -> None:
        del self._tasks[call_id]
        self.admission.over(call_id)
        self._hotline.acd.expect_no_more(call_id)
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
