"""Messages to colleagues who are absent, with read receipts (adapter): seen at once on a page that is open. TEL-7."""

from collections.abc import Iterable

import msgspec

from app.web.api.common.records import MessageNew, MessageOut, MessageQuery
from app.web.api.common.shown import shaped
from app.web.http.contract import Listed, Nothing
from app.web.http.operations import Ask, id_of
from app.web.wire.desk import DeskHub
from app.web.wire.desk_messages import ColleagueWrote
from crm.cases.steps import SYSTEM
from crm.messages.model import ColleagueMessage
from crm.use_cases import messages as use_cases
from crm.use_cases.messages import Note


async def list_messages(ask: Ask[MessageQuery, Nothing]) -> Listed[MessageOut]:
    """One's own, newest first: nobody reads what went between two others."""
    query = ask.query
    page = await ask.seen.messages.list(query.box, unread=query.unread, limit=query.limit, after=query.after)
    return Listed(items=[message_out(row) for row in page.items], next=page.next)


async def send_message(ask: Ask[Nothing, MessageNew]) -> MessageOut:
    """To one colleague of the site; it is on the colleague's desk at once, or when the desk is opened."""
    row = await ask.do(use_cases.send_message, Note(**msgspec.structs.asdict(ask.body)))
    _tell(ask.services.hub, row, row.recipient)
    return message_out(row)


async def read_message(ask: Ask[Nothing, Nothing]) -> MessageOut:
    """The recipient has read it: the sender sees when. Pressed twice, the first time counts."""
    row = await ask.do(use_cases.read_message, id_of(ask, "message"))
    _tell(ask.services.hub, row, row.sender)
    _tell(ask.services.hub, row, row.recipient)
    return message_out(row)


def message_out(row: ColleagueMessage) -> MessageOut:
    return shaped(MessageOut, row, id=str(row.id))


def tell_of_notice(hub: DeskHub, people: Iterable[str], about: str) -> None:
    """A notice of the system lies in these people's boxes: open desks read them. `about`: of which record."""
    for person in people:
        hub.publish(person, ColleagueWrote(message=f"notice {about}", recipient=person, sender=SYSTEM, read_at=None))


def tell_message(hub: DeskHub, row: ColleagueMessage) -> None:
    """A message that the system wrote is on the recipient's open pages at once."""
    _tell(hub, row, row.recipient)


def _tell(hub: DeskHub, row: ColleagueMessage, agent: str) -> None:
    hub.publish(agent, shaped(ColleagueWrote, row, message=str(row.id)))
