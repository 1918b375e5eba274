"""What people do with a mail that could not be read: look at its bytes, make a ticket of it, put it away (flow). TKT-1.

Who looks is on record before the first byte (CUS-4).
"""

from collections.abc import Mapping
from typing import Any, Final

from config.ids import TicketNumber
from crm.errors import BadValue, NotNow
from crm.intake.aside import AsideMail
from crm.parsing.keys import key_of
from crm.use_cases.cases import Ports
from crm.use_cases.intake import Intake

LONGEST_NOTE: Final = 200


async def open_mail(ports: Ports, mail_id: int) -> AsideMail:
    """Raises UnknownRecord, StoreAway: who cannot be put on record gets nothing."""
    mail = await ports.store.aside.get(mail_id)
    await ports.store.note_act(by=ports.who.name, action="opened", subject=f"mail {mail_id}")
    return mail


async def register_mail(ports: Ports, intake: Intake, mail_id: int, fields: Mapping[str, Any]) -> TicketNumber:
    """A ticket with what somebody has read in it. Said twice, it is one ticket.

    Raises UnknownRecord, BadValue, NotNow, StoreAway.
    """
    mail = await ports.store.aside.get(mail_id)
    if mail.state != "kept":
        raise NotNow(f"Mail {mail_id} has been dealt with by {mail.by}.")
    key = key_of(mail.place)
    number = await ports.store.intake.ticket_of_key(key)
    if number is None:
        number = intake.register_by_hand("email", {"received_at": mail.at, **fields}, who=ports.who, key=key)
    await ports.store.aside.settle(mail_id, "registered", by=ports.who.name, ticket=number)
    return TicketNumber(number)


async def dismiss_mail(ports: Ports, mail_id: int, note: str) -> AsideMail:
    """Nothing comes of it; why is on record. Raises UnknownRecord, BadValue, NotNow, StoreAway."""
    note = note.strip()
    if not 0 < len(note) <= LONGEST_NOTE:
        raise BadValue("note", f"say why in 1 to {LONGEST_NOTE} characters")
    return await ports.store.aside.settle(mail_id, "dismissed", by=ports.who.name, note=note)
