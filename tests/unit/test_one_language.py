"""No text of the code says the same twice in one string: a pair of languages is `Words`, and one place joins them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    file for room in ("app", "crm", "ivr", "config", "routing", "scripts") for file in (ROOT / room).rglob("*.py")
)

BESIDE = re.compile(
    "[\u4e00-\u9fff][^/\n]{0,80}?/ [^\u4e00-\u9fff\n]{0,12}?[A-Za-z]{2}"
    "|[A-Za-z]{2}[^\u4e00-\u9fff/\n]{0,12} / [^A-Za-z\n]{0,12}?[\u4e00-\u9fff]"
)
"""中文 / English, or the other way round."""


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Every string of a module, docstrings too (commands tell theirs); what is put into one stands as 0."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("没有错误 / no faults", True),
        ("话务量（爱尔兰）/ erlangs", True),
        ("第 0 响接通 / answered", True),
        ("call / 通话", True),
        ("与 /api/figures 相同的 JSON", False),
        ("余 3 / 20 人", False),
        ("--at 不是时间，请写：2026/10/10", False),
    ],
)
def test_what_counts_as_two_languages_in_one(text: str, both: bool) -> None:
    assert bool(BESIDE.search(text)) is both


def test_no_string_has_chinese_and_its_translation() -> None:
    assert len(FILES) > 400
    found = [
        f"{file.relative_to(ROOT)}:{line}: {text[:60]}"
        for file in FILES
        for line, text in texts(file.read_text(encoding="utf-8"))
        if BESIDE.search(text)
    ]
    assert found == []
