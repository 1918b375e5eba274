"""Every operation says whether it leaves a row on the audit trail, and what it says is so. ACC-5"""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from app.web.api.table import OPERATIONS
from app.web.http.audit.table import AUDITED, ROWS_EACH, ROWS_IN_ALL, Audited, Refusals, subject_of

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
ROOMS = ("app/web/api", "app/reports", "crm/use_cases", "crm/db")
WRITES = ("audit.add", "_audit.add", "note_act")


@cache
def functions() -> dict[str, list[ast.AST]]:
    """Every function of the rooms that an operation runs through, by name."""
    found: dict[str, list[ast.AST]] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                    found.setdefault(each.name, []).append(each)
    return found


def asked(node: ast.AST) -> Iterator[str]:
    """What a function calls or hands on, by dotted name."""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute | ast.Name):
            yield ast.unparse(each)


@cache
def writes_a_row(name: str) -> bool:
    """Whether some way from a function of that name leads to the audit trail. By names, so it may find too much."""
    seen, waiting = set[str](), [name]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for function in functions().get(current, ()):
            words = set(asked(function))
            if any(word == write or word.endswith(f".{write}") for word in words for write in WRITES):
                return True
            waiting += {word.rpartition(".")[2] for word in words} & functions().keys()
    return False


def test_every_operation_is_declared() -> None:
    assert {each.name for each in OPERATIONS} == set(AUDITED)


@pytest.mark.req("ACC-5")
@pytest.mark.parametrize("name", sorted(name for name, by in AUDITED.items() if by in (Audited.ACT, Audited.CODE)))
def test_an_operation_whose_use_case_writes_the_row_has_a_way_to_the_trail(name: str) -> None:
    (operation,) = (each for each in OPERATIONS if each.name == name)
    assert writes_a_row(operation.handle.__name__)


@pytest.mark.req("ACC-5")
def test_what_writes_and_is_not_on_the_trail_says_where_it_is_kept_instead() -> None:
    silent = {each.name for each in OPERATIONS if each.method != "GET" and AUDITED[each.name] is Audited.NOTHING}
    assert silent == {"preview_import", "preview_notice", "ping_webhook", "open_card", "make_report"}


def test_an_answer_is_about_what_its_path_names() -> None:
    assert subject_of("/api/agents/{id}/telephone", {"id": "8001"}) == "agents 8001"
    assert subject_of("/api/logout", {}) == "logout"
    assert subject_of("/api/x/{id}", {"id": "\udcff\0"}) == "x \\udcff\\0"
    assert len(subject_of("/api/x/{id}", {"id": "a" * 9000})) == 200


@pytest.mark.req("ACC-5")
def test_refusals_cannot_fill_the_store_and_none_is_forgotten() -> None:
    refusals = Refusals()
    given = [refusals.admit("127.0.0.9", NOW + timedelta(seconds=n / 10)) for n in range(100)]
    assert given == [0] * ROWS_EACH + [None] * (100 - ROWS_EACH)
    assert refusals.admit("127.0.0.9", NOW + timedelta(minutes=2)) == 100 - ROWS_EACH
    others = [refusals.admit(f"host-{n}", NOW + timedelta(minutes=2)) for n in range(1000)]
    assert sum(each is not None for each in others) == ROWS_IN_ALL - 1
    assert refusals.admit("late", NOW - timedelta(hours=1)) == 0, "a clock that was set back shuts nobody out"
