"""Many rows by one statement, made once from the table and handed to the driver as it is: for the projector, where the
cost of a row is the cost of the store. Everybody else uses Database.upsert and insert_new.

SQLite takes many rows of values in a statement: for each row by itself the driver would let go of the interpreter and
ask for it again, while the event loop has it and must be stopped for that. PostgreSQL takes one JSON document: one
round trip, and a fifth of the CPU of a statement per row on our side.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql

from crm.db.schema.core import UtcDateTime

Row = Mapping[str, Any]
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
_encoder = msgspec.json.Encoder(decimal_format="number")
ROWS: Final = (64, 16, 4, 1)
"""So many rows in a SQLite statement: a few sizes, so that the driver has each statement ready."""


def insert_new(connection: Connection, table: Table, rows: Sequence[Row], keys: Sequence[str]) -> None:
    """Inserts the rows whose keys are not there yet and leaves the others as they are. All rows name the same columns.

    Raises ValueError for a naive datetime: an instant has a time zone.
    """
    _write(connection, table, rows, tuple(keys), "NOTHING")


def upsert(connection: Connection, table: Table, rows: Sequence[Row], keys: Sequence[str]) -> None:
    """As insert_new, but overwrites all other named columns of the rows that are there. No key may come twice."""
    _write(connection, table, rows, tuple(keys), "UPDATE")


def _write(connection: Connection, table: Table, rows: Sequence[Row], keys: tuple[str, ...], conflict: str) -> None:
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        instants = _instants(table, names)
        for some in _portions(rows):
            statement = _sqlite_statement(table, names, keys, conflict, len(some))
            connection.exec_driver_sql(
                statement, tuple(chain.from_iterable(_values(row, names, instants) for row in some))
            )
    else:
        for name in _instants(table, names).values():
            for row in rows:
                _refuse_naive(row[name])
        document = _encoder.encode(rows).decode()
        connection.exec_driver_sql(_postgresql_statement(table, names, keys, conflict), (document,))


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """All rows, in as few statements as there are sizes for."""
    begin = 0
    for size in ROWS:
        while len(rows) - begin >= size:
            yield rows[begin : begin + size]
            begin += size


def _values(row: Row, names: tuple[str, ...], instants: Mapping[int, str]) -> list[Any]:
    values = [row[name] for name in names]
    for place in instants:
        if values[place] is not None:
            values[place] = _stored(values[place])
    return values


@cache
def _instants(table: Table, names: tuple[str, ...]) -> dict[int, str]:
    """Which of the columns are instants, by their place."""
    return {place: name for place, name in enumerate(names) if isinstance(table.c[name].type, UtcDateTime)}


@cache
def _sqlite_statement(table: Table, names: tuple[str, ...], keys: tuple[str, ...], conflict: str, rows: int) -> str:
    marks = f"({', '.join('?' for _ in names)})"
    values = ", ".join([marks] * rows)
    # Names of our own tables and columns; values are bound.
    return f"INSERT INTO {table.name} ({_list(names)}) VALUES {values} {_on_conflict(names, keys, conflict)}"  # noqa: S608


@cache
def _postgresql_statement(table: Table, names: tuple[str, ...], keys: tuple[str, ...], conflict: str) -> str:
    kinds = ", ".join(f'"{name}" {table.c[name].type.compile(_POSTGRESQL)}' for name in names)
    # Names of our own tables and columns; values are bound.
    source = f"SELECT {_list(names)} FROM json_to_recordset(%s::json) AS given ({kinds})"  # noqa: S608
    return f"INSERT INTO {table.name} ({_list(names)}) {source} {_on_conflict(names, keys, conflict)}"


def _on_conflict(names: tuple[str, ...], keys: tuple[str, ...], conflict: str) -> str:
    action = "NOTHING"
    if conflict == "UPDATE":
        kept = [f'"{name}" = excluded."{name}"' for name in names if name not in keys]
        action = f"UPDATE SET {', '.join(kept)}"
    return f"ON CONFLICT ({_list(keys)}) DO {action}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@lru_cache(maxsize=4096)
def _stored(instant: datetime) -> str:
    """As SQLAlchemy stores it in SQLite: text, in UTC. The instants of a call come again with each of its events."""
    _refuse_naive(instant)
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _refuse_naive(instant: datetime | None) -> None:
    if instant is not None and instant.tzinfo is None:
        raise ValueError(f"naive datetime {instant}: an instant has a time zone")
