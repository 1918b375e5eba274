"""What pages and the mailbox ask about other channels: letters that are known, attached files, how far was read."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, insert, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.db.audit.trail import AuditTrail
from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.schema.core import ticket
from crm.db.schema.intake import attachment, intake, letter, mailbox_position
from crm.db.schema.outbox import outbox
from crm.db.tickets.tickets import select_tickets, ticket_row
from crm.errors import TooManyFiles, UnknownRecord
from crm.intake.files import MOST_FILES
from crm.intake.model import Attachment, FileKept, IntakeFacts
from crm.parsing.keys import identity_part, range_of
from crm.tickets.model import TicketRow, TicketState

UNREGISTERED = timedelta(days=7)
"""So far back it is looked for what nobody has registered."""


class IntakeTable:
    """All raise StoreAway. The projector makes the rows of tickets and letters."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def facts(self, number: str) -> IntakeFacts | None:
        """What is known of a ticket's arrival; None when it came by telephone."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(intake).where(intake.c.ticket == number))).one_or_none()
        if row is None:
            return None
        return typed(IntakeFacts, row)

    async def ticket_of_key(self, key: str) -> str | None:
        """The ticket that came, or was answered on, under this key."""
        async with self._database.read() as connection:
            for table in (intake, letter):
                found = await connection.execute(select(table.c.ticket).where(table.c.key == key))
                if (number := found.scalar_one_or_none()) is not None:
                    return str(number)
        return None

    async def ticket_of_thread(self, keys: Sequence[str]) -> str | None:
        """The ticket that one of these mails, the first that is known, came to; of those with one Message-ID, the
        newest ticket."""
        known: dict[str, str] = {}
        ranges = [range_of(key) for key in keys]
        async with self._database.read() as connection:
            for table in (letter, intake):
                query = select(table.c.key, table.c.ticket).order_by(table.c.ticket)
                query = query.where(or_(*(and_(table.c.key >= first, table.c.key < end) for first, end in ranges)))
                known |= {identity_part(row.key): row.ticket for row in await connection.execute(query)}
        return next((known[key] for key in keys if key in known), None)

    async def ticket_of_sent(self, message_ids: Sequence[str], tokens: Sequence[str]) -> tuple[str | None, str | None]:
        """The ticket of a message of ours that bears one of these Message-IDs, and that of one with such a token."""
        found: list[str | None] = []
        async with self._database.read() as connection:
            for column, wanted in ((outbox.c.message_id, message_ids), (outbox.c.token, tokens)):
                query = select(outbox.c.ticket).where(column.in_(wanted), outbox.c.ticket.is_not(None)).limit(1)
                found.append((await connection.execute(query)).scalar_one_or_none() if wanted else None)
        return found[0], found[1]

    async def is_known_on(self, number: str, email: str) -> bool:
        """Whether a ticket came from this address, was answered on from it, or we have written to it about that."""
        theirs = (
            select(intake.c.ticket).where(intake.c.ticket == number, func.lower(intake.c.email) == email.lower()),
            select(letter.c.ticket).where(letter.c.ticket == number, func.lower(letter.c.email) == email.lower()),
            select(outbox.c.ticket).where(outbox.c.ticket == number, func.lower(outbox.c.recipient) == email.lower()),
        )
        async with self._database.read() as connection:
            return (await connection.execute(union_all(*theirs).limit(1))).first() is not None

    async def unregistered(self, limit: int) -> tuple[TicketRow, ...]:
        """Tickets of other channels that are no cases yet, those of the last days, oldest first."""
        query = (
            select_tickets()
            .join(intake, intake.c.ticket == ticket.c.number)
            .where(ticket.c.opened_at >= self._clock() - UNREGISTERED, ticket.c.stage.is_(None))
            .where(ticket.c.state != TicketState.CLOSED)
            .order_by(ticket.c.opened_at, ticket.c.number)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple(ticket_row(row) for row in await connection.execute(query))

    async def files(self, number: str) -> tuple[Attachment, ...]:
        """Of a ticket, oldest first, removed ones too."""
        query = select(attachment).where(attachment.c.ticket == number).order_by(attachment.c.at, attachment.c.id)
        async with self._database.read() as connection:
            return tuple(attachment_row(row) for row in await connection.execute(query))

    async def add_file(self, number: str, file: FileKept, *, by: str) -> Attachment:
        """The same content a second time is the file that is there. Raises UnknownRecord, TooManyFiles."""
        async with self._database.write() as connection:
            # The ticket's row is the lock under which its files are counted.
            known = select(ticket.c.number).where(ticket.c.number == number).with_for_update()
            if (await connection.execute(known)).first() is None:
                raise UnknownRecord("ticket", number)
            kept = select(attachment).where(attachment.c.ticket == number, attachment.c.deleted_at.is_(None))
            rows = (await connection.execute(kept)).all()
            for row in rows:
                if row.sha256 == file.sha256:
                    return attachment_row(row)
            if len(rows) >= MOST_FILES:
                raise TooManyFiles(number, MOST_FILES)
            at = self._clock()
            facts = {name: getattr(file, name) for name in FileKept.__struct_fields__}
            await connection.execute(insert(attachment).values(**facts, ticket=number, at=at, by=by))
            await self._log(connection, "attached", number, file.id, by)
        return typed(Attachment, facts, ticket=number, at=at, by=by, deleted_at=None)

    async def log_download(self, number: str, file: str, *, by: str) -> None:
        """To be called before the first byte is sent: who cannot be logged gets nothing (CUS-4)."""
        async with self._database.write() as connection:
            await self._log(connection, "opened_file", number, file, by)

    async def expired(self, before: datetime, limit: int = 200) -> tuple[Attachment, ...]:
        """Files attached before an instant to tickets that are closed, oldest first."""
        query = (
            select(attachment)
            .join(ticket, attachment.c.ticket == ticket.c.number)
            .where(attachment.c.deleted_at.is_(None), attachment.c.at < before, ticket.c.state == "closed")
            .order_by(attachment.c.at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple(attachment_row(row) for row in await connection.execute(query))

    async def mark_deleted(self, file: Attachment) -> None:
        """The file is gone: its time was over, or the customer was removed."""
        async with self._database.write() as connection:
            gone = update(attachment).where(attachment.c.id == file.id).values(deleted_at=self._clock())
            await connection.execute(gone)
            await self._log(connection, "removed_file", file.ticket, file.id, "system")

    async def known_files(self) -> frozenset[str]:
        """The names of all files that belong to a ticket."""
        query = select(attachment.c.id).where(attachment.c.deleted_at.is_(None))
        async with self._database.read() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def mailbox_read_to(self, mailbox: str) -> tuple[int, int] | None:
        """UIDVALIDITY and the last UID that was dealt with; None: never."""
        query = select(mailbox_position.c.uid_validity, mailbox_position.c.uid)
        async with self._database.read() as connection:
            row = (await connection.execute(query.where(mailbox_position.c.mailbox == mailbox))).one_or_none()
        return None if row is None else (row.uid_validity, row.uid)

    async def remember_mailbox(self, mailbox: str, uid_validity: int, uid: int) -> None:
        row = {"mailbox": mailbox, "uid_validity": uid_validity, "uid": uid}
        async with self._database.write() as connection:
            await self._database.upsert(connection, mailbox_position, [row], ["mailbox"])

    async def _log(self, connection: AsyncConnection, action: str, number: str, file: str, by: str) -> None:
        await self._audit.add(
            connection, at=self._clock(), by=by, action=action, subject=f"ticket {number}", details={"file": file}
        )


def attachment_row(row: Row[Any]) -> Attachment:
    """An Attachment of a row of the table."""
    return typed(Attachment, row)
