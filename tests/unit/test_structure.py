"""How the house is built: no circles, rooms of at most twelve modules, short functions, a kind for each module.

What may import what is said in pyproject.toml (import-linter); here stands what its contracts cannot say.
"""

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import grimp
import pytest

HOUSES: Final = ("app", "config", "crm", "ivr", "routing")
ROOT: Final = Path(__file__).parents[2]

GENERATED: Final = ("crm.db.migrations.versions", "ivr.ari.wire.model")
"""One file for each step that the schema has ever taken, which grows for ever and in which nobody looks for anything;
and what is generated from Asterisk's own description."""

LARGEST_ROOM: Final = 12
LONGEST_FUNCTION: Final = 40

KIND: Final = re.compile(r"(?:\((?:[^()]*[ ,;:])?|(?:^|[.:] ))(rules|flow|adapter)\b", re.IGNORECASE)

CLOCKS: Final = {"now", "utcnow", "today"}
FILES: Final = {"open", "read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "unlink", "iterdir", "glob"}
BORROWED: Final = {"config.service.outbox": ["imports apprise"]}
"""What rules use of such a library all the same: apprise says whether a URL is one of its own; nothing is sent."""

NOT_IN_RULES: Final = {
    *("aiohttp", "aiosqlite", "alembic", "apprise", "apscheduler", "argon2", "psycopg", "sqlalchemy"),
    *("asyncio", "concurrent", "imaplib", "logging", "multiprocessing", "os", "selectors", "shutil", "smtplib"),
    *("socket", "subprocess", "tempfile", "threading", "time"),
}


@cache
def house() -> grimp.ImportGraph:
    return grimp.build_graph(*HOUSES, include_external_packages=False, cache_dir=None)


def package_of(module: str) -> str:
    return module if house().find_children(module) else module.rpartition(".")[0]


def path_of(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def source(module: str) -> ast.Module:
    return ast.parse(path_of(module).read_text(encoding="utf-8"))


def modules() -> list[str]:
    """All modules with something in them: not the packages, which only hold others."""
    return sorted(module for module in house().modules if not house().find_children(module))


def held(module: str) -> bool:
    return not module.startswith(GENERATED)


def circles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """Strips what imports nothing that is left, and what nothing imports that is left: what remains goes in circles."""
    left = {one: set(others) - {one} for one, others in edges.items()}
    while True:
        inward = set().union(*left.values()) if left else set()
        loose = [one for one, others in left.items() if not others & left.keys() or one not in inward]
        if not loose:
            return [sorted(left)] if left else []
        for one in loose:
            del left[one]


def test_no_modules_import_one_another_in_a_circle() -> None:
    edges = {one: house().find_modules_directly_imported_by(one) for one in house().modules}
    assert circles({one: others for one, others in edges.items() if held(one)}) == []


def test_no_packages_import_one_another_in_a_circle() -> None:
    edges: dict[str, set[str]] = {}
    for one in house().modules:
        if held(one):
            others = {package_of(other) for other in house().find_modules_directly_imported_by(one)}
            edges.setdefault(package_of(one), set()).update(others)
    assert circles(edges) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [["b", "c"]]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_rooms_hold_twelve_modules_at_most() -> None:
    rooms = Counter(package_of(module) for module in modules() if held(module))
    assert {room: count for room, count in rooms.items() if count > LARGEST_ROOM} == {}


def functions(module: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(source(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{module}.{node.name}", node.end_lineno - node.lineno + 1


def test_functions_fit_on_a_screen() -> None:
    long = {
        name: lines
        for module in modules()
        if held(module)
        for name, lines in functions(module)
        if lines > LONGEST_FUNCTION
    }
    assert long == {}


def declared(module: str) -> list[str]:
    first = (ast.get_docstring(source(module)) or "").split("\n\n")[0]
    return sorted({kind.lower() for kind in KIND.findall(first)})


def kind_of(module: str) -> str:
    """The module's own word, or the nearest package's: a docstring's first paragraph says (rules), (flow) or so."""
    place = module
    while place and not declared(place):
        place = place.rpartition(".")[0]
    kinds = declared(place) if place else []
    assert len(kinds) == 1, f"{module} must say once what it is: (rules), (flow) or (adapter); it says {kinds}"
    return kinds[0]


def rules() -> list[str]:
    return [module for module in modules() if held(module) and kind_of(module) == "rules"]


def test_every_module_says_whether_it_is_rules_flow_or_adapter() -> None:
    assert {kind_of(module) for module in modules() if held(module)} == {"rules", "flow", "adapter"}


def impurities(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                yield f"line {node.lineno}: async"
            case ast.Import(names=names):
                yield from (f"imports {it.name}" for it in names if it.name.split(".")[0] in NOT_IN_RULES)
            case ast.ImportFrom(module=str(name)) if name.split(".")[0] in NOT_IN_RULES:
                yield f"imports {name}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=name)) if name in CLOCKS:
                yield f"line {node.lineno}: asks the clock by {name}()"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="random"), attr=name)):
                yield f"line {node.lineno}: draws by random.{name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in FILES:
                yield f"line {node.lineno}: {name}()"
            case ast.Call(func=ast.Name(id="open")):
                yield f"line {node.lineno}: open()"


WALL_CLOCKS: Final = {
    *("now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "ctime"),
    *("clock_gettime", "CLOCK_REALTIME"),
}
TELL_THE_TIME: Final = {
    "app.process.clock": "the one clock of the process",
    "app.phone.stamped_socket": "a telephone of its own, beside the system",
    "app.phone.wire": "as well",
    "crm.db.store": "of commands that do one thing and end",
}
"""Modules that ask the machine what time it is, and why. All others are given a clock: its spans are right, whatever is
done to the machine's (F21). How long something took is asked of `time.monotonic` or the loop."""


def asks_the_time(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="time", names=names):
                yield from (f"imports time.{it.name}" for it in names if it.name in WALL_CLOCKS)
            case ast.Attribute(value=ast.Name(id="datetime" | "date" | "time"), attr=name) if name in WALL_CLOCKS:
                yield f"line {node.lineno}: {name}"
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="datetime")), attr=name)):
                if name in WALL_CLOCKS:
                    yield f"line {node.lineno}: datetime.….{name}()"


