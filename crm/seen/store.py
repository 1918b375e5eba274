"""The store as one person sees it: all that whoever acts for a person is given of the store (flow). ACC-6.

Its parts ask sight and ownership before they answer (rights.py); the store itself is reached from here and by use cases
alone. What a part gives out says itself which texts may be shown with their numbers (opening.py); everything else is
masked on its way out.
"""

from collections.abc import Sequence
from typing import Any, Self

from config.schema import Site
from crm.audit.seals import AuditRow
from crm.db.store import Store
from crm.errors import UnknownRecord
from crm.hooks.model import Delivery, WebHook
from crm.intake.aside import AsideMail
from crm.keys.model import ApiKey
from crm.knowledge.model import Card
from crm.outbox.model import OutboxRow
from crm.page import Page
from crm.reports.run import ReportRun
from crm.rights import Principal
from crm.seen.cases import SeenCases
from crm.seen.customers import SeenCustomers
from crm.seen.eyes import Eyes
from crm.seen.followups import SeenDueCalls, SeenMessages, SeenSuggestions
from crm.seen.quality import SeenQuality
from crm.seen.rights import Rights
from crm.seen.tickets import SeenCalls, SeenTickets
from crm.seen.visits import SeenVisits
from crm.users.model import Account, Session


class SeenStore:
    """Made for one request. Every method of every part raises StoreAway while the database is away."""

    def __init__(self, store: Store, site: Site, eyes: Eyes) -> None:
        self._store, self._site, self._eyes = store, site, eyes
        rights = Rights(store, eyes)
        self.rights = rights
        self.tickets = SeenTickets(store, rights)
        self.calls = SeenCalls(store, rights)
        self.cases = SeenCases(store, rights, self.tickets)
        self.customers = SeenCustomers(store, rights)
        self.visits = SeenVisits(store, rights)
        self.due_calls = SeenDueCalls(store, rights)
        self.messages = SeenMessages(store, rights)
        self.suggestions = SeenSuggestions(store, rights, site)
        self.quality = SeenQuality(store, rights, site)
        self.house = House(store)

    @property
    def who(self) -> Principal:
        return self._eyes.who

    @property
    def eyes(self) -> Eyes:
        return self._eyes

    def within(self, store: Store) -> Self:
        """The same person's, on the store of an act."""
        return type(self)(store, self._site, self._eyes)


class House:
    """What is of no customer: cards of knowledge, web hooks, reports on file, the audit trail. Who may ask for it at
    all is the table of roles' to say."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def knowledge(self) -> list[Card]:
        return await self._store.knowledge.all()

    async def knowledge_card(self, card_id: int) -> Card:
        """Raises UnknownRecord."""
        return await self._store.knowledge.get(card_id)

    async def web_hooks(self) -> tuple[WebHook, ...]:
        return await self._store.hooks.list()

    async def web_hook(self, hook_id: int) -> WebHook:
        """Raises UnknownRecord."""
        return await self._store.hooks.get(hook_id)

    async def deliveries(self, hook_id: int, *, limit: int, after: str | None) -> Page[Delivery]:
        return await self._store.hooks.deliveries(hook_id, limit=limit, after=after)

    async def audit(self, **filters: Any) -> Page[AuditRow]:
        """The trail as it was written: for those who have to read it (ACC-5)."""
        return await self._store.audit.list(**filters)

    async def reports(self, limit: int) -> Sequence[ReportRun]:
        return await self._store.reports.list(limit)

    async def unread_mails(self) -> Sequence[AsideMail]:
        """Mails that could not be read and wait for a person."""
        return await self._store.aside.list("kept")

    async def accounts(self) -> Sequence[Account]:
        """All there ever were, by name."""
        return await self._store.users.list()

    async def sessions(self, name: str) -> Sequence[Session]:
        """Somebody's that hold. Raises UnknownRecord, but for a program's name."""
        if ":" not in name and await self._store.users.get(name) is None:
            raise UnknownRecord("user", name)
        return await self._store.users.sessions.list(name, self._store.clock())

    async def api_keys(self) -> Sequence[ApiKey]:
        return await self._store.keys.list()

    async def sent_about(self, subject: str) -> OutboxRow | None:
        """The newest written message about a record."""
        return next(iter(await self._store.outbox.about(subject)), None)
