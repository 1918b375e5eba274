"""HTTP handlers translate: what is written, a use case writes, and a handler begins one of them at most."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from app.web.api.table import OPERATIONS

ROOT = Path(__file__).parents[3]
HANDLERS = sorted(path for path in (ROOT / "app" / "web" / "api").rglob("*.py") if path.stem != "__init__")
QUERIES = sorted((ROOT / "crm" / "db").rglob("*.py"))
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def called(node: ast.AST) -> Iterator[ast.Attribute]:
    """The methods that are called anywhere in it."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            yield each.func


@cache
def writers() -> dict[str, set[str]]:
    """Of every class of the store's, the methods that begin a transaction which writes, by themselves or through
    another one."""
    found: dict[str, set[str]] = {}
    for path in QUERIES:
        for table in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(table, ast.ClassDef) or table.name == "Database":
                continue
            methods = {each.name: each for each in table.body if isinstance(each, ast.AsyncFunctionDef)}
            writing = {
                name
                for name, method in methods.items()
                if any(ast.unparse(c) == "self._database.write" for c in called(method))
            }
            while more := {
                name
                for name, method in methods.items()
                if name not in writing
                and any(ast.unparse(c) in {f"self.{each}" for each in writing} for c in called(method))
            }:
                writing |= more
            if writing:
                found[table.name] = writing
    return found


@cache
def parts() -> dict[str, str]:
    """The parts of the store by their names, and what they are: `tickets` → `TicketQueries`."""
    tree = ast.parse((ROOT / "crm" / "db" / "store.py").read_text(encoding="utf-8"))
    return {
        target.attr: each.value.func.id
        for each in ast.walk(tree)
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Attribute)
        and isinstance(each.value, ast.Call)
        and isinstance(each.value.func, ast.Name)
    }


def written_by(tree: ast.AST) -> set[str]:
    """`part.method` of every write that is asked of the store here; what hangs on a part counts as any table."""
    found = set()
    for call in called(tree):
        before, _, asked = ast.unparse(call).rpartition("store.")
        part, *further = asked.split(".")
        if not before or not further:
            written = part == "note_act"
        elif len(further) == 1:
            written = further[0] in writers().get(parts().get(part, ""), set())
        else:
            written = any(further[-1] in methods for methods in writers().values())
        if written:
            found.add(asked)
    return found


def store_parts_kept(tree: ast.AST) -> set[str]:
    """Parts of the store that are put aside under another name, where nobody sees what is asked of them."""
    used = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
    return {
        ast.unparse(each)
        for each in ast.walk(tree)
        if isinstance(each, ast.Attribute)
        and each.attr in parts()
        and ast.unparse(each.value).split(".")[-1] == "store"
        and id(each) not in used
    }


def begun_by(handler: ast.AsyncFunctionDef, tree: ast.Module) -> list[str]:
    """The use cases that a handler begins: functions of crm.use_cases that are given `who` or `desk`."""
    modules, names = set(), set()
    for each in tree.body:
        if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("crm.use_cases"):
            of_package = each.module in ("crm.use_cases", "crm.use_cases.bookings")
            (modules if of_package else names).update(alias.asname or alias.name for alias in each.names)
    return [
        ast.unparse(call.func)
        for call in ast.walk(handler)
        if isinstance(call, ast.Call)
        and {"who", "desk"} & {word.arg for word in call.keywords}
        and ast.unparse(call.func).split(".")[0] in modules | names
    ]


HANDLING = {each.handle.__module__: set[str]() for each in OPERATIONS}
for each in OPERATIONS:
    if each.method in WRITES:
        HANDLING[each.handle.__module__].add(each.handle.__name__)


@pytest.mark.parametrize("module", sorted(module for module in HANDLING if HANDLING[module]))
def test_an_operation_that_writes_begins_one_use_case_at_most(module: str) -> None:
    tree = ast.parse(ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
    begun = {
        each.name: begun_by(each, tree)
        for each in tree.body
        if isinstance(each, ast.AsyncFunctionDef) and each.name in HANDLING[module]
    }
    assert {name: cases for name, cases in begun.items() if len(cases) > 1} == {}


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_handlers_write_nothing_themselves(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert written_by(tree) == set()
    assert store_parts_kept(tree) == set()


def test_a_write_would_be_found() -> None:
    assert "save_form" in writers()["TicketQueries"] and "get" not in writers()["TicketQueries"]
    assert len(parts()) > 25
    assert written_by(ast.parse("await ask.services.store.tickets.save_form(number)")) == {"tickets.save_form"}
    assert store_parts_kept(ast.parse("users = ask.services.store.users")) == {"ask.services.store.users"}


def test_a_use_case_that_is_begun_would_be_found() -> None:
    tree = ast.parse("from crm.use_cases import messages\nasync def handler(): await messages.send_message(x, who=y)")
    (handler,) = [each for each in tree.body if isinstance(each, ast.AsyncFunctionDef)]
    assert begun_by(handler, tree) == ["messages.send_message"]
