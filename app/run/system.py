"""The composition root: one running hotline from its parts. Who hears of what is in `app.run.subscriptions`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, partial
from typing import NamedTuple

from app.channels.attachments import AttachmentFiles
from app.channels.mailbox import MailRoom
from app.channels.raw_mails import RawMails
from app.channels.webhooks import HookSender
from app.data_protection.audit_trail import TrailFiles
from app.process.bus import Bus
from app.process.clock import CLOCK, Clock, utc_now
from app.process.options import UpOptions
from app.process.page_faults import PageFaults
from app.process.shortage import Shortage
from app.run.call_path import CallPath, make_dialler, wire_call_path
from app.run.desk import Desk, wire_desk
from app.run.subscriptions import wire_subscriptions
from app.run.telephones import TelephoneSecrets
from app.sign_on.setup import make_sign_on
from app.web.api.messages.messages import tell_message
from app.web.front.listener import Front, Limits
from app.web.http.services import Services
from config.loading.prompt_files import prompt_seconds
from config.schema import Site
from config.service.channels import Mail
from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.journal.events import Event
from crm.journal.journal import Journal, Position
from crm.journal.segments import segment_name
from crm.regulation.policy import Regulated
from crm.use_cases.by_clock.callers import KnownCallers
from crm.use_cases.by_clock.case_watch import Watch
from crm.use_cases.by_clock.days import RunningCalendar
from crm.use_cases.cases import CaseService
from crm.use_cases.intake import Intake
from crm.use_cases.mail.letters import Letters
from crm.use_cases.tickets import Tickets
from ivr.ari.telephony import AriTelephony
from ivr.ari.wire.socket import AriSocket, SocketAddress
from ivr.arrivals.history import recall
from ivr.outbound.dialler import Dialler
from ivr.pbx.ports import room_for
from ivr.pbx.process import AsteriskProcess
from ivr.port.admission import Admission
from ivr.port.space import Space
from ivr.sip.shut_out import ShutOut
from ivr.sip.watch import SipWatch

RECALLED = timedelta(days=1)
"""How far back the journal is read at start: no call lasts longer."""


@dataclass(frozen=True)
class Office:
    """What is done about tickets, whichever channel they came by."""

    cases: CaseService
    watch: Watch
    calendar: RunningCalendar
    intake: Intake
    mail_room: MailRoom | None
    hooks: HookSender


@dataclass(frozen=True)
class System:
    """The parts of a running hotline."""

    options: UpOptions
    site: Site
    pbx: AsteriskProcess
    journal: Journal
    store: Store
    telephony: AriTelephony
    sip_watch: SipWatch
    calls: CallPath
    callers: KnownCallers
    dialler: Dialler
    projector: Projector
    desk: Desk
    faults: PageFaults
    office: Office
    front: Front
    trail: TrailFiles
    clock: Clock = CLOCK
    shortage: Shortage = field(default_factory=Shortage)

    @cached_property
    def shut_out(self) -> ShutOut:
        """Who guesses at telephones' secrets."""
        watch, pbx = self.sip_watch, self.pbx
        return ShutOut(watch.guesses, self.telephony.refuse_addresses, lambda: pbx.facts.ari_password)

    def status(self) -> Mapping[str, Mapping[str, object]]:
        """For `/status`: every part, and whether it is up."""
        pbx, ari = self.pbx.status(), self.telephony.status()
        store, behind = self.store.status(), self.projector.status()
        return {
            "asterisk": {**pbx, "up": pbx["ok"], **self.shut_out.status()},
            "ari": {**ari, "up": ari["ok"]},
            "journal": journal_status(self.journal, self.calls.hotline.tickets),
            "store": {**store, **behind, "up": store["up"] and behind["up"]},
            "calls": {
                "up": True,
                "served": self.calls.reception.calls,
                "in_setup": self.calls.reception.in_setup,
                "open": len(self.calls.hotline.tickets.calls),
                "unlisted_dnis": self.calls.hotline.unlisted.calls,
                "last_unlisted_dnis": self.calls.hotline.unlisted.last,
            },
            **({"mailbox": self.office.mail_room.status()} if self.office.mail_room else {}),
            "pages": self.faults.status(),
            "web": self.front.status(),
            "disk": self.calls.hotline.space.status(),
            "resources": self.shortage.status(),
            "calendar": {"up": True, "unknown_year": self.office.calendar.unknown_year(self._today())},
            "admission": self.calls.reception.admission.status(asyncio.get_running_loop().time()),
            "outbound": self.calls.hotline.dialled.status(utc_now()),
            "clock": self.clock.status(),
        }

    def _today(self) -> date:
        return utc_now().astimezone(self.site.zone).date()

    def services(self, token: str, secrets: dict[str, str]) -> Services:
        """What the web server is given."""
        facts = self.pbx.facts
        telephones = TelephoneSecrets(secrets, self.options.data, self.pbx, self.telephony.unregister)
        return Services(
            site=self.site,
            data=self.options.data,
            store=self.store,
            intake=self.office.intake,
            calendar=self.office.calendar,
            acd=self.desk.acd,
            talks=self.desk.talks,
            floor=self.desk.floor,
            hub=self.desk.hub,
            faults=self.faults,
            figures=self.desk.figures,
            cases=self.office.cases,
            space=self.calls.hotline.space,
            status=self.status,
            clock=utc_now,
            local_token=token,
            telephone_secret=telephones.of,
            renew_telephone_secret=telephones.renew,
            sip_address=f"{facts.sip_host}:{facts.sip_port}",
            sign_on=make_sign_on(self.site, self.options.data, utc_now),
            due_call_accepted=lambda due_call, agent: self.dialler.accept(int(due_call), agent),
        )


