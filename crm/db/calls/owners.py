"""Whose card a number is on: one query for the projector's many rows."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, bindparam, select

from crm.db.schema.core import customer_number

_OWNERS: Final = select(customer_number.c.normalised, customer_number.c.customer_id).where(
    customer_number.c.normalised.in_(bindparam("numbers", expanding=True))
)


def owners(connection: Connection, numbers: Collection[str]) -> dict[str, int]:
    """Which customer each number belongs to; numbers nobody has are left out."""
    if not numbers:
        return {}
    return {row.normalised: row.customer_id for row in connection.execute(_OWNERS, {"numbers": list(numbers)})}
