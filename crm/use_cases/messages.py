"""Messages between colleagues (flow): sent once, read by whom they are for. TEL-7, CUS-4."""

import uuid
from collections.abc import Set
from dataclasses import dataclass

from crm.errors import BadValue, Forbidden, UnknownRecord, bad_values
from crm.messages.model import ColleagueMessage
from crm.rights import Principal, sees_numbers
from crm.use_cases.cases import Ports, find_ticket


@dataclass(frozen=True, kw_only=True)
class Note:
    """What somebody wants to tell a colleague. `caller` None: the ticket's number, if the sender sees it in full."""

    recipient: str
    text: str
    ticket: str | None
    caller: str | None
    key: str | None


async def send_message(ports: Ports, note: Note, *, who: Principal, at_hand: Set[str]) -> ColleagueMessage:
    """To one colleague of the site, once per `key`. `at_hand`: the tickets on the sender's open desk.

    Raises BadValue, StoreAway.
    """
    if note.recipient not in {agent.id for agent in ports.site.agents}:
        raise BadValue("recipient", f"no colleague {note.recipient}")
    if note.recipient == who.mailbox:
        raise BadValue("recipient", "somebody else")
    caller = await _caller(ports, note, who, at_hand)
    with bad_values("text"):
        return await ports.store.messages.send(
            sender=who.mailbox,
            recipient=note.recipient,
            text=note.text,
            key=f"{who.mailbox}:{note.key or uuid.uuid4()}",
            ticket=note.ticket,
            caller=caller,
        )


async def read_message(ports: Ports, message_id: int, *, who: Principal) -> ColleagueMessage:
    """The recipient has read it; the first time counts. Raises UnknownRecord, Forbidden, StoreAway."""
    row = await ports.store.messages.get(message_id)
    if row is None:
        raise UnknownRecord("message", message_id)
    if row.recipient != who.mailbox:
        raise Forbidden(f"Message {message_id} is for {row.recipient}.")
    return await ports.store.messages.read(row.id)


async def _caller(ports: Ports, note: Note, who: Principal, at_hand: Set[str]) -> str:
    """Who is to be called back. A ticket's number goes along only if the sender sees it in full."""
    if note.ticket is None:
        return (note.caller or "").strip()
    ticket = await find_ticket(ports, note.ticket, who)
    if ticket is None:
        raise BadValue("ticket", f"no ticket {note.ticket}")
    if note.caller is not None:
        return note.caller.strip()
    seen = sees_numbers(who, ticket.number, ticket.agent, frozenset(at_hand))
    return (ticket.contact_number or ticket.ani) if seen else ""
