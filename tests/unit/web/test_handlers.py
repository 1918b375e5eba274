"""HTTP handlers translate: they have the store as a person sees it alone, and begin one use case at most. ACC-6."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web.api.table import OPERATIONS

ROOT = Path(__file__).parents[3]
HANDLERS = sorted(path for path in (ROOT / "app" / "web" / "api").rglob("*.py") if path.stem != "__init__")
PEOPLES = sorted(path for path in (ROOT / "crm" / "use_cases").rglob("*.py") if "by_clock" not in path.parts)
WRITES = {"POST", "PUT", "PATCH", "DELETE"}

pytestmark = pytest.mark.req("ACC-6")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def use_cases_of(tree: ast.Module) -> set[str]:
    """The names under which a module has use cases: functions, and modules of functions."""
    return {
        alias.asname or alias.name
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("crm.use_cases")
        for alias in each.names
    }


def begun_by(node: ast.AST) -> Iterator[ast.expr]:
    """What is begun with `ask.do`."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr == "do":
            yield each.args[0]


def begins_strangers(tree: ast.Module) -> list[str]:
    """What is begun and is no use case by its name: a function made here could do anything with the store."""
    known = use_cases_of(tree)
    return [
        ast.unparse(each)
        for each in begun_by(tree)
        if not isinstance(each, ast.Name | ast.Attribute) or ast.unparse(each).split(".")[0] not in known
    ]


def reaches_into(tree: ast.Module) -> list[str]:
    """What is taken of others that they keep to themselves, and any way to a store by its name."""
    return [
        ast.unparse(each)
        for each in ast.walk(tree)
        if isinstance(each, ast.Attribute)
        and (each.attr == "store" or (each.attr.startswith("_") and not each.attr.startswith("__")))
        and ast.unparse(each.value) != "self"
    ]


HANDLING = {each.handle.__module__: set[str]() for each in OPERATIONS}
for each in OPERATIONS:
    if each.method in WRITES:
        HANDLING[each.handle.__module__].add(each.handle.__name__)


@pytest.mark.parametrize("module", sorted(module for module in HANDLING if HANDLING[module]))
def test_an_operation_that_writes_begins_one_use_case_at_most(module: str) -> None:
    tree = tree_of(ROOT.joinpath(*module.split(".")).with_suffix(".py"))
    begun = {
        each.name: [ast.unparse(case) for case in begun_by(each)]
        for each in tree.body
        if isinstance(each, ast.AsyncFunctionDef) and each.name in HANDLING[module]
    }
    assert {name: cases for name, cases in begun.items() if len(cases) > 1} == {}


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_a_handler_has_no_way_to_the_store(path: Path) -> None:
    tree = tree_of(path)
    assert begins_strangers(tree) == []
    assert reaches_into(tree) == []


@pytest.mark.parametrize("path", PEOPLES, ids=lambda path: path.stem)
def test_what_people_do_does_not_say_for_whom(path: Path) -> None:
    """Who acts is part of what a use case stands on: nobody is asked to name somebody, and so nobody names another."""
    named = [
        each.name
        for each in ast.walk(tree_of(path))
        if isinstance(each, ast.AsyncFunctionDef)
        and each.args.args
        and each.args.args[0].arg == "ports"
        and {"who", "by", "desk"} & {given.arg for given in (*each.args.args, *each.args.kwonlyargs)}
    ]
    assert named == []


def test_ways_round_would_be_found() -> None:
    tree = ast.parse(
        "from crm.use_cases import messages\n"
        "async def handler(ask):\n"
        "    await ask.do(messages.send_message, 1)\n"
        "    await ask.do(lambda ports: ports.store.users.all())\n"
        "    await ask.do(mine)\n"
        "    ask.acting._ports.store.tickets.get(1)"
    )
    assert begins_strangers(tree) == ["lambda ports: ports.store.users.all()", "mine"]
    assert "ask.acting._ports" in reaches_into(tree) and "ask.acting._ports.store" in reaches_into(tree)
    assert len(list(begun_by(tree))) == 3
