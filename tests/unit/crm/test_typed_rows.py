"""Rows become typed values in one way only (typed): a column is text where the type says otherwise. CUS-2."""

import ast
import dataclasses
import importlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from sqlalchemy import create_engine, literal, select

from crm.db.base.typed import typed
from crm.tickets.model import TicketKind, TicketState

ROOT = Path(__file__).parents[3]
MODULES = sorted(
    path
    for path in (ROOT / "crm" / "db").rglob("*.py")
    if "migrations" not in path.parts and path.name != "__init__.py"
)


def _is_model(thing: object) -> bool:
    return isinstance(thing, type) and (issubclass(thing, msgspec.Struct) or dataclasses.is_dataclass(thing))


def _has_enum(hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(_has_enum(each) for each in get_args(hint))
    return isinstance(hint, type) and issubclass(hint, Enum)


def _is_column(module: ModuleType, value: ast.expr) -> bool:
    """`row.kind`, `each.kind`, `rows[0].kind`; not a member of an enum (`TicketKind.COMPLAINT`). What an event told
    (`told`) is typed, and mypy sees to it."""
    match value:
        case ast.Attribute(value=ast.Name(id=name)):
            return name != "told" and not _has_enum(getattr(module, name, None))
        case _:
            return isinstance(value, ast.Attribute)


def _made_by_hand(module: ModuleType, tree: ast.Module) -> Iterator[str]:
    """Models that take a mapping of columns as it is, or a column where the model declares an enum."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        kind = getattr(module, node.func.id, None)
        if not _is_model(kind):
            continue
        hints = get_type_hints(kind)
        for keyword in node.keywords:
            if keyword.arg is None:
                yield f"{module.__name__}:{node.lineno} {node.func.id}(**…)"
            elif _is_column(module, keyword.value) and _has_enum(hints[keyword.arg]):
                yield f"{module.__name__}:{node.lineno} {node.func.id}({keyword.arg}=…)"


def test_no_model_is_made_of_a_row_by_hand() -> None:
    found = [
        each
        for path in MODULES
        for each in _made_by_hand(
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)),
            ast.parse(path.read_text(encoding="utf-8")),
        )
    ]
    assert found == []


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    kind: TicketKind | None
    state: TicketState
    number: str
    count: int = 0


def _row(**columns: object) -> Any:
    with create_engine("sqlite://").connect() as connection:
        return connection.execute(select(*(literal(value).label(name) for name, value in columns.items()))).one()


def test_columns_become_what_the_type_declares() -> None:
    row = _row(kind="complaint", state="open", number="20261130-0001", other="left out")
    assert typed(Sample, row, count=3) == Sample(
        kind=TicketKind.COMPLAINT, state=TicketState.OPEN, number="20261130-0001", count=3
    )
    assert type(typed(Sample, row).kind) is TicketKind


def test_what_goes_beside_the_row_goes_first() -> None:
    assert typed(Sample, _row(kind="complaint", state="open", number="1"), state=TicketState.CLOSED).state == "closed"


@pytest.mark.parametrize("columns", [{"kind": "no such kind"}, {"number": 7}, {"number": None}, {"state": ""}])
def test_a_column_that_is_not_of_the_type_is_an_error(columns: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        typed(Sample, _row(**({"kind": "complaint", "state": "open", "number": "1"} | columns)))
