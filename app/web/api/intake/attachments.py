"""The files of a ticket: sent, listed, fetched; each fetch is on the audit trail (adapter). TKT-3, CUS-4."""

import asyncio
from typing import Final
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from app.channels.attachments import AttachmentFiles
from app.web.api.common.shown import shaped
from app.web.api.intake.intake_shapes import AttachmentOut, AttachmentsOut, UploadQuery
from app.web.http.contract import Nothing
from app.web.http.operations import AnyOperation, Ask, operation
from app.web.wire.problems import Problem
from crm.errors import TooManyFiles, UnknownRecord
from crm.intake.files import MOST_BYTES, MOST_FILES, FileRefused
from crm.intake.model import Attachment
from crm.parsing.apart import media_apart
from crm.tickets.model import TicketDetail
from crm.use_cases.ticket_work import attach_file, open_file

_POLLS: Final = 30
_POLL_S: Final = 0.1
"""A ticket that was registered a moment ago is in the store within a fraction of a second."""


async def list_attachments(ask: Ask[Nothing, Nothing]) -> AttachmentsOut:
    ticket = await _ticket(ask)
    rows = await ask.seen.tickets.files(ticket.number)
    return AttachmentsOut(items=[_out(row) for row in rows], most_files=MOST_FILES, most_bytes=MOST_BYTES)


async def add_attachment(ask: Ask[UploadQuery, Nothing]) -> AttachmentOut:
    """The body is the file. The same content twice is one file."""
    if not ask.services.space.allows("mail"):
        raise Problem("no_space", "The disk is nearly full: files can be attached again once there is room.")
    ticket = await _ticket(ask)
    content = await _content(ask.request)
    files = AttachmentFiles(ask.services.data.attachments)
    try:
        media = await asyncio.to_thread(media_apart, content)
        kept = await asyncio.to_thread(files.keep, ask.query.name, content, media)
    except FileRefused as exc:
        raise Problem("unsupported_file", f"{ask.query.name}: {exc}.") from exc
    row = None
    try:
        row = await ask.do(attach_file, ticket.number, kept)
    except TooManyFiles as exc:
        raise Problem("conflict", f"{exc}.") from exc
    finally:
        if row is None or row.id != kept.id:
            await asyncio.to_thread(files.remove, kept.id)
    return _out(row)


async def get_attachment(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """To be saved, never shown in place: a browser runs nothing of it."""
    ticket = await _ticket(ask)
    row = await ask.do(open_file, ticket.number, ask.path("file"))
    path = AttachmentFiles(ask.services.data.attachments).path(row.id)
    if row.deleted_at is not None or not path.is_file():
        raise Problem("gone", f"The file of {row.at:%Y-%m-%d} is no longer kept.")
    ascii_name = row.name.encode("ascii", "replace").decode().replace("?", "_")
    return web.FileResponse(
        path,
        headers={
            hdrs.CONTENT_TYPE: row.media,
            hdrs.CONTENT_DISPOSITION: f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(row.name)}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


async def _ticket(ask: Ask[msgspec.Struct, Nothing]) -> TicketDetail:
    """The ticket, if this reader may work on it. One registered just now is waited for."""
    polls = _POLLS if ask.services.intake.registered_lately(ask.path("number")) else 1
    for left in reversed(range(polls)):
        try:
            return await ask.seen.tickets.to_change(ask.path("number"))
        except UnknownRecord:
            if not left:
                raise
            await asyncio.sleep(_POLL_S)
    raise AssertionError("the last poll returns or raises")


async def _content(request: web.Request) -> bytes:
    """The body, up to the limit: more is not read."""
    if (request.content_length or 0) > MOST_BYTES:
        raise _too_large()
    content = bytearray()
    async for part in request.content.iter_any():
        content += part
        if len(content) > MOST_BYTES:
            raise _too_large()
    return bytes(content)


def _too_large() -> Problem:
    return Problem("too_large", f"A file has at most {MOST_BYTES // 1024 // 1024} MB.")


def _out(row: Attachment) -> AttachmentOut:
    return shaped(AttachmentOut, row, available=row.deleted_at is None)


# fmt: off
ATTACHMENTS: Final[tuple[AnyOperation, ...]] = (
    operation("list_attachments", "GET /api/tickets/{number}/attachments", list_attachments,
              "The files of a ticket", Nothing, Nothing, AttachmentsOut),
    operation("add_attachment", "POST /api/tickets/{number}/attachments", add_attachment,
              "Attach a file: the body is the file", UploadQuery, Nothing, AttachmentOut, 201),
    operation("get_attachment", "GET /api/tickets/{number}/attachments/{file}", get_attachment,
              "Fetch a file; each time is logged", Nothing, Nothing, None, 200, "application/octet-stream"),
)
# fmt: on
