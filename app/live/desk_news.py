"""What an agent's page is told of a call (CUS-2): the screen pop at the moment of the offer, then how the call goes on.

The card is looked up while the telephone begins to ring; a slow store costs the card, never the pop.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.live.acd_view import LiveAcd
from app.process.page_faults import PageFaults
from app.web.api.common.shown import agent_changed, shaped
from app.web.http.contract import TalkOut, TalkStatus
from app.web.wire.desk import DeskHub
from app.web.wire.desk_messages import CallChanged, CallStage, EndedBy, Pop, PopCustomer, PopTicket, ScreenPop
from config.ids import AgentId
from config.schema import Line, Site
from config.values.hours import SpecialDays
from crm.calls.open_calls import OpenCalls
from crm.calls.state import CallState
from crm.cases.organisation import Organisation
from crm.customers.model import Customer
from crm.db.store import Store
from crm.errors import StoreAway
from crm.journal.events import (
    AgentAnswered,
    AgentLeft,
    AgentMissed,
    AgentOffered,
    AgentStateChanged,
    CallAdopted,
    CallEnded,
    CallEvent,
    SupervisorJoined,
    TalkStarted,
)
from crm.regulation.calendar import festival_of
from crm.seen.opening import opened
from crm.tickets.model import TicketRow
from ivr.words.greeting import greeting
from routing.agent import AgentState

log = logging.getLogger(__name__)

TICKETS_SHOWN = 5
"""Of a caller, besides the one of this call."""

CARD_TIMEOUT_S = 0.3
"""How long a pop waits for the store (300 ms: the budget of the call path)."""


@dataclass(frozen=True)
class Card:
    """What the store knows: who calls, what they called about before, and why a callback is due."""

    customer: Customer | None = None
    tickets: tuple[TicketRow, ...] = ()
    open_cases: tuple[TicketRow, ...] = ()
    """One of these the call may be about: the agent merges it."""
    reason: str | None = None


class TalkNews(Protocol):
    """How talks stand, as the pages are told."""

    def talk(self, call_id: str) -> TalkOut | None:
        """Now; None when nobody talks in that call."""

    async def standing(self, call_id: str) -> TalkOut:
        """As soon as both parties hear each other, or the talk was taken up again. Cancelled with the call."""


class DeskNews:
    """Turns call events into messages for the agent's desk."""

    def __init__(
        self,
        site: Site,
        store: Store,
        hub: DeskHub,
        calls: OpenCalls,
        acd: LiveAcd,
        talks: TalkNews,
        organisation: Organisation,
        days: SpecialDays,
        faults: PageFaults,
    ) -> None:
        self._site = site
        self._faults = faults
        self._organisation = organisation
        self._days = days
        self._acd = acd
        self._talks = talks
        self._store = store
        self._hub = hub
        self._calls = calls
        self._pops: set[asyncio.Task[None]] = set()
        self._found: dict[str, asyncio.Task[None]] = {}
        """Of each adopted call: who waits for its talk to be put right."""
        self._talk_since: dict[tuple[str, str], datetime] = {}
        """By call and agent."""

    def offered(self, event: AgentOffered) -> None:
        """The screen pop, at the moment of the offer."""
        self._pop(event, event.agent)
        self._progress(event, event.agent, "ringing")

    def talk_started(self, event: TalkStarted) -> None:
        self._progress(event, event.agent, "talking")

    def missed(self, event: AgentMissed) -> None:
        self._progress(event, event.agent, "ended")

    def agent_left(self, event: AgentLeft) -> None:
        self._progress(event, event.agent, "ended")

    def adopted(self, event: CallAdopted) -> None:
        """A new controller took the talk over: a page opened since then knows nothing of it."""
        self._pop(event, event.agent)
        if event.agent:
            self._found[event.call_id] = self._in_background(self._found_again(event, event.agent))

    async def _found_again(self, event: CallAdopted, agent: str) -> None:
        """How the talk stands, once its task has put it right."""
        talk = await self._talks.standing(event.call_id)
        if talk.agent == agent:
            self._progress(event, agent, "hold" if talk.held else "talking")

    def supervisor_joined(self, event: SupervisorJoined) -> None:
        """The card moves to the supervisor's desk; on the agent's the call is over."""
        if event.mode == "takeover":
            self._pop(event, event.supervisor)
            if event.agent:
                self._progress(event, event.agent, "ended", "system")

    def _pop(self, event: CallEvent, agent: str | None) -> None:
        call = self._calls.of(event.call_id)
        if call and agent:
            self._in_background(self._show(call, agent, event.at))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._pops.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._pops.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            self._faults.note(fault, "pop_failed")

    async def _show(self, call: CallState, agent: str, at: datetime) -> None:
        """Shows the pop with its card; when the store is slow, the pop at once and the card as soon as it comes."""
        late = asyncio.get_running_loop().call_later(CARD_TIMEOUT_S, self._go_ahead, call, agent, at)
        try:
            card = await self._card(call, agent)
        except Exception as exc:  # Whatever is wrong with the card, the agent hears of the call.
            self._faults.note(exc, "card_failed", agent=agent, call_id=call.call_id)
            card = Card()
        finally:
            late.cancel()
        if self._calls.of(call.call_id):
            self._publish(call, agent, at, card)

    def _go_ahead(self, call: CallState, agent: str, at: datetime) -> None:
        log.warning("A pop goes ahead of its card.", extra={"action": "pop_without_card", "agent": agent})
        self._publish(call, agent, at, Card())

    def _publish(self, call: CallState, agent: str, at: datetime, card: Card) -> None:
        line = self._line(call)
        queue = self._site.queue(call.queue) if call.queue else None
        pop = Pop(
            kind="callback" if call.due_call and call.asks else "inbound",
            due_call=call.due_call if call.asks else None,
            language=call.language,
            line=line.kind if line else None,
            line_title=line.title if line else call.dnis,
            queue=call.queue,
            queue_title=queue.title if queue else None,
            came_from=list(call.came_from),
            ani=opened(call.number),
            number_display=opened(call.number),
            greeting=self.greeting_text(agent, at),
            waited_s=(at - call.queued_at).total_seconds() if call.queued_at else None,
            reason=opened(card.reason),
            customer=opened(shaped(PopCustomer, card.customer, id=str(card.customer.id))) if card.customer else None,
            open_cases=[shaped(PopTicket, ticket) for ticket in card.open_cases],
            tickets=[shaped(PopTicket, ticket) for ticket in card.tickets],
        )
        self._hub.publish(agent, ScreenPop(call=call.call_id, ticket=call.ticket, pop=pop))

    async def _card(self, call: CallState, agent: str) -> Card:
        """Without what this agent may not see (LNE-6)."""
        store = self._store
        sight = self._organisation.sight(agent, self._site.agent(agent).role)
        try:
            customer, tickets, cases = await store.cards.of_offer(
                call.number, TICKETS_SHOWN, sight, without=call.ticket
            )
            due = await store.due_calls.get(int(call.due_call)) if call.due_call else None
        except StoreAway:
            log.warning("A pop goes without its card.", extra={"action": "pop_without_card"})
            return Card()
        return Card(customer, tickets, cases, due.note if due else None)

    def greeting_text(self, agent: str, at: datetime) -> str:
        """TEL-3, TEL-4: “您好！{单位}，我是客服{工号}号，很高兴为您服务！”."""
        local = at.astimezone(self._site.zone)
        first = greeting(local, festival_of(local.date(), self._days), self._site.greetings)
        return f"{self._site.prompts[first].zh.rstrip('。！')}！{self._site.name}，我是客服{agent}号，很高兴为您服务！"

    def _line(self, call: CallState) -> Line | None:
        kind = call.line
        return self._site.line_for(call.dnis) or next((line for line in self._site.lines if line.kind == kind), None)

    def _progress(self, event: CallEvent, agent: str, state: CallStage, ended_by: EndedBy | None = None) -> None:
        call, talk = self._calls.of(event.call_id), self._talks.talk(event.call_id)
        if call:
            talk_since = self._talk_began(event, agent, state)
            goes_on = talk is not None and talk.agent == agent and state != "ended"
            self._hub.publish(
                agent,
                CallChanged(
                    call=event.call_id,
                    ticket=call.ticket,
                    direction=call.direction,
                    state=state,
                    since=event.at,
                    talk_since=talk_since,
                    ended_by=ended_by,
                    talk=opened(shaped(TalkStatus, talk)) if talk and goes_on else None,
                ),
            )

    def _talk_began(self, event: CallEvent, agent: str, state: CallStage) -> datetime | None:
        """Since when the agent has had the talk: a page opened in the middle of it shows the same clock (TEL-8)."""
        key = (event.call_id, agent)
        if state == "talking":
            return self._talk_since.setdefault(key, event.at)
        return self._talk_since.get(key) if state == "hold" else self._talk_since.pop(key, None)

    def answered(self, event: AgentAnswered) -> None:
        """The caller is greeted already; in a callback the customer is only now being dialled."""
        call = self._calls.of(event.call_id)
        if call and not call.due_call:
            self._progress(event, event.agent, "talking")

    def ended(self, event: CallEnded) -> None:
        if found := self._found.pop(event.call_id, None):
            found.cancel()
        call = self._calls.of(event.call_id)
        for agent in call.on_pages if call else ():
            self._progress(event, agent, "ended", event.ended_by)

    def talk_changed(self, event: CallEvent) -> None:
        """Hold, transfer, recording: the page of the agent in the talk shows how it stands (TEL-5)."""
        talk = self._talks.talk(event.call_id)
        if talk and talk.agent:
            self._progress(event, talk.agent, "hold" if talk.held else "talking")

    def agent_state(self, event: AgentStateChanged) -> None:
        agent, state = AgentId(event.agent), AgentState(event.state)
        self._hub.publish_state(agent, state, lambda: agent_changed(self._acd.agent(agent), self._site))
