"""Which public forms were sent, and what came of each: one opened form is one ticket (adapter: in memory). OPS-7"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from app.web.api.intake.intake_shapes import PublicNew, TicketRegistered

MOST: Final = 10_000
"""Each has passed the rate of the public form, so that is many days' worth; past it the oldest is forgotten."""


@dataclass
class SentForms:
    """In memory: a form that was opened before a restart is none anyway."""

    _of: "OrderedDict[str, tuple[PublicNew, TicketRegistered]]" = field(default_factory=OrderedDict)

    def answer_to(self, form: PublicNew) -> TicketRegistered | None:
        """What this very form was answered. Raises ValueError when another one was sent by its token."""
        sent = self._of.get(form.token)
        if sent is None:
            return None
        if sent[0] != form:
            raise ValueError("another text was sent from this form")
        return sent[1]

    def keep(self, form: PublicNew, answer: TicketRegistered) -> None:
        """Its token is used up."""
        self._of[form.token] = form, answer
        if len(self._of) > MOST:
            self._of.popitem(last=False)
