"""The sound of a ticket: the talk, or the message a caller left. Nobody hears one unrecorded (TEL-10)."""

from pathlib import Path
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from app.web.api.common.records import SoundQuery
from app.web.http.contract import Nothing
from app.web.http.operations import Ask
from app.web.wire.problems import Problem
from crm.tickets.call_rows import RecordingKind, RecordingRow
from crm.use_cases.ticket_work import hear_recording

Query = TypeVar("Query", bound=msgspec.Struct)


async def get_recording(ask: Ask[SoundQuery, Nothing]) -> web.StreamResponse:
    return await _play(ask, RecordingKind.TALK, ask.services.data.recordings)


async def get_message(ask: Ask[SoundQuery, Nothing]) -> web.StreamResponse:
    return await _play(ask, RecordingKind.MESSAGE, ask.services.data.messages)


async def _play(ask: Ask[SoundQuery, Nothing], kind: RecordingKind, directory: Path) -> web.StreamResponse:
    ticket = await ask.seen.tickets.to_change(ask.path("number"))
    wanted = [row for row in ticket.recordings if row.kind is kind and ask.query.id in (None, str(row.id))]
    if not wanted:
        raise Problem("not_found", f"Ticket {ticket.number} has no such {kind.value}.")
    return await send_sound(ask, max(wanted, key=lambda found: found.recorded_at), directory)


async def send_sound(ask: Ask[Query, Nothing], row: RecordingRow, directory: Path) -> web.StreamResponse:
    """One recording, to somebody who may hear it; who, is logged before the first byte."""
    path = _file(row, directory)
    if _begins(ask.request):
        await ask.do(hear_recording, row)
    return web.FileResponse(
        path, headers={hdrs.CONTENT_TYPE: "audio/wav", hdrs.CONTENT_DISPOSITION: f'inline; filename="{path.name}"'}
    )


def _file(row: RecordingRow, directory: Path) -> Path:
    path = (directory / row.file).resolve()
    if not path.is_relative_to(directory.resolve()):
        raise Problem("not_found", "The recording's name leads out of its directory.")
    if row.deleted_at is not None or not path.is_file():
        raise Problem("gone", f"The sound of {row.recorded_at:%Y-%m-%d} is no longer kept.")
    return path


def _begins(request: web.Request) -> bool:
    """A player that seeks asks for many ranges; listening begins with the first byte."""
    start = request.http_range.start
    return start is None or start == 0
