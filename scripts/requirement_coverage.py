"""Which requirements no test shows: the ids of docs/requirements.md against `@pytest.mark.req(…)` of the test tree.

`python scripts/requirement_coverage.py`: exit 1 when an id has no test and is not on the page's list "Not built yet",
a test names an id that does not exist, or that list says otherwise than the tests do. Tests are read, not run: it takes
a second.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[1]

UNBUILT: Final = "## Not built yet"
"""The heading under which the page says what is missing: id, `nothing` or `part` of it built, and what is missing."""

_ROW = re.compile(r"^\| ([A-Z]{3}-\d+) \|", re.MULTILINE)
_MISSING = re.compile(r"^\| ([A-Z]{3}-\d+) \| (nothing|part) \| [^|\s]", re.MULTILINE)


def required(page: str) -> list[str]:
    """Lists the ids of the requirements' tables, in order."""
    return _ROW.findall(page.partition(UNBUILT)[0])


def unbuilt(page: str) -> dict[str, str]:
    """Reads the list of what is missing: id → `nothing` or `part` is built; ValueError for rows of another form."""
    section = page.partition(UNBUILT)[2]
    found = dict(_MISSING.findall(section))
    if strange := [name for name in _ROW.findall(section) if name not in found]:
        raise ValueError(
            f"{UNBUILT}: a row says neither nothing nor part, or not what is missing: {', '.join(strange)}"
        )
    return found


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


def faults(ids: list[str], tests: Mapping[str, list[str]], missing: Mapping[str, str]) -> list[str]:
    """Says what is to be done, a sentence each."""
    bare = [f"{name}: no test shows it" for name in ids if name not in tests and missing.get(name) != "nothing"]
    unknown = [f"{name}: no such requirement, named in {', '.join(tests[name])}" for name in tests if name not in ids]
    begun = [
        f"{name}: has a test now ({tests[name][0]}), so it is built or `part` of it is"
        for name in missing
        if name in tests and missing[name] == "nothing"
    ]
    strange = [f"{name}: is said to be missing and is no requirement" for name in missing if name not in ids]
    return [*bare, *unknown, *begun, *strange]


def main() -> int:
    page = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    ids, missing = required(page), unbuilt(page)
    tests = tests_of(ROOT / "tests")
    found = faults(ids, tests, missing)
    sys.stdout.write(f"{sum(name in tests for name in ids)} of {len(ids)} requirements are shown by a test\n")
    for built in ("part", "nothing"):
        names = [name for name in ids if missing.get(name) == built]
        sys.stdout.write(f"{built} built of: {', '.join(names) or 'none'}\n")
    for fault in found:
        sys.stdout.write(f"{fault}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
