"""Makes typed values of rows: the only way from columns to the types of crm, so that no enum is left a string.

mypy cannot see what a column holds, as `Row` is untyped. tests/unit/crm/test_typed_rows.py finds models made otherwise.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row

T = TypeVar("T")


def typed(kind: type[T], columns: Row[*tuple[Any, ...]] | Mapping[str, Any], /, **others: object) -> T:
    """Reads the columns that `kind`, a Struct or dataclass, has; `others` go first. Columns of other names are left.

    Raises msgspec.ValidationError, naming the field, when a column does not hold what the type declares.
    """
    found: Mapping[str, Any] = columns._asdict() if isinstance(columns, Row) else columns
    # SQLAlchemy names some columns by a subclass of str, which msgspec does not take.
    named = {str(name): value for name, value in found.items()}
    return msgspec.convert(named | others, kind, strict=True)
