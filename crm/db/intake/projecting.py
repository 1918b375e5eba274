"""Openings and letters become rows, in the projector's transaction and once each. TKT-1.

A key that is known stays with the ticket it opened first: the same e-mail, read twice, is one ticket.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from config.numbering import normalise
from config.words import two_lines
from crm.db.base.bulk import insert_new
from crm.db.calls.owners import owners
from crm.db.schema.core import colleague_message, ticket
from crm.db.schema.intake import attachment, intake, letter
from crm.db.schema.users import in_force, user_account
from crm.db.tickets.search_index import reindex
from crm.intake.model import FileKept, Letter, Opening
from crm.journal.events import AnyEvent, LetterReceived, TicketOpened
from crm.tickets.model import TicketState

SYSTEM = "system"
_CONCERNS = two_lines(
    "收到一封与受限工单 {each.opening.reference} 有关的来信，已另立受限工单 {each.ticket}，请您处理。",
    "A letter has to do with the restricted ticket {each.opening.reference}: it is ticket {each.ticket}, for you.",
)
"""What the letter says is for those who open it."""


def without_words(each: AnyEvent) -> AnyEvent:
    """As the store keeps the event: what somebody wrote is in the rows alone, from which it can be removed (CUS-4)."""
    if isinstance(each, TicketOpened):
        told = each.opening
        bare = Opening(received_at=told.received_at, kind=told.kind, category=told.category, by=told.by, key=told.key)
        return msgspec.structs.replace(each, opening=bare)
    if isinstance(each, LetterReceived):
        bare_letter = Letter(received_at=each.letter.received_at, sender="", subject="", text="", key=each.letter.key)
        return msgspec.structs.replace(each, letter=bare_letter)
    return each


def enter_openings(connection: Connection, events: Sequence[AnyEvent], area_code: str) -> None:
    """Tickets of other channels, and the letters that answer on them, with their files."""
    opened = [each for each in events if type(each) is TicketOpened]
    if opened := _new_ones(connection, opened):
        keys = {each.ticket: normalise(each.opening.contact_number, area_code).normalised for each in opened}
        known = owners(connection, set(keys.values()) - {""})
        rows = [_ticket_row(each, keys[each.ticket], known) for each in opened]
        insert_new(connection, ticket, rows, ["number"])
        insert_new(connection, intake, [_intake_row(each) for each in opened], ["ticket"])
        for each in opened:
            _enter_files(connection, each.ticket, each.opening.files, each.at, each.opening.by)
            _notify(connection, each, each.opening.told, _CONCERNS.format(each=each))
        reindex(connection, [each.ticket for each in opened])
    for answer in (each for each in events if type(each) is LetterReceived):
        _enter_letter(connection, answer)


def _new_ones(connection: Connection, opened: Iterable[TicketOpened]) -> list[TicketOpened]:
    """Without those whose key another ticket has."""
    named = {each.opening.key: each for each in reversed(list(opened)) if each.opening.key}
    query = select(intake.c.key, intake.c.ticket).where(intake.c.key.in_(list(named)))
    taken = {row.key: row.ticket for row in connection.execute(query)} if named else {}
    first = {key: taken.get(key, each.ticket) for key, each in named.items()}
    return [each for each in opened if not each.opening.key or first[each.opening.key] == each.ticket]


def _ticket_row(each: TicketOpened, number_key: str, known: Mapping[str, int]) -> dict[str, Any]:
    told = each.opening
    return {
        "number": each.ticket,
        "opened_at": each.at,
        "state": TicketState.OPEN,
        "kind": told.kind,
        "severity": told.severity,
        "channel": each.channel,
        "ani": "",
        "number_key": number_key,
        "customer_id": known.get(number_key),
        "matter": told.matter,
        "wish": told.wish,
        "contact_name": told.contact_name,
        "form_of_address": told.form_of_address,
        "contact_number": told.contact_number,
        "category": told.category,
        "department": told.department,
        "level": told.level,
        "restricted": told.restricted,
        "version": 1,
    }


def _intake_row(each: TicketOpened) -> dict[str, Any]:
    told = each.opening
    return {
        "ticket": each.ticket,
        "received_at": told.received_at,
        "recorded_by": told.by,
        "email": told.email,
        "address": told.address,
        "reference": told.reference,
        "key": told.key,
    }


def _enter_files(connection: Connection, number: str, files: Sequence[FileKept], at: datetime, by: str | None) -> None:
    rows = [
        {
            "id": file.id,
            "ticket": number,
            "name": file.name,
            "media": file.media,
            "size": file.size,
            "sha256": file.sha256,
            "at": at,
            "by": by,
        }
        for file in files
    ]
    insert_new(connection, attachment, rows, ["id"])


def _enter_letter(connection: Connection, each: LetterReceived) -> None:
    """The letter and its files, and a notice to whoever has the ticket: its agent, else the supervisors."""
    told = each.letter
    other = select(letter.c.event_id).where(letter.c.key == told.key, letter.c.event_id != each.event_id)
    if connection.execute(other).first() is not None:
        return
    row = {
        "event_id": each.event_id,
        "ticket": each.ticket,
        "at": each.at,
        "received_at": told.received_at,
        "email": told.sender,
        "subject": told.subject,
        "text": told.text,
        "key": told.key,
    }
    insert_new(connection, letter, [row], ["event_id"])
    _enter_files(connection, each.ticket, told.files, each.at, None)
    _tell(connection, each)


def _tell(connection: Connection, each: LetterReceived) -> None:
    agent = connection.execute(select(ticket.c.agent).where(ticket.c.number == each.ticket)).scalar_one_or_none()
    supervisors = select(user_account.c.name).where(user_account.c.role == "supervisor", in_force)
    readers = [agent] if agent else list(connection.execute(supervisors).scalars())
    _notify(connection, each, readers, f"工单 {each.ticket} 收到客户来信：{each.letter.subject or '（无主题）'}")


def _notify(connection: Connection, each: TicketOpened | LetterReceived, readers: Sequence[str], text: str) -> None:
    rows = [
        {
            "key": f"{each.event_id}:{reader}",
            "at": each.at,
            "sender": SYSTEM,
            "recipient": reader,
            "text": text[:500],
            "ticket": each.ticket,
            "caller": "",
        }
        for reader in readers
    ]
    insert_new(connection, colleague_message, rows, ["key"])
