"""The README's promise to readers: five files, in order, from StasisStart to ticket, short enough to be read."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_five_files_exist_and_are_short_together() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("one call in five files")[1]
    files = re.findall(r"^\d\. `([^`]+)`", section, re.MULTILINE)
    assert len(files) == 5
    assert sum(len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in files) <= 1200
    assert "StasisStart" in (ROOT / files[0]).read_text(encoding="utf-8")
    assert "CallArrived" in (ROOT / files[-1]).read_text(encoding="utf-8")


def test_a_call_fits_on_one_screen() -> None:
    tree = ast.parse((ROOT / "ivr" / "call_flow.py").read_text(encoding="utf-8"))
    flow = next(node for node in tree.body if getattr(node, "name", "") == "handle_inbound")
    assert flow.end_lineno is not None
    assert flow.end_lineno - flow.lineno < 60


def test_every_test_file_that_the_readme_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert named
    assert [file for file in named if not (ROOT / file).exists()] == []


def test_every_file_that_contributors_are_sent_to_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z][\w/.]*/[\w.]*)`", text)
    assert named
    assert [file for file in named if not (ROOT / file).exists()] == []
