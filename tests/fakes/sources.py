"""The project's own sources, for tests of what may be written where; only what can matter is parsed."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSES = ("app", "crm", "ivr", "routing", "config")


@cache
def texts(house: str) -> tuple[tuple[Path, str], ...]:
    """Every module below a folder of the project, in order."""
    return tuple((path, path.read_text(encoding="utf-8")) for path in sorted((ROOT / house).rglob("*.py")))


def naming(word: str, *houses: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules in which the word is written at all: their path in the project, and their syntax tree."""
    for house in houses:
        for path, text in texts(house):
            if word in text:
                yield path.relative_to(ROOT).as_posix(), ast.parse(text)


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Every call that is written in a module."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_called(call: ast.Call) -> str | None:
    """The last name of what is called; None when it has none."""
    return getattr(call.func, "attr", getattr(call.func, "id", None))
