"""A hall with a running web server, journal and store, all real, and calls that a test makes happen step by step.

Only the telephony is not there: what the ACD and the call flow would say comes from here, in their words. CUS-2, RPT-1
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from app.figures.live import LiveFigures
from app.process.page_faults import PageFaults
from app.sign_on.setup import make_sign_on
from app.web.api.common.shown import agent_changed, shaped
from app.web.http.contract import TalkOut, TalkStatus, WishedState
from app.web.http.services import AgentView, Services
from app.web.server import create_app
from app.web.wire.desk import DeskHub
from app.web.wire.desk_messages import CallChanged, CallStage, EndedBy, Pop, ScreenPop
from config.ids import AgentId
from config.loading.load import load_site
from config.paths import DataDir
from config.schema import Disposition, MessageAction, PauseReason, Queue, Site, TicketKind
from config.service.channels import Channels, WebForm, WebHooks
from config.service.matters import Category, Department, Matters
from crm.db.projecting.projector import Projector
from crm.db.store import Store
from crm.journal.events import (
    AgentAnswered,
    AgentOffered,
    AgentStateChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallQueued,
    CallRang,
    TalkStarted,
)
from crm.journal.journal import Journal
from crm.regulation.policy import Regulated
from crm.use_cases.by_clock.days import RunningCalendar
from crm.use_cases.cases import CaseService
from crm.use_cases.intake import Intake
from crm.use_cases.tickets import Tickets
from routing.agent import AgentState
from tests.fakes.acd_view import FakeAcd
from tests.fakes.floor import FakeFloor
from tests.fakes.logins import password_of, store_of_people
from tests.fakes.small_site import small_site
from tests.fakes.talk_desk import FakeTalks
from tests.fakes.telephone_secrets import FakeTelephoneSecrets

PASSWORDS = {name: password_of(name) for name in ("8001", "8002", "8003", "8801", "8901")}
DEMO = Path(__file__).parents[2] / "config" / "site"
ALL_KINDS: tuple[TicketKind, ...] = ("consultation", "complaint", "suggestion", "visit_booking", "guide_booking")


MATTERS = Matters(
    departments=(Department(id="reception", title="接待部", title_en="Reception", level="hall", head="8002"),),
    categories=(
        Category(
            id="guiding",
            title="讲解服务",
            title_en="Guided tours",
            kinds=("consultation", "complaint"),
            department="reception",
        ),
    ),
)


def hall_site() -> Site:
    """The small site with three queues and what fills the lists of the pages."""

    def queue(name: str, title: str, title_en: str, *agents: str) -> Queue:
        return Queue.model_validate(
            {
                "name": name,
                "title": title,
                "title_en": title_en,
                "kind": name,
                "agents": agents,
                "on_max_wait": MessageAction(),
            }
        )

    return small_site().model_copy(
        update={
            "channels": Channels(
                web_form=WebForm(enabled=True, least_fill_s=1), web_hooks=WebHooks(allowed=("https://crm.example.cn",))
            ),
            "matters": MATTERS,
            "policy": load_site(DEMO).policy,
            "queues": (
                queue("aid", "客户援助", "Customer aid", "8001", "8002"),
                queue("hotline", "咨询与预约", "Consultation and bookings", "8001", "8002", "8003"),
                queue("supervision", "投诉与监督", "Complaints and supervision", "8003"),
            ),
            "reasons": (
                PauseReason(id="break", title="休息", title_en="Break"),
                PauseReason(id="meal", title="用餐", title_en="Meal"),
                PauseReason(id="training", title="培训", title_en="Training"),
            ),
            "dispositions": (
                Disposition(id="answered", title="已答复", title_en="Answered", kinds=("consultation", "suggestion")),
                Disposition(id="registered", title="已登记待处理", title_en="Registered", kinds=("complaint",)),
                Disposition(id="call-back", title="约定回访", title_en="Callback promised", kinds=ALL_KINDS),
            ),
        }
    )


class DeskAcd(FakeAcd):
    """The ACD in memory, which also tells the desk of each change, as the running system does."""

    def __init__(self, site: Site, hub: DeskHub, now: datetime) -> None:
        super().__init__(site, now)
        self._site, self._hub = site, hub
        self.told: Callable[[AgentView], None] = lambda view: None
        self.refuses: Exception | None = None

    def set_state(self, agent: AgentId, state: WishedState, reason: str | None, by: str | None = None) -> AgentView:
        if self.refuses is not None:
            raise self.refuses
        return super().set_state(agent, state, reason, by)

    def put(self, view: AgentView) -> AgentView:
        after = super().put(replace(view, since=datetime.now(UTC)))
        self.told(after)
        self._hub.publish_state(view.agent, after.state, lambda: agent_changed(after, self._site))
        return after

    def now(self, agent: str, state: str, **others: object) -> AgentView:
        """An agent is in this state from now on."""
        plain: dict[str, object] = {"reason": None, "call_id": None, "until": None}
        return self.put(replace(self.agent(agent), state=AgentState(state), **(plain | others)))  # type: ignore[arg-type]


@dataclass(kw_only=True)
class Hall:
    """The running server and everything behind it."""

    site: Site
    data: DataDir
    journal: Journal
    store: Store
    projector: Projector
    hub: DeskHub
    acd: DeskAcd
    figures: LiveFigures
    talks: FakeTalks = field(default_factory=FakeTalks)
    accepted: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0
    _runner: web.AppRunner | None = None
    _events: int = 0
    _talk_since: dict[str, datetime] = field(default_factory=dict)
    calendar: RunningCalendar = field(init=False)

    def __post_init__(self) -> None:
        self.calendar = RunningCalendar(self.store.calendar, self.site.special_days, self.site.zone)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self) -> None:
        """Listen; on the port of before after `stop_serving`, as a server that is started again."""
        tickets = Tickets(self.journal, self.site.zone, lambda event: None)
        regulated = Regulated.of(self.site.policy, self.site.zone, self.calendar.days)
        telephones = FakeTelephoneSecrets(self.site)
        services = Services(
            site=self.site,
            data=self.data,
            cases=CaseService(self.site, self.store, lambda: datetime.now(UTC), self.calendar.days),
            store=self.store,
            intake=Intake(tickets, self.site.matters, regulated, lambda: datetime.now(UTC)),
            calendar=self.calendar,
            acd=self.acd,
            floor=FakeFloor(self.acd, datetime.now(UTC)),
            talks=self.talks,
            hub=self.hub,
            faults=PageFaults(lambda: datetime.now(UTC)),
            figures=self.figures,
            status=lambda: {"asterisk": {"up": True}, "store": {"up": True}},
            clock=lambda: datetime.now(UTC),
            local_token="the-local-token-of-this-system",
            telephone_secret=telephones.of,
            renew_telephone_secret=telephones.renew,
            sip_address="127.0.0.1:5062",
            sign_on=make_sign_on(self.site, self.data, lambda: datetime.now(UTC)),
            due_call_accepted=lambda due_call, agent: self.accepted.append((due_call, agent)),
        )
        self._runner = web.AppRunner(create_app(services), shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = int(self._runner.addresses[0][1])

    async def stop_serving(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def record(self, *events: CallEvent) -> None:
        """Journal these and wait until the store has them."""
        for event in events:
            self.journal.append(event)
            self.figures.hear(event)
        await self.projector.caught_up()

    def state_told(self, view: AgentView) -> None:
        """An agent's state goes on record, as the ACD has it."""
        changed = AgentStateChanged(
            at=view.since, agent=view.agent, state=view.state.value, reason=view.reason, call_id=view.call_id
        )
        self.journal.append(changed)
        self.figures.hear(changed)

    def told(self, kind: type[CallEvent], call: str, **fields: object) -> CallEvent:
        """An event of this moment."""
        self._events += 1
        return kind(event_id=f"e-{self._events}", at=datetime.now(UTC), call_id=call, **fields)

    async def arrive(self, call: str, ani: str, queue: str = "hotline") -> str:
        """A call arrives, is answered and waits in a queue. Returns its ticket."""
        ticket = self.journal.next_ticket_number(datetime.now(self.site.zone).date())
        arrived = {"ticket": ticket, "channel_id": f"in-{call}", "direction": "inbound", "dnis": "4008100002"}
        await self.record(
            self.told(CallArrived, call, ani=ani, caller_name="", line="hotline", **arrived),
            self.told(CallRang, call),
            self.told(CallAnswered, call, rings=1),
            self.told(CallQueued, call, queue=queue),
        )
        return ticket

    async def offer(self, agent: str, call: str, ticket: str, pop: Pop) -> None:
        """The call rings at the agent, whose page is told."""
        self.acd.now(agent, "ringing", call_id=call)
        self.progress(agent, call, ticket, "ringing")
        await self.record(self.told(AgentOffered, call, agent=agent, channel_id=f"out-{call}"))
        self.hub.publish(agent, ScreenPop(call=call, ticket=ticket, pop=pop))

    async def talk(
        self,
        agent: str,
        call: str,
        ticket: str,
        *,
        since: datetime | None = None,
        outbound: bool = False,
        recording: str | None = None,
    ) -> None:
        """Agent and caller hear each other."""
        legs = {"agent_channel_id": f"out-{call}", "bridge_id": f"b-{call}", "recording": recording}
        await self.record(
            self.told(AgentAnswered, call, agent=agent),
            self.told(TalkStarted, call, agent=agent, **legs),
        )
        self.acd.now(agent, "talking", call_id=call)
        self.progress(agent, call, ticket, "talking", since=since, outbound=outbound)

    async def hang_up(self, agent: str, call: str, ticket: str, wrap_up_s: float = 20) -> None:
        """The caller hangs up; the agent wraps up."""
        await self.record(self.told(CallEnded, call, ended_by="caller", outcome="answered"))
        self.progress(agent, call, ticket, "ended", ended_by="caller")
        self.acd.now(agent, "wrap_up", call_id=call, until=datetime.now(UTC) + timedelta(seconds=wrap_up_s))

    def progress(
        self,
        agent: str,
        call: str,
        ticket: str,
        state: CallStage,
        *,
        since: datetime | None = None,
        ended_by: EndedBy | None = None,
        outbound: bool = False,
        talk: TalkOut | None = None,
    ) -> None:
        """How the call goes on, for the agent's page."""
        changed = CallChanged(
            call=call,
            ticket=ticket,
            direction="outbound" if outbound else "inbound",
            state=state,
            since=(now := since or datetime.now(UTC)),
            talk_since=self._talk_since.setdefault(call, now) if state == "talking" else self._talk_since.get(call),
            ended_by=ended_by,
            talk=shaped(TalkStatus, talk) if talk else None,
        )
        self.hub.publish(agent, changed)


@asynccontextmanager
async def open_hall(directory: Path, site_changes: Mapping[str, object] | None = None) -> AsyncIterator[Hall]:
    """A hall that listens on a free port of 127.0.0.1, with people who can log in."""
    site, data = hall_site().model_copy(update=dict(site_changes or {})), DataDir(directory)
    await store_of_people(data, site.agents)
    journal = Journal.open(data.journal)
    store = await Store.open(data.database_url, area_code=site.area_code)
    projector = Projector(journal, store)
    projecting = asyncio.create_task(projector.run())
    hub = DeskHub(lambda: datetime.now(UTC))
    acd = DeskAcd(site, hub, datetime.now(UTC))
    figures = LiveFigures(site, journal, lambda: datetime.now(UTC))
    await figures.read_journal()
    hall = Hall(
        site=site, data=data, journal=journal, store=store, projector=projector, hub=hub, acd=acd, figures=figures
    )
    acd.told = hall.state_told
    await hall.serve()
    try:
        yield hall
    finally:
        await hall.stop_serving()
        projecting.cancel()
        await asyncio.gather(projecting, return_exceptions=True)
        journal.close()
        await store.close()
