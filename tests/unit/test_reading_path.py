"""The README's promise to readers: five files, in order, from StasisStart to ticket, short enough to be read."""

import ast
import re
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).parents[2]


def five_files() -> list[str]:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("one call in five files")[1]
    return re.findall(r"^\d\. `([^`]+)`", section, re.MULTILINE)


def test_the_five_files_exist_and_are_short_together() -> None:
    files = five_files()
    assert len(files) == 5
    assert sum(len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in files) <= 1200
    assert "StasisStart" in (ROOT / files[0]).read_text(encoding="utf-8")
    assert "CallArrived" in (ROOT / files[-1]).read_text(encoding="utf-8")


def test_of_two_of_the_five_files_at_most_one_mentions_the_other() -> None:
    texts = {file: (ROOT / file).read_text(encoding="utf-8") for file in five_files()}

    def mentions(one: str, other: str) -> bool:
        return other.removesuffix(".py").replace("/", ".") in texts[one] or other in texts[one]

    both = [(one, other) for one, other in combinations(texts, 2) if mentions(one, other) and mentions(other, one)]
    assert both == []


def test_a_call_and_its_loop_fit_on_one_screen() -> None:
    tree = ast.parse((ROOT / "ivr" / "call_flow.py").read_text(encoding="utf-8"))
    lines = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert lines["handle_inbound"] + lines["serve"] <= 40


def test_no_step_knows_the_loop() -> None:
    rooms = ("caller", "live", "menus", "queueing", "talking", "words")
    modules = [path for room in rooms for path in (ROOT / "ivr" / room).glob("*.py")]
    assert modules and not [path.name for path in modules if "call_flow" in path.read_text(encoding="utf-8")]


def test_every_test_file_that_the_readme_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert named
    assert [file for file in named if not (ROOT / file).exists()] == []


def test_every_file_that_contributors_are_sent_to_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z][\w/.]*/[\w.]*)`", text)
    assert named
    assert [file for file in named if not (ROOT / file).exists()] == []
