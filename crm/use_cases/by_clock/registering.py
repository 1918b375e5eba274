"""Letters, forms and e-mails are cases as soon as they are in the store (flow): their clocks wait for nobody. TKT-4.

A call is registered by the agent who spoke; what came in writing lies there until somebody looks, so the system
registers it as it came in. Whoever reads it classifies it anew.
"""

import logging
from typing import Final

from crm.cases.rights import Actor, StepRefused
from crm.cases.steps import SYSTEM, Registered
from crm.db.store import Store
from crm.errors import StoreAway, VersionConflict
from crm.tickets.model import TicketKind
from crm.use_cases.cases import CaseService

log = logging.getLogger(__name__)

AT_ONCE: Final = 50
_SYSTEM: Final = Actor(name=SYSTEM, person=None, role="administrator")


class Registrar:
    """`tick` every few seconds; what is refused is somebody's already."""

    def __init__(self, cases: CaseService, store: Store) -> None:
        self._cases = cases
        self._store = store

    async def tick(self) -> int:
        """How many were registered."""
        done = 0
        try:
            for row in await self._store.intake.unregistered(AT_ONCE):
                step = Registered(
                    version=row.version,
                    kind=TicketKind(row.kind) if row.kind else TicketKind.MESSAGE,
                    severity=row.severity,
                    category=row.category,
                )
                try:
                    await self._cases.take(row.number, step, _SYSTEM)
                except (StepRefused, VersionConflict) as exc:
                    log.info("%s is not registered: %s", row.number, exc, extra={"action": "not_registered"})
                    continue
                done += 1
        except StoreAway as exc:
            log.warning("Registering waits for the store: %s", exc, extra={"action": "registering_waits"})
        return done
