"""Puts a letter where it belongs: on its ticket, or on one of its own that names the other (flow). TKT-1, LNE-6.

What belongs where is said in crm.intake.belonging.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.ids import TicketNumber
from crm.cases.organisation import Organisation
from crm.db.store import Store
from crm.intake.belonging import Claim, joins, sent_ids
from crm.intake.model import FileKept, Letter, Opening
from crm.parsing.jobs import MailRead
from crm.parsing.keys import key_of
from crm.tickets.model import TicketDetail
from crm.use_cases.intake import Intake


@dataclass(frozen=True, kw_only=True)
class LetterKept:
    """What is kept of a mail that a person wrote: the words as a ticket holds them, and its files on our disk."""

    mail: MailRead
    text: str
    files: tuple[FileKept, ...]
    received_at: datetime


class Letters:
    """One per system with a mailbox."""

    def __init__(self, intake: Intake, store: Store, organisation: Organisation) -> None:
        self._intake = intake
        self._store = store
        self._organisation = organisation

    async def enter(self, kept: LetterKept) -> None:
        """In the journal when it returns, unless the disk refuses. Raises StoreAway; then nothing is entered."""
        mail = kept.mail
        claim = await self._claim(mail)
        named = await self._store.tickets.get(claim.ticket) if claim else None
        if claim and named and await self._joins(claim, named, mail):
            letter = Letter(
                received_at=kept.received_at,
                sender=mail.sender,
                subject=mail.subject,
                text=kept.text,
                key=mail.key,
                files=kept.files,
            )
            self._intake.answer_on(TicketNumber(named.number), letter)
            return
        opening = Opening(
            received_at=kept.received_at,
            matter=kept.text,
            contact_name=mail.name,
            email=mail.answer_to,
            reference=named.number if named else "",
            key=mail.key,
            files=kept.files,
            **(self._hidden(named) if named and named.restricted else {}),
        )
        self._intake.register("email", opening)

    async def _claim(self, mail: MailRead) -> Claim | None:
        """The ticket that a letter has to do with, by what is the surest."""
        intake = self._store.intake
        answered, borne = await intake.ticket_of_sent(sent_ids(mail.thread), mail.tokens)
        if answered is not None:
            return Claim(answered, "answer")
        if borne is not None:
            return Claim(borne, "token")
        keys = [key_of(each) for each in mail.thread]
        if keys and (threaded := await intake.ticket_of_thread(keys)) is not None:
            return Claim(threaded, "thread")
        return Claim(mail.ticket, "number") if mail.ticket else None

    async def _joins(self, claim: Claim, named: TicketDetail, mail: MailRead) -> bool:
        known = mail.certain and await self._store.intake.is_known_on(named.number, mail.sender)
        return joins(claim.evidence, known=known, restricted=named.restricted, state=named.state)

    def _hidden(self, named: TicketDetail) -> dict[str, Any]:
        """What has to do with a restricted ticket may say what is in it: it is as restricted, and whoever answers for
        that one is told."""
        answering = self._organisation.answering_for(named.department, named.level)
        return {
            "restricted": True,
            "department": named.department,
            "level": named.level,
            "told": tuple(sorted(answering)),
        }
