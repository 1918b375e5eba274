"""Mails that could not be read: listed, fetched as they came, made a ticket of, or put away (adapter). TKT-1."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from app.channels.raw_mails import RawMails
from app.web.api.common.shown import shaped
from app.web.api.intake.intake import registered
from app.web.api.intake.intake_shapes import Matter, Name, TicketRegistered
from app.web.http.contract import In, Nothing, Out
from app.web.http.operations import AnyOperation, Ask, id_of, operation
from app.web.wire.problems import Problem
from crm.intake.aside import AsideMail
from crm.tickets.model import TicketKind
from crm.use_cases.mail import aside as use_cases


class AsideMailOut(Out, frozen=True, kw_only=True):
    """A mail that nobody could read. `why`: what ended the last try; `available`: its bytes are still kept."""

    id: str
    at: datetime
    tries: int
    why: str
    size: int
    available: bool


class AsideMailsOut(Out, frozen=True, kw_only=True):
    """Those that wait for a person, newest first."""

    items: list[AsideMailOut]


class AsideTicket(In, frozen=True, kw_only=True):
    """What somebody has read in it."""

    matter: Matter
    kind: TicketKind | None = None
    contact_name: Name = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    contact_number: Annotated[str, Meta(max_length=40)] = ""


class AsideDismissal(In, frozen=True, kw_only=True):
    """Why nothing comes of it."""

    note: Annotated[str, Meta(min_length=1, max_length=use_cases.LONGEST_NOTE)]


async def list_aside_mails(ask: Ask[Nothing, Nothing]) -> AsideMailsOut:
    return AsideMailsOut(items=[_out(mail) for mail in await ask.seen.house.unread_mails()])


async def get_aside_mail(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """To be saved, never shown in place: a browser runs nothing of it. Each time is logged."""
    mail = await ask.do(use_cases.open_mail, id_of(ask, "mail"))
    path = RawMails(ask.services.data.raw_mails).path(mail.file) if mail.file else None
    if path is None or not path.is_file():
        raise Problem("gone", f"The mail of {mail.at:%Y-%m-%d} is no longer kept.")
    return web.FileResponse(
        path,
        headers={
            hdrs.CONTENT_TYPE: "application/octet-stream",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="mail-{mail.id}.eml"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


async def register_aside_mail(ask: Ask[Nothing, AsideTicket]) -> TicketRegistered:
    """A ticket at once, with its number. Said twice, it is one ticket."""
    fields = msgspec.structs.asdict(ask.body)
    services = ask.services
    number = await ask.do(use_cases.register_mail, services.intake, id_of(ask, "mail"), fields)
    return await registered(services, number)


async def dismiss_aside_mail(ask: Ask[Nothing, AsideDismissal]) -> AsideMailOut:
    return _out(await ask.do(use_cases.dismiss_mail, id_of(ask, "mail"), ask.body.note))


def _out(mail: AsideMail) -> AsideMailOut:
    return shaped(AsideMailOut, mail, id=str(mail.id), available=bool(mail.file))


# fmt: off
ASIDE_MAIL: Final[tuple[AnyOperation, ...]] = (
    operation("list_aside_mails", "GET /api/aside-mails", list_aside_mails,
              "Mails that could not be read and wait for a person", Nothing, Nothing, AsideMailsOut),
    operation("get_aside_mail", "GET /api/aside-mails/{id}/raw", get_aside_mail,
              "Fetch such a mail as it came; each time is logged", Nothing, Nothing, None, 200,
              "application/octet-stream"),
    operation("register_aside_mail", "POST /api/aside-mails/{id}/ticket", register_aside_mail,
              "Make a ticket of such a mail: its number at once", Nothing, AsideTicket, TicketRegistered, 201),
    operation("dismiss_aside_mail", "POST /api/aside-mails/{id}/dismissal", dismiss_aside_mail,
              "Put such a mail away, and say why", Nothing, AsideDismissal, AsideMailOut),
)
# fmt: on
