"""What happens by the clock on the running system, and every how many seconds: the one table of it (flow)."""

import logging
from functools import partial

from app.channels.outbox import send_waiting
from app.data_protection.privacy import keep_limits
from app.process.clock import utc_now
from app.process.resources import Kernel
from app.process.scheduler import Job
from app.reports.archive import ReportArchive
from app.reports.printing import sender
from app.run.budget_watch import watch_disk, watch_resources
from app.run.quality_jobs import follow_suggestions, gather_finished_days, ship_cards
from app.run.system import System
from app.run.upkeep import (
    audit_heads,
    audit_heads_sent,
    poll_mailbox,
    retention,
    shut_guessers_out,
    telephone_certificate,
    write_held,
)
from crm.errors import StoreAway
from crm.use_cases.bookings.desk import BookingDesk
from crm.use_cases.by_clock.registering import Registrar
from ivr.arrivals.left_messages import collect_left_messages
from ivr.queueing.closing import restate

log = logging.getLogger(__name__)


def jobs(system: System) -> dict[str, tuple[Job, float]]:
    """What happens by the clock, and every how many seconds."""
    store, site = system.store, system.site
    mail = site.channels.mail
    mailbox: dict[str, tuple[Job, float]] = {"mailbox": (partial(poll_mailbox, system), mail.poll_s)} if mail else {}
    return {
        "due calls": (system.dialler.tick, 1.0),
        "clock": (partial(keep_clock, system), 1.0),
        "left messages": (partial(collect_left_messages, system.calls.hotline, system.calls.history), 5.0),
        "held events": (partial(write_held, system), 1.0),
        "store check": (store.check, 2.0),
        "disk": (partial(watch_disk, system), 3.0),
        "resources": (partial(watch_resources, system.shortage, Kernel().usage, store.messages, site), 10.0),
        "key customers": (system.callers.refresh, 10.0),
        "closed queues": (partial(restate, system.calls.hotline), 600.0),
        "registering": (Registrar(system.office.cases, store).tick, 10.0),
        "deadlines": (system.office.watch.tick, 15.0),
        "calendar": (system.office.calendar.refresh, 60.0),
        "unknown year": (partial(tell_of_unknown_year, system), 60.0),
        "retention": (partial(retention, system), 3600.0),
        "audit heads": (partial(audit_heads, system), 60.0),
        "audit heads sent": (partial(audit_heads_sent, system), 600.0),
        "guessers": (partial(shut_guessers_out, system), 1.0),
        "telephone certificate": (partial(telephone_certificate, system), 60.0),
        "web hooks": (system.office.hooks.tick, 2.0),
        **mailbox,
        "reports": (partial(reports, system), 60.0),
        "outbox": (partial(send_waiting, store, site.outbox, mail, utc_now), 5.0),
        "appointments": (partial(tell_of_appointments, system), 30.0),
        "privacy": (partial(keep_limits, system.store, system.options.data, system.site.privacy), 3600.0),
        "finished days": (lambda: gather_finished_days(store, system.projector, site, utc_now()), 300.0),
        "suggestions": (lambda: follow_suggestions(store, site, utc_now()), 30.0),
        "knowledge cards": (partial(ship_cards, store, site), 3600.0),
    }


async def keep_clock(system: System) -> None:
    """The next controller goes on by our time (ADR 42)."""
    system.clock.keep(system.options.data.clock_file)


async def tell_of_unknown_year(system: System) -> None:
    """Supervisors and administrators hear that a year's notice is to be entered, 60 days ahead (CPL-3)."""
    today = utc_now().astimezone(system.site.zone).date()
    people = [agent.id for agent in system.site.agents if agent.role != "agent"]
    await system.office.calendar.tell_unknown_year(system.store.messages, today, people)


async def reports(system: System) -> None:
    """Every minute: what is due is made, what is unsent is sent (RPT-3)."""
    archive = ReportArchive(system.store, system.site, system.options.data)
    await archive.tick(utc_now(), sender)


async def tell_of_appointments(system: System) -> None:
    """Whoever goes to a customer is reminded; whoever has not come is missed (BKG-5)."""
    try:
        await BookingDesk(system.site, system.store, utc_now, system.office.calendar.days).tell_of_appointments()
    except StoreAway as exc:
        log.warning("Notices of appointments wait for the store: %s", exc, extra={"action": "notices_store_away"})
