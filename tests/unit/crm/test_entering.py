"""Rows of the table of due calls begin in one place only, whatever a call is owed for. FUP-1."""

import ast
from collections.abc import Iterator

import pytest

from tests.fakes.sources import HOUSES, naming

THE_PLACE = "crm/db/followups/entering.py"
WRITES = {"insert", "insert_new", "upsert", "_insert", "_insert_new"}


def insertions(tree: ast.Module) -> Iterator[int]:
    """Lines that put rows into the table `due_call`, or hide that they do behind another name."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=given) if name in WRITES and names_the_table(given):
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr=name, value=on), args=given) if name in WRITES:
                if names_the_table([on, *given]):
                    yield node.lineno
            case ast.alias(name="due_call", asname=str()):
                yield node.lineno
            case ast.Constant(value=str(text)) if "INSERT INTO DUE_CALL" in " ".join(text.upper().split()):
                yield node.lineno


def names_the_table(given: list[ast.expr]) -> bool:
    return any("due_call" in (getattr(each, "id", None), getattr(each, "attr", None)) for each in given)


def test_one_module_enters_due_calls() -> None:
    spelled = {path: tree for word in ("due_call", "DUE_CALL") for path, tree in naming(word, *HOUSES)}
    found = {path for path, tree in spelled.items() if list(insertions(tree))}
    assert found == {THE_PLACE}


@pytest.mark.parametrize(
    "text",
    [
        "insert(due_call)",
        "await database.insert_new(connection, due_call, rows, ['key'])",
        "core.due_call.insert()",
        "from crm.db.schema.core import due_call as calls",
        "text('insert into  due_call values (1)')",
    ],
)
def test_a_second_place_would_be_found(text: str) -> None:
    assert list(insertions(ast.parse(text, mode="exec"))) == [1]
