"""The projector's side of a removal: what the journal still says of somebody, the store does not learn again. CUS-4."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from crm.customers.erasure import forget_numbers
from crm.db.customers.watch import beside_others
from crm.db.schema.customers import erased_number
from crm.journal.events import AnyEvent


class ErasedNumbers:
    """Remembers which numbers are erased, so as to notice when there is a new one."""

    def __init__(self, area_code: str) -> None:
        self._area_code = area_code
        self._known: frozenset[str] = frozenset()
        self.news = False
        """True when a number was erased since the batch before: what is remembered of calls may name it."""

    def without(self, connection: Connection, events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        """These events without numbers that were erased after they happened."""
        beside_others(connection)
        rows = list(connection.execute(select(erased_number)))
        known = frozenset(row.digest for row in rows)
        self.news, self._known = bool(known - self._known), known
        if not rows:
            return events
        return [self._forget(event, rows) for event in events]

    def _forget(self, event: AnyEvent, rows: Sequence[Row[Any]]) -> AnyEvent:
        erased = {row.digest: row.pseudonym for row in rows if event.at <= row.erased_at}
        return forget_numbers(event, erased, self._area_code) if erased else event
