"""Customers from and to files (adapter): template, preview, confirmation, export. CUS-1, CUS-4."""

import asyncio
from typing import Final

import msgspec
from aiohttp import BodyPartReader, hdrs, web

from app.web.api.common.customer_shapes import (
    CellChangeOut,
    CellFaultOut,
    ExportWish,
    ImportOut,
    ImportQuery,
    ImportRowOut,
    ImportWish,
    ReadAsOut,
    SheetQuery,
    StoredOut,
    TemplateQuery,
)
from app.web.api.common.shown import shaped
from app.web.http.contract import Nothing
from app.web.http.operations import Ask
from app.web.wire.problems import Problem, invalid
from crm.customers.columns import COLUMNS, card_row
from crm.customers.imports import ImportState, Plan, PlannedRow
from crm.customers.model import CustomerFilter
from crm.customers.sheets import write_csv, write_xlsx
from crm.parsing.tables.model import MAX_BYTES, ReadAs
from crm.use_cases import customers as use_cases

_MEDIA: Final = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_CHUNK: Final = 64 * 1024


async def import_template(ask: Ask[TemplateQuery, Nothing]) -> web.StreamResponse:
    query = ask.query
    heading = [column.zh if query.language == "zh" else column.en for column in COLUMNS]
    return await _file(query.format, "customers-template", [heading, [column.example for column in COLUMNS]])


async def preview_import(ask: Ask[SheetQuery, Nothing]) -> ImportOut:
    """Reads a file and names every bad row; nothing is written but the plan itself, for this person."""
    name, data = await _uploaded(ask)
    plan, state = await ask.do(use_cases.plan_file, name, data, ask.query.encoding or "")
    return _heading_out(name, plan) if state is None else await _import_out(ask, state, ImportQuery())


async def get_import(ask: Ask[ImportQuery, Nothing]) -> ImportOut:
    state = await ask.seen.customers.import_state(ask.path("token"))
    return await _import_out(ask, state, ask.query)


async def confirm_import(ask: Ask[Nothing, ImportWish]) -> ImportOut:
    """Writes on until all is written or some time is over; said twice, nothing is written twice."""
    on_existing = ask.body.on_existing
    state = await ask.do(use_cases.write_file, ask.path("token"), on_existing=on_existing)
    return await _import_out(ask, state, ImportQuery())


async def export_customers(ask: Ask[Nothing, ExportWish]) -> web.StreamResponse:
    """Cards with whole numbers as a file; who, why and how many is on record before the first byte leaves."""
    wish = ask.body
    wanted = CustomerFilter(search=wish.q, kind=wish.kind, key=wish.key, looked_after_by=wish.looked_after_by)
    takeout = use_cases.Takeout(wanted=wanted, reason=wish.reason, form=wish.format)
    cards = await ask.do(use_cases.take_out, takeout)
    rows = [[column.zh for column in COLUMNS], *(card_row(card) for card in cards)]
    return await _file(wish.format, f"customers-{ask.services.clock():%Y%m%d}", rows)


async def _file(form: str, name: str, rows: list[list[str]]) -> web.StreamResponse:
    if form == "csv":
        body = await asyncio.to_thread(write_csv, rows)
    else:
        body = await asyncio.to_thread(write_xlsx, "客户", rows)
    headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.{form}"'}
    return web.Response(body=body, content_type=_MEDIA[form], headers=headers)


async def _uploaded(ask: Ask[SheetQuery, Nothing]) -> tuple[str, bytes]:
    """Name and bytes of the form's file, never more of them than we read. Raises Problem."""
    wanted = invalid("file", "send a form (multipart/form-data) with the file in the field `file`")
    if ask.request.content_type != "multipart/form-data":
        raise wanted
    try:
        reader = await ask.request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name == "file":
                return (part.filename or "")[:128], await _bytes_of(part)
    except ValueError as exc:
        raise wanted from exc
    raise wanted


async def _bytes_of(part: BodyPartReader) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        data += chunk
        if len(data) > MAX_BYTES:
            raise Problem("too_large", f"The file has more than {MAX_BYTES} bytes: split it.")
    return bytes(data)


def _heading_out(name: str, plan: Plan) -> ImportOut:
    return ImportOut(
        token=None,
        file=name,
        columns=list(plan.columns),
        unknown=list(plan.unknown),
        how=_how_out(plan.how),
        faults=[shaped(CellFaultOut, fault) for fault in plan.faults],
        rows=[],
    )


async def _import_out(ask: Ask[msgspec.Struct, msgspec.Struct], state: ImportState, wanted: ImportQuery) -> ImportOut:
    area_code = ask.services.site.area_code
    rows = await ask.seen.customers.import_rows(state.token, wanted.after, wanted.show, area_code)
    lists = {"columns": list(state.columns), "unknown": list(state.unknown), "how": _how_out(state.how)}
    return shaped(ImportOut, state, **lists, faults=[], rows=[_row_out(row) for row in rows])


def _how_out(how: ReadAs) -> ReadAsOut:
    return shaped(ReadAsOut, how, left=list(how.left))


def _row_out(row: PlannedRow) -> ImportRowOut:
    return ImportRowOut(
        row=row.row,
        name=row.card.name if row.card else "",
        existing=None if row.existing is None else str(row.existing),
        faults=[shaped(CellFaultOut, fault) for fault in row.faults],
        changes=[shaped(CellChangeOut, change) for change in row.changes],
        stored=[StoredOut(column=column, value=value) for column, value in row.stored],
    )
