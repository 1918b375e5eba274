"""Wires the call path: what serves calls, above any telephone system, below any page.

Tests give it their own telephones, clock and ticket service, and wire nothing of it by hand.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.live.acd_view import EVENTS, WISHED
from config.ids import AgentId
from config.paths import DataDir
from config.schema import Site
from config.values.hours import SpecialDays
from crm.db.store import Store
from crm.journal.events import AgentStateChanged, Event
from crm.journal.journal import Journal
from crm.use_cases.by_clock.callers import Callers, Strangers
from crm.use_cases.tickets import Tickets
from ivr.arrivals.history import History
from ivr.arrivals.reception import Reception
from ivr.live.dial_ledger import DialLedger
from ivr.live.hotline import Hotline
from ivr.outbound.dialler import Dialler
from ivr.port.admission import Admission
from ivr.port.space import Space
from ivr.port.telephony import Telephony
from routing.acd import Acd
from routing.agent import AfterCall, Agent, AgentState
from routing.queue import Ranking
from routing.site_rules import queue_rules, skills_of

Clock = Callable[[], datetime]
TicketsMaker = Callable[..., Tickets]
"""Called as `Tickets` is: journal, zone, who is told, the calls that are open."""


@dataclass(frozen=True)
class CallPath:
    """What serves calls. `history`: what the journal tells of the time before this controller."""

    hotline: Hotline
    history: History
    reception: Reception


def wire_call_path(
    site: Site,
    data: DataDir,
    telephony: Telephony,
    journal: Journal,
    publish: Callable[[Event], None],
    *,
    now: Clock,
    ours: Callable[[datetime], datetime] = lambda at: at,
    days: SpecialDays | None = None,
    history: History | None = None,
    callers: Callers | None = None,
    admission: Admission | None = None,
    new_asterisk: bool = False,
    make_tickets: TicketsMaker = Tickets,
) -> CallPath:
    """Nothing is served yet; belongs to the running event loop. `publish` hears of each event and must not block.

    `ours`: as of Hotline. `days`: the special days, None: those of the site's files. `callers` None: nobody is known.
    `new_asterisk` and `admission` are as of Reception.
    """
    history = history or History()
    dialled = DialLedger(site.outbound, site.zone)
    for event in history.dialled:
        dialled.hear(event)

    def told(event: Event) -> None:
        dialled.hear(event)
        publish(event)

    tickets = make_tickets(journal, site.zone, told, history.calls)
    acd = make_acd(site, tickets, history, now)
    days = site.special_days if days is None else days
    space = Space(site.disk)
    known = callers or Strangers()
    hotline = Hotline(site, data, telephony, acd, tickets, now, days, ours, dialled, known, space=space)
    for closed in history.closed.values():
        hotline.closed.put(closed)
    reception = Reception(hotline, history, new_asterisk=new_asterisk, admission=admission)
    return CallPath(hotline, history, reception)


def make_dialler(path: CallPath, store: Store, owner: str) -> Dialler:
    """Who carries due calls out, and keeps places where there is a trunk to call back by. `owner`: names this
    process."""
    dialler = Dialler(path.hotline, path.reception, store.due_calls, owner, store.bookings)
    if path.hotline.site.trunk.outbound:
        path.hotline.virtual_hold.plug_in(dialler)
    return dialler


def make_acd(site: Site, tickets: Tickets, history: History, now: Clock) -> Acd:
    """The ACD with the site's queues and the agents as they were; each change of an agent is recorded."""

    def changed(agent: Agent) -> None:
        tickets.record(state_event(agent, now()))

    acd = Acd(
        [queue_rules(queue) for queue in site.queues],
        now=now,
        call_later=asyncio.get_running_loop().call_later,
        changed=changed,
        skills={AgentId(agent.id): skills_of(agent) for agent in site.agents},
        ranking=Ranking(site.routing.ageing_s),
    )
    for agent_id, last in history.agents.items():
        wish = AfterCall(EVENTS[last.wish], last.wish_reason, last.wish_by) if last.wish else None
        acd.restore(agent_id, AgentState(last.state), last.reason, last.until, wish)
    return acd


def state_event(agent: Agent, at: datetime) -> AgentStateChanged:
    """How an agent stands, for the journal."""
    wish = agent.wish
    return AgentStateChanged(
        at=at,
        agent=agent.agent_id,
        state=agent.state.value,
        reason=agent.reason,
        call_id=agent.call_id,
        until=agent.until,
        by=agent.by,
        wish=wish and WISHED[wish.event],
        wish_reason=wish and wish.reason,
        wish_by=wish and wish.by,
    )
