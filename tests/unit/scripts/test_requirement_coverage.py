"""The check that finds requirements without a test is itself no test that cannot fail."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[3] / "scripts" / "requirement_coverage.py"


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    spec = importlib.util.spec_from_file_location("requirement_coverage", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ids_are_read_from_the_tables_and_from_marks_of_every_form(coverage: ModuleType) -> None:
    assert coverage.required("| id | x |\n|---|---|\n| TEL-1 | **Every** CUS-9 |\n| FUP-10 | y |\n") == [
        "TEL-1",
        "FUP-10",
    ]
    source = (
        'pytestmark = pytest.mark.req("A-1")\n'
        'pytestmark = [pytest.mark.slow, pytest.mark.req("A-2")]\n'
        '@pytest.mark.req("A-3", "A-4")\n'
        '@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.req("A-5"))])\n'
        "def test_x(): other.req('A-6')\n"
    )
    assert sorted(coverage.shown(source)) == ["A-1", "A-2", "A-3", "A-4", "A-5"]


def test_what_is_missing_is_read_from_its_own_section(coverage: ModuleType) -> None:
    page = "| TEL-1 | x |\n| TEL-2 | y |\n\n## Not built yet\n| id | built | missing |\n| TEL-2 | nothing | all |\n"
    assert coverage.required(page) == ["TEL-1", "TEL-2"]
    assert coverage.unbuilt(page) == {"TEL-2": "nothing"}
    for row in ("| TEL-2 | mostly | a bit |", "| TEL-2 | part | |", "| TEL-2 | what |"):
        with pytest.raises(ValueError, match="TEL-2"):
            coverage.unbuilt(f"## Not built yet\n{row}\n")


def test_each_kind_of_gap_is_told(coverage: ModuleType) -> None:
    missing = {"A-1": "nothing", "A-3": "nothing", "A-4": "part", "C-1": "part"}
    found = coverage.faults(["A-1", "A-2", "A-3", "A-4"], {"A-1": ["t.py"], "B-1": ["u.py"]}, missing)
    assert [fault.split(":")[0] for fault in found] == ["A-2", "A-4", "B-1", "A-1", "C-1"]
    assert coverage.faults(["A-1", "A-3"], {"A-1": ["t.py"]}, {"A-1": "part", "A-3": "nothing"}) == []


def test_the_projects_own_page_can_be_read(coverage: ModuleType) -> None:
    page = (FILE.parents[1] / "docs" / "requirements.md").read_text(encoding="utf-8")
    assert set(coverage.unbuilt(page)) <= set(coverage.required(page))
