"""Registers what comes in by other channels than the telephone: category, department, number (flow, no waiting). TKT-1.

The journal has it when `register` returns; the store hears of it as of everything else (design D5).
"""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from config.ids import TicketNumber
from config.numbering import number_fault
from config.service.matters import Matters
from crm.errors import BadValue, bad_values
from crm.intake.model import Channel, Letter, Opening
from crm.regulation.policy import Regulated, UnknownClause
from crm.rights import Principal
from crm.use_cases.tickets import Tickets

RESPONSE_CLAUSE: Final = "TKT-4.respond"
RESPONSE: Final = timedelta(hours=24)
"""TKT-4, for a site whose regulation has no such clause."""
_REMEMBERED: Final = 500
EARLIEST: Final = timedelta(days=3660)
"""What came longer ago is a slip of the pen."""


class Intake:
    """One per system."""

    def __init__(self, tickets: Tickets, matters: Matters, regulated: Regulated, clock: Callable[[], datetime]) -> None:
        self._tickets = tickets
        self._matters = matters
        self._regulated = regulated
        self._clock = clock
        self._lately: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def begins_nothing(self) -> bool:
        """See Tickets."""
        return self._tickets.begins_nothing

    def register(self, channel: Channel, opening: Opening) -> TicketNumber:
        """The number at once. Raises ValueError naming the field for a category that the site does not have, or not
        for this kind."""
        opening = self._sorted(opening)
        number = self._tickets.open_from(channel, opening, self._clock())
        self._lately.append(number)
        return number

    def register_by_hand(
        self, channel: Channel, fields: Mapping[str, Any], *, who: Principal, key: str | None = None
    ) -> TicketNumber:
        """What somebody enters who has it on the table; `key` as of an Opening. Raises BadValue."""
        now = self._clock()
        received_at = fields["received_at"] or now
        if not now - EARLIEST <= received_at <= now + timedelta(minutes=1):
            raise BadValue("received_at", "when it came: not in the future, and not over ten years ago")
        if (entered := fields["contact_number"].strip()) and (fault := number_fault(entered, "")):
            raise BadValue("contact_number", fault)
        kept = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
        return self.register_fields(channel, kept | {"received_at": received_at, "by": who.name, "key": key})

    def register_fields(self, channel: Channel, fields: Mapping[str, Any]) -> TicketNumber:
        """As `register`, of what was typed in. Raises BadValue for a field that cannot be kept."""
        with bad_values("body"):
            return self.register(channel, msgspec.convert(dict(fields), type=Opening))

    def answer_on(self, ticket: TicketNumber, letter: Letter) -> None:
        """An e-mail that answers on a ticket there is."""
        self._tickets.answer_on(ticket, letter, self._clock())

    async def is_kept(self) -> bool:
        """Whether everything registered survives a power failure; waits for the disk."""
        return await self._tickets.is_kept()

    def registered_lately(self, number: str) -> bool:
        """Whether this ticket may still be on its way into the store."""
        return number in self._lately

    def respond_by(self, received_at: datetime) -> datetime:
        """Until when somebody answers (TKT-4)."""
        try:
            clause = self._regulated.clause(RESPONSE_CLAUSE, received_at)
        except UnknownClause:
            return received_at + RESPONSE
        return self._regulated.due(clause, received_at).at or received_at + RESPONSE

    def _sorted(self, opening: Opening) -> Opening:
        """With the department that the category belongs to (LNE-6)."""
        if opening.category is None:
            return opening
        category = self._matters.category(opening.category)
        if category is None:
            known = ", ".join(each.id for each in self._matters.categories) or "(none)"
            raise ValueError(f"category: no such category; there are {known}")
        if opening.kind is not None and opening.kind not in category.kinds:
            raise ValueError(f"category: {category.id} is for {', '.join(category.kinds)}")
        department = self._matters.department(category.department)
        return msgspec.structs.replace(
            opening,
            department=category.department,
            level=department.level if department else None,
            restricted=category.restricted,
        )
