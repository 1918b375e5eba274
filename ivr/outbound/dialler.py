"""Claims due calls and makes one attempt at each (flow): permitted hours, do-not-call, lease, aftermath. FUP-6."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from config.destination import Destination
from config.ids import AgentId
from config.numbering import normalise
from config.schema import Queue
from crm.bookings.model import about
from crm.db.bookings.table import BookingTable
from crm.db.followups.due_calls import DueCallTable
from crm.errors import ClaimLost, IllegalTransition, StoreAway
from crm.followups.model import (
    FINAL,
    OTHER_PLACE,
    OWN_PLACE,
    REACHED,
    REFUSED,
    DialRules,
    DueCall,
    DueCallKind,
    Outcome,
    call_of_place,
    is_set_aside,
    next_attempt,
    next_permitted,
)
from crm.followups.words import fault_words
from crm.journal.events import PlaceHandedOn
from ivr.arrivals.reception import Reception
from ivr.caller.may_dial import EnoughDialled, NotPermitted
from ivr.live.call import Call
from ivr.live.hotline import Hotline
from ivr.outbound.accepts import Accepts
from ivr.outbound.attempt import Attempt, permit, permit_now
from ivr.outbound.flow import OUTCOMES, make_attempt
from ivr.outbound.queue_callback import call_in_turn
from ivr.outbound.visit_calls import OUTCOME_OF, VisitCall
from ivr.port.values import DialFailed, TelephonyDown

log = logging.getLogger(__name__)

LEASE_S = 12.0
UNSENT_RETRY_S = 60.0
"""A failure of ours or of the agent's is no attempt at the customer: it is tried again soon."""
SETTLE_RETRY_S = 0.5


def key_of_call(call: Call, destination: Destination, area_code: str) -> str:
    """The key of the callback that has this call's place; it tells whether the caller's own number is rung."""
    own = normalise(call.ani, area_code).normalised == destination.number
    return f"{OWN_PLACE if own else OTHER_PLACE}{call.id}"


