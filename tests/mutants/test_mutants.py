"""A requirement's test notices when the requirement is broken: mutants of table.py, each applied to a copy of the code.

The copy is made of links; the file that a mutant changes is written anew in it, and put back after its test has run.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
FOLDERS = ("app", "config", "crm", "ivr", "routing", "tests/fakes", "tests/unit")
FILES = ("pyproject.toml", "tests/conftest.py")
LEFT_OUT = shutil.ignore_patterns("node_modules", "ui", ".hypothesis")
FAILED = pytest.ExitCode.TESTS_FAILED


def link(source: str, target: str) -> str:
    """The same file by another name; a copy where the file system is another one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("mutants")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, copy / folder, copy_function=link, ignore=LEFT_OUT)
    for file in FILES:
        link(str(ROOT / file), str(copy / file))
    return copy


@contextmanager
def mutated(tree: Path, mutant: Mutant) -> Iterator[None]:
    """The mutant's file as it is changed, without what Python has compiled of it before."""
    original, file = ROOT / mutant.file, tree / mutant.file
    text = original.read_text(encoding="utf-8")
    assert text.count(mutant.before) == 1, f"{mutant.file} has {mutant.before!r} {text.count(mutant.before)} times"
    assert mutant.before != mutant.after
    file.unlink()
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()
    file.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
    try:
        yield
    finally:
        file.unlink()
        link(str(original), str(file))


def run(tree: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """pytest on these, in the copy and on its code alone; with few plugins, since all take four times as long."""
    options = ("-q", "-x", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin", "-p", "pytest_timeout")
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=60)


def test_without_a_mutant_all_of_these_tests_pass(tree: Path) -> None:
    passed = run(tree, sorted({mutant.test for mutant in MUTANTS}))
    assert passed.returncode == 0, passed.stdout


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_noticed_by_the_test_of_its_requirement(tree: Path, mutant: Mutant) -> None:
    assert mutant.req in shown_by(mutant.test), f"{mutant.test} does not say that it shows {mutant.req}"
    with mutated(tree, mutant):
        noticed = run(tree, [mutant.test])
    assert noticed.returncode == FAILED, f"nobody noticed, or nothing ran: {noticed.stdout}{noticed.stderr}"
    assert f"FAILED {mutant.test}" in noticed.stdout, noticed.stdout


def test_at_least_fifteen_requirements_have_a_mutant() -> None:
    assert len({mutant.req for mutant in MUTANTS}) >= 15
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def shown_by(test: str) -> set[str]:
    """The requirements that a test's marks name: its own, and its module's."""
    file, _, name = test.partition("::")
    module = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found: list[ast.expr] = []
    for node in module.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            found.append(node.value)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            found += node.decorator_list
    calls = [each for mark in found for each in ast.walk(mark) if isinstance(each, ast.Call)]
    return {
        word.value
        for each in calls
        if ast.unparse(each.func) == "pytest.mark.req"
        for word in each.args
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }
