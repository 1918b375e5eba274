"""What has happened, read back for a rehearsal of the regulation: calls and the steps of tickets. Design D7."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from config.service.policy import PartyKind
from crm.db.base.engine import Database
from crm.db.base.typed import typed
from crm.db.schema.cases import ticket_step
from crm.db.schema.core import call, ticket
from crm.regulation.rehearsal import ENDED, Happening, Past

Kinds = Mapping[str, PartyKind]
"""What kind of party each id stands for."""


async def past_since(database: Database, since: datetime, kinds: Kinds) -> list[Past]:
    """Every inbound call since, and every ticket on which a step was taken since, with all its steps. StoreAway."""
    async with database.read() as connection:
        return [*await _calls(connection, since), *await _cases(connection, since, kinds)]


async def _calls(connection: AsyncConnection, since: datetime) -> list[Past]:
    query = (
        select(call.c.ticket, call.c.invited_at, call.c.answered_at, call.c.ended_at, ticket.c.kind, ticket.c.severity)
        .join_from(call, ticket, call.c.ticket == ticket.c.number)
        .where(call.c.invited_at >= since, call.c.direction == "inbound")
        .order_by(call.c.invited_at)
    )
    return [typed(Past, row, happenings=tuple(_told(row))) for row in await connection.execute(query)]


def _told(row: Any) -> Iterator[Happening]:
    for at, step in ((row.invited_at, "arrived"), (row.answered_at, "answered"), (row.ended_at, ENDED)):
        if at is not None:
            yield Happening(at, step)


async def _cases(connection: AsyncConnection, since: datetime, kinds: Kinds) -> list[Past]:
    touched = select(ticket_step.c.ticket).where(ticket_step.c.at >= since)
    query = (
        select(ticket_step, ticket.c.kind, ticket.c.severity)
        .join_from(ticket_step, ticket, ticket_step.c.ticket == ticket.c.number)
        .where(ticket_step.c.ticket.in_(touched))
        .order_by(ticket_step.c.ticket, ticket_step.c.at, ticket_step.c.id)
    )
    rows = (await connection.execute(query)).all()
    return [_case(number, list(steps), kinds) for number, steps in groupby(rows, key=lambda row: row.ticket)]


def _case(number: str, steps: list[Any], kinds: Kinds) -> Past:
    """Facts that a step states (`holder`, `urgent`, `complex`, `written`) hold from then on."""
    holder: PartyKind | None = None
    facts: dict[str, Any] = {}
    happenings = []
    for row in steps:
        details = _details(row.details)
        holder = kinds.get(details.get("holder", ""), holder)
        facts |= {
            name: details[name] for name in ("urgent", "complex", "written") if isinstance(details.get(name), bool)
        }
        happenings.append(Happening(row.at, row.step, holder))
    return typed(Past, steps[0], happenings=tuple(happenings), **facts)


def _details(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
