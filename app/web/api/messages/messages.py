"""Messages to colleagues who are absent, with read receipts (adapter): seen at once on a page that is open. TEL-7."""

import uuid
from collections.abc import Iterable

from app.web.api.common.records import MessageNew, MessageOut, MessageQuery
from app.web.api.common.shown import shaped
from app.web.api.tickets.tickets import find_ticket, reader
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask, id_of
from app.web.wire.desk import DeskHub
from app.web.wire.desk_messages import ColleagueWrote
from app.web.wire.problems import Problem, invalid
from crm.db.followups.owed_calls import SYSTEM
from crm.messages.model import ColleagueMessage


async def list_messages(ask: Ask[MessageQuery, Nothing]) -> Listed[MessageOut]:
    """One's own, newest first: nobody reads what went between two others."""
    query, me = ask.query, ask.who.agent or ask.who.name
    page = await ask.services.store.messages.list(
        recipient=me if query.box == "in" else None,
        sender=me if query.box == "sent" else None,
        unread=query.unread,
        limit=query.limit,
        after=query.after,
    )
    return Listed(items=[message_out(row) for row in page.items], next=page.next)


async def send_message(ask: Ask[Nothing, MessageNew]) -> MessageOut:
    """To one colleague of the site; it is on the colleague's desk at once, or when the desk is opened."""
    new, sender = ask.body, ask.who.agent or ask.who.name
    if new.recipient not in {agent.id for agent in ask.services.site.agents}:
        raise invalid("recipient", f"no colleague {new.recipient}")
    if new.recipient == sender:
        raise invalid("recipient", "somebody else")
    try:
        row = await ask.services.store.messages.send(
            sender=sender,
            recipient=new.recipient,
            text=new.text,
            key=f"{sender}:{new.key or uuid.uuid4()}",
            ticket=new.ticket,
            caller=await _caller(ask),
        )
    except ValueError as exc:
        raise invalid("text", str(exc)) from exc
    _tell(ask.services.hub, row, row.recipient)
    return message_out(row)


async def read_message(ask: Ask[Nothing, Nothing]) -> MessageOut:
    """The recipient has read it: the sender sees when. Pressed twice, the first time counts."""
    message_id = id_of(ask, "message")
    row = await ask.services.store.messages.get(message_id)
    if row is None:
        raise Problem("not_found", f"No message {message_id}.")
    if row.recipient != (ask.who.agent or ask.who.name):
        raise Problem("forbidden", f"Message {message_id} is for {row.recipient}.")
    row = await ask.services.store.messages.read(row.id)
    _tell(ask.services.hub, row, row.sender)
    _tell(ask.services.hub, row, row.recipient)
    return message_out(row)


def message_out(row: ColleagueMessage) -> MessageOut:
    return shaped(MessageOut, row, id=str(row.id))


async def _caller(ask: Ask[Nothing, MessageNew]) -> str:
    """Who is to be called back. A ticket's number goes along only if the sender sees it in full (CUS-4)."""
    new = ask.body
    if new.ticket is None:
        return (new.caller or "").strip()
    ticket = await find_ticket(ask, new.ticket)
    if ticket is None:
        raise invalid("ticket", f"no ticket {new.ticket}")
    if new.caller is not None:
        return new.caller.strip()
    return (ticket.contact_number or ticket.ani) if reader(ask).sees(ticket.number, ticket.agent) else ""


def tell_of_notice(hub: DeskHub, people: Iterable[str], about: str) -> None:
    """A notice of the system lies in these people's boxes: open desks read them. `about`: of which record."""
    for person in people:
        hub.publish(person, ColleagueWrote(message=f"notice {about}", recipient=person, sender=SYSTEM, read_at=None))


def tell_message(hub: DeskHub, row: ColleagueMessage) -> None:
    """A message that the system wrote is on the recipient's open pages at once."""
    _tell(hub, row, row.recipient)


def _tell(hub: DeskHub, row: ColleagueMessage, agent: str) -> None:
    hub.publish(agent, shaped(ColleagueWrote, row, message=str(row.id)))
