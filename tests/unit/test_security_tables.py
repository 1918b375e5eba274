"""The tables of threats, faults and the ASVS say what there is: every row, every file and every test that they name."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LEVEL_2 = {
    "V1": 27,
    "V2": 11,
    "V3": 19,
    "V4": 10,
    "V5": 9,
    "V6": 35,
    "V7": 18,
    "V8": 7,
    "V9": 7,
    "V10": 29,
    "V11": 14,
    "V12": 9,
    "V13": 13,
    "V14": 9,
    "V15": 13,
    "V16": 16,
    "V17": 7,
}
"""Requirements of levels 1 and 2 in each chapter of ASVS 5.0.0."""
NAMED = re.compile(r"`([\w./-]+/[\w./-]*[\w]|[\w-]+\.(?:md|toml|lock|yaml))(?:::(\w+))?`")


def rows(name: str, ids: str) -> dict[str, list[str]]:
    """The rows of a page's tables whose first cell is such an id."""
    found = {}
    for line in (DOCS / name).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
        if line.startswith("|") and re.fullmatch(ids, cells[0]):
            assert cells[0] not in found, f"{cells[0]} stands twice"
            found[cells[0]] = cells[1:]
    return found


@pytest.mark.parametrize("page", ["threats.md", "faults.md", "asvs.md"])
def test_every_file_and_test_that_is_named_exists(page: str) -> None:
    missing = []
    for path, test in NAMED.findall((DOCS / page).read_text(encoding="utf-8")):
        file = ROOT / path
        if path.startswith("DATA/"):
            continue
        if not file.exists() or (test and f"def {test}(" not in file.read_text(encoding="utf-8")):
            missing.append(f"{path}::{test}" if test else path)
    assert missing == []


@pytest.mark.parametrize(
    ("page", "letter", "last"), [("threats.md", "T", 21), ("faults.md", "F", 26), ("faults.md", "D", 20)]
)
def test_no_row_is_left_out_and_what_is_shown_names_its_test(page: str, letter: str, last: int) -> None:
    found = rows(page, rf"{letter}\d+")
    assert set(found) == {f"{letter}{number}" for number in range(1, last + 1)}
    for row, cells in found.items():
        state = cells[-1].partition(":")[0].partition(" ")[0]
        assert state in ("shown", "partly", "not"), row
        assert state == "not" or "`tests/" in cells[-2], f"{row} is {state}, and names no test"


def test_the_asvs_is_answered_row_by_row() -> None:
    found = rows("asvs.md", r"V\d+\.\d+\.\d+")
    assert Counter(row.partition(".")[0] for row in found) == LEVEL_2
    for row, (_, answer, evidence) in found.items():
        assert answer in ("met", "not met", "n/a"), row
        assert evidence, row
        assert answer != "met" or NAMED.search(evidence) or "`app/ui/src`" in evidence, f"{row} has no evidence"