def test_only_the_clock_asks_the_machine_what_time_it_is() -> None:
    found = {module for module in modules() if held(module) and list(asks_the_time(source(module)))}
    assert found == set(TELL_THE_TIME)


@pytest.mark.parametrize(
    "text",
    [
        "datetime.now(UTC)",
        "clock = datetime.now",
        "from time import time",
        "time.time()",
        "date.today()",
        "datetime.datetime.now(UTC)",
        "time.clock_gettime(0)",
    ],
)
def test_a_second_clock_would_be_found(text: str) -> None:
    assert list(asks_the_time(ast.parse(text)))
    assert not list(asks_the_time(ast.parse("time.monotonic(); from time import monotonic, perf_counter")))


def test_rules_are_pure_no_waiting_no_clock_no_files_no_log() -> None:
    found = {module: list(impurities(source(module))) for module in rules()}
    assert {module: why for module, why in found.items() if why} == BORROWED


def test_rules_import_nothing_but_rules() -> None:
    pure = set(rules())
    edges = {one: house().find_modules_directly_imported_by(one) & set(modules()) for one in pure}
    assert {one: sorted(others - pure) for one, others in edges.items() if others - pure} == {}


@pytest.mark.parametrize(
    "text",
    ["async def f(): ...", "import logging", "datetime.now(UTC)", "random.random()", "path.read_text()", "open('x')"],
)
def test_what_is_not_pure_would_be_found(text: str) -> None:
    assert list(impurities(ast.parse(text)))


def test_every_third_party_has_its_named_places() -> None:
    """msgspec is the exception: it is how data are written down everywhere."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    forbidden = [contract["forbidden_modules"] for contract in linter["contracts"] if contract["type"] == "forbidden"]
    named = {name for names in forbidden for name in names}
    used = {name.split(".")[0] for module in modules() for name in imported(source(module))}
    assert used - sys.stdlib_module_names - {*HOUSES, "msgspec"} - named == set()


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (it.name for it in names)
            case ast.ImportFrom(module=str(name)):
                yield name


PARSERS: Final = {"email", "zipfile", "tarfile", "xml", "html.parser", "imghdr", "plistlib", "lxml", "bs4"}
WRITES_MAIL: Final = {"app.channels.mail_out"}
"""Not what strangers sent, but what we write."""


def reads_strangers(module: str) -> list[str]:
    """Parsers that a module imports, and readers of libraries that it may only write with."""
    tree = source(module)
    used = {name for name in imported(tree) if name in PARSERS or name.split(".")[0] in PARSERS}
    readers = {"load_workbook", "reader", "DictReader", "message_from_bytes", "BytesParser"}
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is(node.value, "csv")}
    return sorted(used | (readers & (named | called)))


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


@pytest.mark.req("OPS-7")
def test_strangers_bytes_are_parsed_in_the_process_made_for_it_alone() -> None:
    """Parsers are imported by crm.parsing alone, and (pyproject.toml) that by its own process."""
    elsewhere = {each: reads_strangers(each) for each in modules() if not each.startswith("crm.parsing.")}
    assert {each for each, found in elsewhere.items() if found} == WRITES_MAIL
    assert not {"message_from_bytes", "BytesParser"} & set(elsewhere["app.channels.mail_out"])


@pytest.mark.parametrize("text", ["import zipfile", "from email import policy", "import csv\ncsv.reader(x)"])
def test_a_parser_elsewhere_would_be_found(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "source", lambda module: ast.parse(text))
    assert reads_strangers("anything")
