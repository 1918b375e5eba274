"""Rows of the due-call tables as types of crm/followups, and the conditions that select them. No statements. FUP-6."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Row, bindparam, or_, select, tuple_

from crm.db.base.typed import typed
from crm.db.schema.core import UtcDateTime, due_call, due_call_attempt
from crm.followups.model import OWNED, Attempt, DueCall, DueCallState

_DIALLED = (DueCallState.DIALLING, DueCallState.TALKING)

NOW: Final[BindParameter[datetime]] = bindparam("now", type_=UtcDateTime())
"""In statements that are made once and carried out again and again."""


def due_call_row(row: Row[Any], *, claimed: bool = False) -> DueCall:
    """A DueCall; one that was just claimed says whether its last worker had begun to dial."""
    return typed(DueCall, row, resume=claimed and row.state in _DIALLED)


def attempt_row(row: Row[Any]) -> Attempt:
    return typed(Attempt, row, call=row.call_id)


def still_ours(claim: DueCall) -> ColumnElement[bool]:
    """The claimed row, while nobody else has claimed it since."""
    return (
        (due_call.c.id == claim.id)
        & (due_call.c.fence == claim.fence)
        & (due_call.c.owner == claim.owner)
        & due_call.c.state.in_(OWNED)
    )


def attempt_of(claim: DueCall) -> ColumnElement[bool]:
    """The claim's line among the attempts."""
    return (due_call_attempt.c.due_call == claim.id) & (due_call_attempt.c.attempt == claim.attempts)


def stale(clock: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Owned by a worker whose lease has run out."""
    return due_call.c.state.in_(OWNED) & (due_call.c.lease_until < clock)


def ready() -> ColumnElement[bool]:
    """Due by `NOW`, the first of its number, and nobody is dialling that number."""
    other = due_call.alias("other")
    waiting = (due_call.c.state == DueCallState.SCHEDULED) & (due_call.c.due_at <= NOW)
    earlier = tuple_(other.c.due_at, other.c.id) < tuple_(due_call.c.due_at, due_call.c.id)
    in_the_way = or_(other.c.state.in_(OWNED), (other.c.state == DueCallState.SCHEDULED) & earlier)
    blocked = select(other.c.id).where(other.c.number_key == due_call.c.number_key, in_the_way).exists()
    return waiting & ~blocked
