"""The audit trail for administrators (adapter). CUS-4. It is read here and written by nobody's wish."""

from datetime import datetime
from typing import Final

import msgspec

from app.web.http.contract import Key, Listed, Moment, Nothing, Out, Paging, ShortText
from app.web.http.operations import AnyOperation, Ask, operation
from crm.audit.seals import AuditRow
from crm.tickets.model import Detail


class AuditQuery(Paging, frozen=True, kw_only=True):
    """`subject`: kind and id of a record, `ticket 20261122-0001`."""

    by: Key | None = None
    action: Key | None = None
    subject: ShortText | None = None
    since: Moment | None = None
    until: Moment | None = None


class AuditOut(Out, frozen=True, kw_only=True):
    """One act; `day` and `serial` are its place in the chain."""

    day: str
    serial: int
    at: datetime
    by: str
    action: str
    subject: str
    details: dict[str, Detail]


async def list_audit(ask: Ask[AuditQuery, Nothing]) -> Listed[AuditOut]:
    """Newest first."""
    page = await ask.seen.house.audit(**msgspec.structs.asdict(ask.query))
    return Listed(items=[_out(row) for row in page.items], next=page.next)


def _out(row: AuditRow) -> AuditOut:
    return AuditOut(
        day=row.day,
        serial=row.serial,
        at=row.at,
        by=row.by,
        action=row.action,
        subject=row.subject,
        details=msgspec.json.decode(row.details, type=dict[str, Detail]) if row.details else {},
    )


# fmt: off
AUDIT: Final[tuple[AnyOperation, ...]] = (
    operation("list_audit", "GET /api/audit", list_audit,
              "Who did what to which record, newest first", AuditQuery, Nothing, Listed[AuditOut]),
)
# fmt: on
