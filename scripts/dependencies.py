"""Holds what is imported against what pyproject.toml declares: `python scripts/dependencies.py`, exit 1 on a
difference.

A package that nothing imports goes; one that is imported is declared, not borrowed from another's dependencies. What
belongs to an extra is imported by the folder of that extra alone (`EXTRAS`). Sources are read, not run.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[1]
PRODUCT: Final = ("app", "config", "crm", "ivr", "routing")
OWN: Final = frozenset({*PRODUCT, "tests", "scripts"})

EXTRAS: Final[Mapping[str, str]] = {"phone": "app/phone/"}
"""Extra → where in the product its packages may be imported. Tests and scripts may import all of them."""

OTHERWISE: Final[Mapping[str, str]] = {
    "aiosqlite": "the driver of sqlite+aiosqlite://, loaded by SQLAlchemy",
    "psycopg": "the driver of postgresql+psycopg://, loaded by SQLAlchemy",
    "setuptools": "builds this package",
    "import-linter": "a command of make check",
    "mypy": "a command of make check",
    "pip-audit": "a command of make audit",
    "ruff": "a command of make check",
    "uv": "a command of make lock",
    "pytest-timeout": "a plug-in of pytest",
    "pytest-xdist": "a plug-in of pytest",
    "types-psutil": "types for mypy",
    "types-reportlab": "types for mypy",
    "types-openpyxl": "types for mypy",
}
"""Declared, used, and imported by nobody; and how it is used."""

PART_OF: Final[Mapping[str, str]] = {
    "pydantic-core": "pydantic",
    "yarl": "aiohttp",
    "aiortp": "aiosipua",
    "click": "typer",
}
"""Imported beside the declared package whose interface names it."""

PROMPTS: Final = frozenset({"espeakng_loader", "jieba", "misaki", "onnx", "onnxruntime"})
"""Modules of scripts/requirements-prompts.in, installed apart by `make prompts`."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def canonical(name: str) -> str:
    """A distribution's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: Iterable[str]) -> set[str]:
    """The names of a list such as `project.dependencies`."""
    return {canonical(_NAME.match(each)[0]) for each in requirements}  # type: ignore[index]


def imported(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every foreign top-level module that a source below `folder` imports, wherever in it, and the source."""
    for path in sorted(folder.rglob("*.py")):
        if "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if not (top in OWN or top in sys.stdlib_module_names or path.with_name(f"{top}.py").exists()):
                    yield top, path


def faults(
    product: set[str], extras: Mapping[str, set[str]], dev: set[str], uses: Iterable[tuple[str, str]]
) -> list[str]:
    """Says what is to be done. `uses`: distribution and the source that imports it, from the root of the tree. What the
    product declares must be used by the product: a test's use does not count."""
    told, used = set[str](), set[str]()
    for name, path in uses:
        beside = path.startswith(("tests/", "scripts/"))
        declared_as = PART_OF.get(name, name)
        if not beside or declared_as not in product:
            used.add(declared_as)
        allowed = set(product)
        for extra, names in extras.items():
            if beside or path.startswith(EXTRAS.get(extra, "tests/")):
                allowed |= names
        if beside:
            allowed |= dev
        if declared_as not in allowed:
            told.add(f"{path}: imports {name}, which pyproject.toml does not declare for it")
    everything = product.union(dev, *extras.values())
    told.update(f"{name}: declared, and nothing imports it" for name in everything - used - set(OTHERWISE))
    told.update(f"OTHERWISE explains nothing: {name}" for name in OTHERWISE if name not in everything or name in used)
    return sorted(told)


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = {extra: declared(names) for extra, names in project["optional-dependencies"].items()}
    dev = optional.pop("dev")
    distributions = packages_distributions()
    uses = [
        (canonical(distributions.get(module, [module])[0]), path.relative_to(ROOT).as_posix())
        for folder in (*PRODUCT, "tests", "scripts")
        for module, path in imported(ROOT / folder)
        if module not in PROMPTS
    ]
    found = faults(declared(project["dependencies"]), optional, dev, uses)
    for fault in found:
        sys.stdout.write(f"{fault}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
