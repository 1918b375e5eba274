"""The store: one object with a part per slice. It opens the database and says whether it is there. Design D5."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crm.audit.seals import NothingOutside, Outside
from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.bookings.appointments import AppointmentTable
from crm.db.bookings.table import BookingTable
from crm.db.calendar.days import CalendarTable
from crm.db.calls.agent_states import AgentStateTable
from crm.db.calls.callers import CallerQueries
from crm.db.calls.calls import CallQueries
from crm.db.calls.recordings import RecordingTable
from crm.db.calls.stories import StoryTable
from crm.db.cases.table import CaseTable
from crm.db.customers.access import AccessLog
from crm.db.customers.cards import CardQueries
from crm.db.customers.imports import ImportTable
from crm.db.customers.merging import DuplicateTable
from crm.db.customers.queries import CustomerQueries
from crm.db.customers.removal import RemovalTable
from crm.db.followups.due_calls import DueCallTable
from crm.db.hooks.queries import WebHookTable
from crm.db.intake.aside import AsideTable
from crm.db.intake.queries import IntakeTable
from crm.db.keys.queries import KeyTable
from crm.db.knowledge.cards import KnowledgeTable
from crm.db.messages.messages import MessageTable
from crm.db.migrate import migrate
from crm.db.outbox.table import OutboxTable
from crm.db.quality.assessments import AssessmentTable
from crm.db.quality.checks import CheckTable
from crm.db.quality.files import AgentFiles
from crm.db.reports.queries import ReportTable
from crm.db.requests.queries import RequestTable
from crm.db.suggestions.suggestions import SuggestionTable
from crm.db.tickets.rights import RightsQueries
from crm.db.tickets.search_queries import TicketSearch
from crm.db.tickets.tickets import TicketQueries
from crm.db.users.users import UserTable
from crm.errors import StoreAway
from crm.tickets.model import Detail

log = logging.getLogger(__name__)

__all__ = ["Store", "StoreAway"]

CHINA: Final = ZoneInfo("Asia/Shanghai")


Clock = Callable[[], datetime]


def _system_clock() -> datetime:
    return datetime.now(UTC)


async def _nothing_to_prepare(database: Database) -> None:
    """A store that is only read stays as it is."""


class Store:
    """Every method of every part raises StoreAway while the database is away; the call path goes on without it."""

    def __init__(self, database: Database, area_code: str, zone: ZoneInfo, clock: Clock, outside: Outside) -> None:
        self.database = database
        self.area_code = area_code
        self.zone = zone
        self.clock = clock
        self.outside = outside
        self.audit = AuditTrail(database, zone, outside)
        self.cases = CaseTable(database, area_code, clock, self.audit)
        self.hooks = WebHookTable(database, self.audit, clock)
        self.intake = IntakeTable(database, self.audit, clock)
        self.aside = AsideTable(database, self.audit, clock)
        self.tickets = TicketQueries(database, area_code, clock, self.audit)
        self.calls = CallQueries(database, area_code)
        self.customers = CustomerQueries(database, self.audit, area_code, clock)
        self.duplicates = DuplicateTable(database, self.audit, clock)
        self.accesses = AccessLog(database, self.audit, clock)
        self.imports = ImportTable(database, self.audit, area_code, clock)
        self.removals = RemovalTable(database, self.audit, area_code, clock)
        self.cards = CardQueries(database, area_code)
        self.callers = CallerQueries(database)
        self.due_calls = DueCallTable(database, area_code, clock, self.audit)
        self.users = UserTable(database, clock)
        self.keys = KeyTable(database, self.audit, clock)
        self.recordings = RecordingTable(database, self.audit)
        self.messages = MessageTable(database, clock)
        self.agent_states = AgentStateTable(database)
        self.requests = RequestTable(database)
        self.stories = StoryTable(database)
        self.checks = CheckTable(database, clock, self.audit)
        self.agent_files = AgentFiles(database, clock, self.audit)
        self.assessments = AssessmentTable(database, clock, self.audit)
        self.knowledge = KnowledgeTable(database, clock, self.audit)
        self.suggestions = SuggestionTable(database, clock, self.audit, self.due_calls)
        self.reports = ReportTable(database, clock)
        self.calendar = CalendarTable(database, self.audit, clock)
        self.rights = RightsQueries(database)
        self.search = TicketSearch(database, area_code, zone)
        self.bookings = BookingTable(database, area_code, clock, self.audit)
        self.appointments = AppointmentTable(database, area_code, clock, self.audit)
        self.outbox = OutboxTable(database)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        area_code: str = "",
        zone: ZoneInfo = CHINA,
        clock: Clock = _system_clock,
        busy_timeout_s: float = 5.0,
        audit_outside: Outside | None = None,
    ) -> Self:
        """Opens the store at `sqlite+aiosqlite:///…` or `postgresql+psycopg://…` and migrates it to the newest schema.

        `area_code` and `zone` are the site's, for local numbers and days; `clock` dates what people change. A database
        `audit_outside`: the audit trail's keys (ACC-5); without them seals are plain. A database
        that is away now is opened all the same and migrated when first reached; until then everything raises StoreAway.
        Raises ValueError for a URL without one of these drivers.
        """
        store = cls(
            Database(url, migrate, busy_timeout_s=busy_timeout_s),
            area_code,
            zone,
            clock,
            audit_outside or NothingOutside(),
        )
        if not await store.check():
            log.error("starting without it: %s", store.database.away, extra={"action": "store_away"})
        return store

    @classmethod
    def to_read(cls, url: str, *, zone: ZoneInfo = CHINA, busy_timeout_s: float = 5.0) -> Self:
        """The store as it is, for those who only look: nothing is migrated, and the database refuses every write.

        Raises ValueError for a URL without one of our drivers. A schema older than ours may lack what is asked for.
        """
        database = Database(url, _nothing_to_prepare, busy_timeout_s=busy_timeout_s, read_only=True)
        return cls(database, "", zone, _system_clock, NothingOutside())

    @asynccontextmanager
    async def act(self) -> AsyncIterator[Self]:
        """Several writes that are one act: the yielded store's queries are one transaction, all of it or nothing.

        Inside, ask the yielded store alone. Raises StoreAway.
        """
        async with self.database.act() as database:
            yield type(self)(database, self.area_code, self.zone, self.clock, self.outside)

    async def check(self) -> bool:
        """Asks the database something, so that `status` is of this moment. Never raises StoreAway."""
        try:
            async with self.database.read() as connection:
                await connection.execute(select(1))
        except StoreAway:
            return False
        return True

    async def note_act(
        self, *, by: str, action: str, subject: str, details: Mapping[str, Detail] | None = None
    ) -> None:
        """Something that changed nothing in the store and is on the audit trail all the same: an export, a look."""
        async with self.database.write() as connection:
            await self.audit.add(connection, at=self.clock(), by=by, action=action, subject=subject, details=details)

    def status(self) -> dict[str, object]:
        """As of the last transaction of anybody."""
        away = self.database.away
        return {"up": away is None, "kind": self.database.dialect, "failure": away}

    async def close(self) -> None:
        await self.cards.close()
        await self.database.close()
