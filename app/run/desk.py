"""Wires what the pages see of calls and agents: beside the call path, which goes on without it."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.figures.live import LiveFigures
from app.live.acd_view import LiveAcd
from app.live.desk_news import DeskNews
from app.live.floor import LiveFloor
from app.live.missed_offers import MissedOffers
from app.live.pace_keeper import PaceKeeper
from app.live.talk_desk import TalkDesk
from app.process.page_faults import PageFaults
from app.run.call_path import CallPath
from app.web.wire.desk import DeskHub
from crm.cases.organisation import Organisation
from crm.db.store import Store
from crm.journal.events import Event
from crm.journal.journal import Journal
from ivr.talking.supervision import Supervision


@dataclass(frozen=True)
class Desk:
    """What the pages ask, and what hears events for them (`app.run.subscriptions`)."""

    hub: DeskHub
    acd: LiveAcd
    talks: TalkDesk
    floor: LiveFloor
    supervision: Supervision
    figures: LiveFigures
    missed: MissedOffers
    pace: PaceKeeper
    news: DeskNews


def wire_desk(
    path: CallPath,
    store: Store,
    journal: Journal,
    organisation: Organisation,
    faults: PageFaults,
    past: Iterable[Event] = (),
) -> Desk:
    """To be subscribed at once: figures count what is told from here on. `past`: what the journal has of these days."""
    hotline = path.hotline
    site, now, calls = hotline.site, hotline.now, hotline.tickets.calls
    hub = DeskHub(now)
    missed = MissedOffers(site.zone, now, past := list(past))
    supervision = Supervision(hotline)
    floor, talks = LiveFloor(hotline, supervision), TalkDesk(hotline)
    acd = LiveAcd(hotline.acd, calls, missed, floor)
    return Desk(
        hub=hub,
        acd=acd,
        talks=talks,
        floor=floor,
        supervision=supervision,
        figures=LiveFigures(site, journal, now),
        missed=missed,
        pace=PaceKeeper(hotline.pace, past),
        news=DeskNews(site, store, hub, calls, acd, talks, organisation, hotline.days, faults),
    )
