"""Messages between colleagues (flow): sent once, read by whom they are for. TEL-7, CUS-4."""

import uuid
from dataclasses import dataclass

from crm.errors import BadValue, bad_values
from crm.messages.model import ColleagueMessage
from crm.seen.opening import opened
from crm.use_cases.cases import Ports


@dataclass(frozen=True, kw_only=True)
class Note:
    """What somebody wants to tell a colleague. `caller` None: the ticket's number, if the sender sees it in full."""

    recipient: str
    text: str
    ticket: str | None
    caller: str | None
    key: str | None


async def send_message(ports: Ports, note: Note) -> ColleagueMessage:
    """To one colleague of the site, once per `key`. Raises BadValue, StoreAway."""
    me = ports.who.mailbox
    if note.recipient not in {agent.id for agent in ports.site.agents}:
        raise BadValue("recipient", f"no colleague {note.recipient}")
    if note.recipient == me:
        raise BadValue("recipient", "somebody else")
    caller = await _caller(ports, note)
    with bad_values("text"):
        sent = await ports.store.messages.send(
            sender=me,
            recipient=note.recipient,
            text=note.text,
            key=f"{me}:{note.key or uuid.uuid4()}",
            ticket=note.ticket,
            caller=caller,
        )
    return opened(sent)


async def read_message(ports: Ports, message_id: int) -> ColleagueMessage:
    """The recipient has read it; the first time counts. Raises UnknownRecord, Forbidden, StoreAway."""
    row = await ports.seen.messages.to_me(message_id)
    return opened(await ports.store.messages.read(row.id))


async def _caller(ports: Ports, note: Note) -> str:
    """Who is to be called back. A ticket's number goes along only if the sender sees it in full."""
    if note.ticket is None:
        return (note.caller or "").strip()
    ticket = await ports.seen.rights.ticket(note.ticket)
    if ticket is None:
        raise BadValue("ticket", f"no ticket {note.ticket}")
    if note.caller is not None:
        return note.caller.strip()
    seen = await ports.seen.rights.open_of([ticket.number])
    return (ticket.contact_number or ticket.ani) if seen else ""