class Kept(NamedTuple):
    """What this data directory keeps, opened."""

    journal: Journal
    store: Store
    trail: TrailFiles


def build(options: UpOptions, site: Site, pbx: AsteriskProcess, kept: Kept) -> System:
    """Wire everything; nothing runs yet. Belongs to the running event loop."""
    past, faults = recalled(kept.journal), PageFaults(utc_now)
    bus, admission = Bus(faults), make_admission(site, pbx)
    telephony = make_telephony(options, site, pbx, admission)
    calls = wire_call_path(
        site,
        options.data,
        telephony,
        kept.journal,
        bus.publish,
        now=utc_now,
        ours=CLOCK.ours,
        days=(calendar := RunningCalendar(kept.store.calendar, site.special_days, site.zone)).days,
        history=recall(past),
        callers=(callers := KnownCallers(kept.store.callers, site.area_code, utc_now)),
        admission=admission,
        new_asterisk=not pbx.adopted,
    )
    projector, cases = Projector(kept.journal, kept.store), CaseService(site, kept.store, utc_now, calendar.days)
    desk = wire_desk(calls, kept.store, kept.journal, cases.organisation, faults, past)
    wire_subscriptions(bus, desk)
    return System(
        options=options,
        site=site,
        pbx=pbx,
        journal=kept.journal,
        store=kept.store,
        telephony=telephony,
        sip_watch=make_sip_watch(site, pbx, telephony, calls),
        calls=calls,
        callers=callers,
        dialler=make_dialler(calls, kept.store, pbx.facts.entity_id),
        projector=projector,
        desk=desk,
        faults=faults,
        office=wire_office(options, calls, kept.store, cases, calendar, projector, desk),
        front=Front(Limits(), site.channels.trusted_proxies),
        trail=kept.trail,
    )


def journal_status(journal: Journal, tickets: Tickets) -> dict[str, object]:
    """Up only when the disk has everything: what was written to it, and what it would not have written."""
    told = journal.status()
    return {**told, "up": told["up"] and tickets.all_on_disk, "unwritten": tickets.unwritten, "lost": tickets.lost}


def recalled(journal: Journal) -> list[Event]:
    """What this controller is told of the time before it."""
    since = segment_name((utc_now() - RECALLED).date())
    return [event for _, event in journal.read(Position(since, 0))]


def make_admission(site: Site, pbx: AsteriskProcess) -> Admission:
    """How many calls may come in: as the site says, and as there are audio ports for."""
    rules, facts = site.admission, pbx.facts
    telephones = sum(agent.telephone for agent in site.agents)
    room = room_for(facts.rtp_first, facts.rtp_last, telephones, rules.reserved_legs)
    return Admission(rules.command_latency_s, rules.calls_in_setup, room)


def wire_office(
    options: UpOptions,
    calls: CallPath,
    store: Store,
    cases: CaseService,
    calendar: RunningCalendar,
    projector: Projector,
    desk: Desk,
) -> Office:
    """What is done about tickets: the other channels in and out, the cases and their deadlines."""
    site, mail, space = calls.hotline.site, calls.hotline.site.channels.mail, calls.hotline.space
    regulated = Regulated.of(site.policy, site.zone, calendar.days)
    calendar.recompute.append(cases.recompute)
    intake = Intake(calls.hotline.tickets, site.matters, regulated, utc_now)
    return Office(
        cases=cases,
        watch=Watch(cases, store, utc_now, partial(tell_message, desk.hub)),
        calendar=calendar,
        intake=intake,
        mail_room=make_mail_room(options, mail, intake, store, cases, projector, space) if mail else None,
        hooks=HookSender(site.channels.web_hooks, store.hooks, utc_now),
    )


def make_mail_room(
    options: UpOptions,
    mail: Mail,
    intake: Intake,
    store: Store,
    cases: CaseService,
    projector: Projector,
    space: Space,
) -> MailRoom:
    """The mailbox that is read (TKT-1)."""
    return MailRoom(
        mail,
        Letters(intake, store, cases.organisation),
        store,
        AttachmentFiles(options.data.attachments),
        RawMails(options.data.raw_mails),
        projector.caught_up,
        intake.is_kept,
        lambda: space.allows("mail") and not intake.begins_nothing,
    )


def make_sip_watch(site: Site, pbx: AsteriskProcess, telephony: AriTelephony, calls: CallPath) -> SipWatch:
    """Told of each arrival, so that what remains is what Asterisk has refused by itself."""
    address = (pbx.facts.controller_host, pbx.facts.controller_port)
    watch = SipWatch(address, lambda: pbx.facts.ari_password, site.trunk.match, telephony.serving.is_set)
    calls.reception.on_arrival = watch.arrived
    return watch


def make_telephony(options: UpOptions, site: Site, pbx: AsteriskProcess, admission: Admission) -> AriTelephony:
    """Asterisk's websocket; credentials are asked for at each connection, as each start of Asterisk has new ones.

    The lengths of the prompts tell the watchdog when a playback that has not ended is given up (design D3).
    """
    address = SocketAddress(host=pbx.facts.controller_host, port=pbx.facts.controller_port)
    socket = AriSocket(address, lambda: (pbx.facts.ari_user, pbx.facts.ari_password))
    lengths = prompt_seconds(site.directory / "prompts")
    return AriTelephony(socket, utc_now, options.data.root, lengths, admission, ours=CLOCK.ours)