class Dialler:
    """Runs the due calls of one controller. `tick` is called every second; it never waits for a call."""

    def __init__(
        self,
        hotline: Hotline,
        reception: Reception,
        table: DueCallTable,
        owner: str,
        bookings: BookingTable | None = None,
    ) -> None:
        self._hotline = hotline
        self._reception = reception
        self._table = table
        self._owner = owner
        self._bookings = bookings
        self._accepts = Accepts()
        self._running: set[int] = set()
        self._in_turn: set[int] = set()
        """Of those running: callbacks that keep their place in a queue."""
        self._keeping: set[asyncio.Task[Attempt | None]] = set()
        self._inherited = False
        outbound, zone = hotline.site.outbound, hotline.site.zone
        self._rules = {
            kind: DialRules(hours=outbound.hours_of(kind), zone=zone, attempts=outbound.attempts, gap_s=outbound.gap_s)
            for kind in DueCallKind
        }

    def accept(self, due_call: int, agent_id: AgentId) -> bool:
        """The agent pressed accept on the page."""
        return self._accepts.accept(due_call, agent_id)

    async def tick(self) -> None:
        """Claim what is due and start it. Does nothing while telephones, store or the journal's disk are away."""
        log.debug("Looking for due calls.", extra={"action": "due_tick"})
        if not (self._hotline.telephony.connected.is_set() and self._reception.reconciled):
            return
        if self._hotline.tickets.begins_nothing:
            return
        try:
            if not self._inherited:
                await self._table.inherit(self._owner, self._hotline.now())
                self._inherited = True
            claimed = await self._table.claim(
                self._owner, now=self._hotline.now(), lease_s=LEASE_S, limit=self._room(), running=self._running
            )
        except StoreAway as exc:
            log.warning("Due calls wait for the store: %s", exc, extra={"action": "due_store_away"})
            return
        for due in claimed:
            attempt = Attempt(self._hotline, self._table, self._accepts, due, self._reception.left_over(due.id))
            if due.kind is DueCallKind.QUEUE_CALLBACK and not due.resume:
                if not self._reception.gave_up_place(due.id, call_of_place(due.key)):
                    await self._give_up(due)
                    continue
            self._begin(attempt)

    async def keep_place(self, call: Call, queue: Queue, destination: Destination) -> bool:
        """See virtual_hold.PlaceKeeper. Who confirms the number and hangs up at once has the place all the same."""
        keeping = asyncio.create_task(self._keep_place(call, queue, destination), name=f"place of {call.id}")
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        try:
            return await asyncio.shield(keeping) is not None
        except asyncio.CancelledError:
            if not call.channel.gone and (attempt := await keeping):  # it is the caller's turn just now
                self._reception.end(attempt.call_id)
                await self._give_up(attempt.due)
            raise

    async def _keep_place(self, call: Call, queue: Queue, destination: Destination) -> Attempt | None:
        """The new place is in the line, and on record, before the caller's own is given up."""
        if not (self._inherited and call.state.queued_at):
            return None
        try:
            due = await self._table.keep_place(
                self._owner,
                number=destination.number,
                ticket=call.ticket,
                queue=queue.name,
                queued_at=call.state.queued_at,
                language=call.state.language,
                key=key_of_call(call, destination, self._hotline.site.area_code),
                now=self._hotline.now(),
                lease_s=LEASE_S,
            )
        except (StoreAway, ValueError) as exc:
            log.warning("A place cannot be kept: %s", exc, extra={"action": "place_not_kept", "call_id": call.id})
            return None
        if due is None:
            return None
        attempt = Attempt(self._hotline, self._table, self._accepts, due, None, hangs_up=call.channel)
        self._begin(attempt)
        await attempt.in_line.wait()
        at = self._hotline.now()
        handed_on = PlaceHandedOn(call_id=call.id, at=at, due_call=str(due.id), queue=queue.name)
        self._hotline.tickets.record(handed_on)
        return attempt

    def _begin(self, attempt: Attempt) -> None:
        log.info("A due call is claimed.", extra={"action": "due_claimed", "call_id": attempt.call_id})
        self._running.add(attempt.due.id)
        if attempt.due.kind is DueCallKind.QUEUE_CALLBACK:
            self._in_turn.add(attempt.due.id)
        self._reception.serve(attempt.call_id, self._run(attempt))

    async def _give_up(self, due: DueCall) -> None:
        """The caller waits on the line after all."""
        try:
            await self._table.cancel(due.id, "system")
        except (StoreAway, IllegalTransition) as exc:
            log.error("A callback nobody needs is still owed: %s", exc, extra={"action": "place_not_given_up"})

    def _room(self) -> int:
        """Reminders need no agent, but never more at once than there are agents to take a 0. Who waits in a queue for
        an agent takes no room."""
        return max(0, len(self._hotline.acd.agents()) - len(self._running - self._in_turn))

    async def _run(self, attempt: Attempt) -> None:
        due = attempt.due
        try:
            async with self._leased(due):
                await self._carry_out(attempt)
        except (ClaimLost, StoreAway, TelephonyDown) as exc:
            log.warning("A due call goes to whoever claims it next: %s", exc, extra={"action": "due_lost"})
        finally:
            self._running.discard(due.id)
            self._in_turn.discard(due.id)
            attempt.in_line.set()

    async def _carry_out(self, attempt: Attempt) -> None:
        """One attempt from the claim to its end on file. Raises ClaimLost, StoreAway, TelephonyDown."""
        due = attempt.due
        try:
            if not due.resume:
                await permit(attempt)
            if due.kind is not DueCallKind.QUEUE_CALLBACK:  # that one was asked for by the customer, a moment ago
                now = self._hotline.now()
                permitted = self._permitted(due, now)
                if permitted > now and not due.resume and attempt.left_over is None:
                    return await self._table.release(due, permitted)
                if not await self._know_visit(attempt):
                    return await self._settle(due, Outcome.TOO_LATE)
                if not due.resume:
                    await permit_now(attempt)
            outcome = await self._attempted(attempt)
            if outcome is Outcome.FAULT:  # no port, no channel: the customer was not rung
                return await self._after_fault(due, "no port for the audio, or no channel")
            await self._settle(due, outcome, sent=attempt.sent or due.resume)
        except EnoughDialled as exc:
            log.warning("A due call waits: %s", exc, extra={"action": "due_limit", "due_call": due.id})
            await self._table.release(due, self._permitted(due, exc.met.again_at))
        except NotPermitted as exc:
            log.warning("A due call is set aside: %s", exc, extra={"action": "due_not_permitted", "due_call": due.id})
            await self._settle(due, Outcome(exc.refused.reason))
        except (ClaimLost, StoreAway, TelephonyDown):
            raise
        except Exception as exc:
            log.exception("A due call failed by a fault of ours.", extra={"action": "due_fault", "due_call": due.id})
            await self._after_fault(due, fault_words(exc))

    async def _after_fault(self, due: DueCall, fault: str) -> None:
        """It is tried again soon, but not for ever: then it is set aside, and the supervisors are told."""
        faults, now = 1 + await self._faults(due), self._hotline.now()
        if not is_set_aside(faults):
            return await self._table.retry(due, Outcome.FAULT, now + timedelta(seconds=UNSENT_RETRY_S))
        log.error("A due call is set aside after %d faults.", faults, extra={"action": "due_set_aside"})
        await self._table.finish(due, Outcome.FAULT, now, fault=fault)

    async def _faults(self, due: DueCall) -> int:
        """How many attempts before this one failed by a fault of ours: those are none at the customer."""
        return sum(made.outcome == Outcome.FAULT for made in await self._table.attempts(due.id))

    def _permitted(self, due: DueCall, at: datetime) -> datetime:
        """`at`, or when calls of this kind are permitted next."""
        rules = self._rules[due.kind]
        return next_permitted(at, rules.hours, rules.zone)

    async def _know_visit(self, attempt: Attempt) -> bool:
        """The booking that the call is about, if it is about one; False when it is too late for the call."""
        due, subject = attempt.due, about(attempt.due.key)
        if subject is None or self._bookings is None:
            return True
        booking = await self._bookings.get(subject.booking)
        if booking is None:
            return False
        said = self._reception.said(due.id) if due.resume else None
        attempt.visit = VisitCall(booking, subject.purpose, due.queue, OUTCOME_OF[said] if said else None)
        return due.resume or not attempt.visit.too_late(self._hotline.now())

    async def _attempted(self, attempt: Attempt) -> Outcome:
        try:
            if attempt.due.kind is DueCallKind.QUEUE_CALLBACK and not attempt.due.resume:
                return await call_in_turn(attempt)
            return await make_attempt(attempt)
        except DialFailed as failed:  # not even a channel could be made
            attempt.sent = True
            return OUTCOMES[failed.reason]

    async def _settle(self, due: DueCall, outcome: Outcome, *, sent: bool = True) -> None:
        """Write the end of the attempt, for as long as it takes: a customer who was reached is not rung again."""
        while True:
            now = self._hotline.now()
            try:
                if not sent and outcome not in REFUSED:
                    return await self._table.release(due, now + timedelta(seconds=UNSENT_RETRY_S))
                again = self._next(due, outcome, due.attempts - await self._faults(due), now)
                if again:
                    return await self._table.retry(due, outcome, again)
                return await self._table.finish(due, outcome, now)
            except StoreAway as exc:
                log.error("An attempt waits for the store: %s", exc, extra={"action": "due_unsettled"})
                await asyncio.sleep(SETTLE_RETRY_S)

    def _next(self, due: DueCall, outcome: Outcome, made: int, now: datetime) -> datetime | None:
        if due.kind is not DueCallKind.QUEUE_CALLBACK:
            return next_attempt(outcome, made, now, self._rules[due.kind])
        if outcome in REACHED or outcome in FINAL or made >= self._rules[due.kind].attempts:
            return None
        rules = self._hotline.site.queue(due.queue).wait or self._hotline.site.wait
        return now + timedelta(seconds=rules.callback_retry_s)

    @asynccontextmanager
    async def _leased(self, due: DueCall) -> AsyncIterator[None]:
        """Keeps the claim while the attempt lasts."""
        keeper = asyncio.create_task(self._keep(due), name=f"lease of due call {due.id}")
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])

    async def _keep(self, due: DueCall) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            try:
                await self._table.renew(due, self._hotline.now(), LEASE_S)
            except StoreAway as exc:
                log.warning("A lease waits for the store: %s", exc, extra={"action": "lease_store_away"})
            except ClaimLost as exc:
                log.error("A claim was lost: %s", exc, extra={"action": "claim_lost"})
                return
