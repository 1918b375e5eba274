"""Which requirements no test shows: the ids of docs/requirements.md against `@pytest.mark.req(…)` of the test tree.

`python scripts/requirement_coverage.py`: exit 1 when an id has no test, a test names an id that does not exist, or an
id is still excused below although a test shows it. Tests are read, not run: it takes a second.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[1]

LATER: Final[Mapping[str, str]] = {
    "FUP-2": "follow-up plans come after the cases",
    "FUP-4": "follow-up plans come after the cases",
    "FUP-5": "follow-up plans come after the cases",
    "FUP-7": "follow-up plans come after the cases",
}
"""Ids that may be without a test for now, and why. An id leaves this list when its first test comes."""

_ROW = re.compile(r"^\| ([A-Z]{3}-\d+) \|", re.MULTILINE)


def required(page: str) -> list[str]:
    """The ids of the requirements' tables, in order."""
    return _ROW.findall(page)


def shown(source: str) -> Iterator[str]:
    """The ids that a test module names in a mark: on a test, on a class, or for all of the module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.req":
            yield from (
                word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)
            )


def tests_of(folder: Path) -> dict[str, list[str]]:
    """Id → the test modules that show it."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for name in shown(path.read_text(encoding="utf-8")):
            modules = found.setdefault(name, [])
            if path.name not in modules:
                modules.append(path.name)
    return found


def faults(ids: list[str], tests: Mapping[str, list[str]], later: Mapping[str, str]) -> list[str]:
    """What is to be done, a sentence each."""
    missing = [f"{name}: no test shows it" for name in ids if name not in tests and name not in later]
    unknown = [f"{name}: no such requirement, named in {', '.join(tests[name])}" for name in tests if name not in ids]
    done = [f"{name}: has a test now ({tests[name][0]}), take it off the list LATER" for name in later if name in tests]
    strange = [f"{name}: is on the list LATER and no requirement" for name in later if name not in ids]
    return [*missing, *unknown, *done, *strange]


def main() -> int:
    ids = required((ROOT / "docs" / "requirements.md").read_text(encoding="utf-8"))
    tests = tests_of(ROOT / "tests")
    waiting = [name for name in ids if name in LATER]
    found = faults(ids, tests, LATER)
    sys.stdout.write(f"{sum(name in tests for name in ids)} of {len(ids)} requirements are shown by a test\n")
    if waiting:
        sys.stdout.write(f"later: {', '.join(waiting)}\n")
    for fault in found:
        sys.stdout.write(f"{fault}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
