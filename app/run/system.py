"""The composition root: builds one running hotline from its parts. Every subscription and wire is in this file."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from time import monotonic

from app.channels.attachments import AttachmentFiles
from app.channels.mailbox import MailRoom
from app.channels.webhooks import HookSender
from app.figures.live import LiveFigures
from app.live.acd_view import EVENTS, WISHED, LiveAcd
from app.live.desk_news import DeskNews
from app.live.floor import LiveFloor
from app.live.missed_offers import MissedOffers
from app.live.pace_keeper import PaceKeeper
from app.live.talk_desk import TalkDesk
from app.process.bus import Bus
from app.process.clock import utc_now
from app.process.clock_steps import ClockSteps
from app.process.options import UpOptions
from app.process.page_faults import PageFaults
from app.web.api.messages.messages import tell_message
from app.web.http.services import Services
from app.web.wire.desk import DeskHub
from config.ids import AgentId
from config.loading.prompt_files import prompt_seconds
from config.schema import Site
from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.journal.events import AgentStateChanged
from crm.journal.journal import Journal, Position
from crm.journal.segments import segment_name
from crm.regulation.policy import Regulated
from crm.use_cases.by_clock.callers import KnownCallers
from crm.use_cases.by_clock.case_watch import Watch
from crm.use_cases.by_clock.days import RunningCalendar
from crm.use_cases.cases import CaseService
from crm.use_cases.intake import Intake
from crm.use_cases.tickets import Tickets
from ivr.ari.telephony import AriTelephony
from ivr.ari.wire.socket import AriSocket, SocketAddress
from ivr.arrivals.history import History, recall
from ivr.arrivals.reception import Reception
from ivr.live.hotline import Hotline
from ivr.outbound.dialler import Dialler
from ivr.pbx.ports import room_for
from ivr.pbx.process import AsteriskProcess
from ivr.port.admission import Admission
from ivr.talking.supervision import Supervision
from routing.acd import Acd
from routing.agent import Agent, AgentState, Wish
from routing.queue import Ranking
from routing.site_rules import queue_rules, skills_of

RECALLED = timedelta(days=1)
"""How far back the journal is read at start: no call lasts longer."""


@dataclass
class System:
    """The parts of a running hotline."""

    options: UpOptions
    site: Site
    pbx: AsteriskProcess
    journal: Journal
    store: Store
    calendar: RunningCalendar
    telephony: AriTelephony
    hotline: Hotline
    history: History
    reception: Reception
    dialler: Dialler
    projector: Projector
    hub: DeskHub
    faults: PageFaults
    figures: LiveFigures
    acd: LiveAcd
    talks: TalkDesk
    floor: LiveFloor
    supervision: Supervision
    callers: KnownCallers
    cases: CaseService
    watch: Watch
    intake: Intake
    mail_room: MailRoom | None
    hooks: HookSender
    clock_steps: ClockSteps

    def status(self) -> Mapping[str, Mapping[str, object]]:
        """For `/status`: every part, and whether it is up."""
        pbx, ari = self.pbx.status(), self.telephony.status()
        store, behind = self.store.status(), self.projector.status()
        return {
            "asterisk": {**pbx, "up": pbx["ok"]},
            "ari": {**ari, "up": ari["ok"]},
            "journal": self.journal.status(),
            "store": {**store, **behind, "up": store["up"] and behind["up"]},
            "calls": {
                "up": True,
                "served": self.reception.calls,
                "in_setup": self.reception.in_setup,
                "unlisted_dnis": self.hotline.unlisted.calls,
                "last_unlisted_dnis": self.hotline.unlisted.last,
            },
            **({"mailbox": self.mail_room.status()} if self.mail_room else {}),
            "pages": self.faults.status(),
            "calendar": {"up": True, "unknown_year": self.calendar.unknown_year(self._today())},
            "admission": self.reception.admission.status(asyncio.get_running_loop().time()),
            "clock": self.clock_steps.status(),
        }

    def _today(self) -> date:
        return utc_now().astimezone(self.site.zone).date()

    def services(self, token: str, secrets: Mapping[str, str]) -> Services:
        """What the web server is given."""
        facts = self.pbx.facts
        return Services(
            site=self.site,
            data=self.options.data,
            store=self.store,
            intake=self.intake,
            calendar=self.calendar,
            acd=self.acd,
            talks=self.talks,
            floor=self.floor,
            hub=self.hub,
            faults=self.faults,
            figures=self.figures,
            cases=self.cases,
            status=self.status,
            clock=utc_now,
            local_token=token,
            telephone_secret=lambda agent: secrets.get(agent),
            sip_address=f"{facts.sip_host}:{facts.sip_port}",
            secure_cookie=self.options.certificate is not None,
            due_call_accepted=lambda due_call, agent: self.dialler.accept(int(due_call), agent),
        )


def build(options: UpOptions, site: Site, pbx: AsteriskProcess, journal: Journal, store: Store) -> System:
    """Wire everything; nothing runs yet. Belongs to the running event loop."""
    since = segment_name((utc_now() - RECALLED).date())
    past = [event for _, event in journal.read(Position(since, 0))]
    history = recall(past)
    faults = PageFaults(utc_now)
    bus = Bus(faults)
    figures = LiveFigures(site, journal, utc_now)
    figures.subscribe(bus)
    hub = DeskHub(utc_now)
    tickets = Tickets(journal, site.zone, bus.publish, history.calls)
    acd = make_acd(site, tickets, history)
    missed = MissedOffers(site.zone, utc_now, past)
    missed.subscribe(bus)
    rules = site.admission
    telephones = sum(agent.telephone for agent in site.agents)
    room = room_for(pbx.facts.rtp_first, pbx.facts.rtp_last, telephones, rules.reserved_legs)
    admission = Admission(rules.command_latency_s, rules.calls_in_setup, room)
    telephony = make_telephony(options, site, pbx, admission)
    callers = KnownCallers(store.callers, site.area_code, utc_now)
    hotline = Hotline(site, options.data, telephony, acd, tickets, utc_now, callers)
    PaceKeeper(hotline.pace, past).subscribe(bus)
    for closed in history.closed.values():
        hotline.closed.put(closed)
    supervision = Supervision(hotline)
    floor, talks = LiveFloor(hotline, supervision), TalkDesk(hotline)
    live = LiveAcd(acd, tickets.calls, missed, floor)
    cases = CaseService(site, store, utc_now)
    calendar = RunningCalendar(store.calendar, site.special_days, site.zone)
    calendar.recompute.append(cases.recompute)
    news = DeskNews(site, store, hub, tickets.calls, live, cases.organisation, faults)
    news.talk_of = talks.talk
    news.subscribe(bus)
    reception = Reception(hotline, history, new_asterisk=not pbx.adopted, admission=admission)
    dialler = Dialler(hotline, reception, store.due_calls, pbx.facts.entity_id, store.bookings)
    if site.trunk.outbound:
        hotline.virtual_hold.plug_in(dialler)
    projector = Projector(journal, store)
    intake = Intake(tickets, site.matters, Regulated.of(site.policy, site.zone, site.special_days), utc_now)
    files = AttachmentFiles(options.data.attachments)
    mail = site.channels.mail
    return System(
        options=options,
        site=site,
        pbx=pbx,
        journal=journal,
        store=store,
        calendar=calendar,
        telephony=telephony,
        hotline=hotline,
        history=history,
        reception=reception,
        dialler=dialler,
        projector=projector,
        hub=hub,
        faults=faults,
        figures=figures,
        acd=live,
        talks=talks,
        floor=floor,
        supervision=supervision,
        callers=callers,
        cases=cases,
        watch=Watch(cases, store, utc_now, partial(tell_message, hub)),
        intake=intake,
        hooks=HookSender(site.channels.web_hooks, store.hooks, utc_now),
        clock_steps=ClockSteps(utc_now, monotonic),
        mail_room=MailRoom(mail, intake, store, files, projector.caught_up) if mail else None,
    )


def make_acd(site: Site, tickets: Tickets, history: History) -> Acd:
    """The ACD with the site's queues and the agents as they were."""
    loop = asyncio.get_running_loop()

    def changed(agent: Agent) -> None:
        tickets.record(
            AgentStateChanged(
                at=utc_now(),
                agent=agent.agent_id,
                state=agent.state.value,
                reason=agent.reason,
                call_id=agent.call_id,
                until=agent.until,
                by=agent.by,
                wish=agent.wish and WISHED[agent.wish.event],
                wish_reason=agent.wish and agent.wish.reason,
                wish_by=agent.wish and agent.wish.by,
            )
        )

    acd = Acd(
        [queue_rules(queue) for queue in site.queues],
        now=utc_now,
        call_later=loop.call_later,
        changed=changed,
        skills={AgentId(agent.id): skills_of(agent) for agent in site.agents},
        ranking=Ranking(site.routing.ageing_s),
    )
    for agent_id, last in history.agents.items():
        wish = Wish(EVENTS[last.wish], last.wish_reason, last.wish_by) if last.wish else None
        acd.restore(agent_id, AgentState(last.state), last.reason, last.until, wish)
    return acd


def make_telephony(options: UpOptions, site: Site, pbx: AsteriskProcess, admission: Admission) -> AriTelephony:
    """Asterisk's websocket; credentials are asked for at each connection, as each start of Asterisk has new ones.

    The lengths of the prompts tell the watchdog when a playback that has not ended is given up (design D3).
    """
    address = SocketAddress(host=pbx.facts.controller_host, port=pbx.facts.controller_port)
    socket = AriSocket(address, lambda: (pbx.facts.ari_user, pbx.facts.ari_password))
    lengths = prompt_seconds(site.directory / "prompts")
    return AriTelephony(socket, utc_now, options.data.root, lengths, admission)
