"""The check of what is imported against what is declared finds each kind of difference."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[3] / "scripts" / "dependencies.py"


@pytest.fixture
def dependencies(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("dependencies", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "OTHERWISE", {"driver": "loaded by name"})
    monkeypatch.setattr(module, "EXTRAS", {"phone": "app/phone/"})
    return module


USES = [
    ("web", "app/run/main.py"),
    ("web", "tests/test_x.py"),
    ("sip", "app/phone/sip.py"),
    ("runner", "tests/test_x.py"),
]
PRODUCT, EXTRAS, DEV = {"web", "driver"}, {"phone": {"sip"}}, {"runner"}


def test_what_is_declared_and_used_is_in_order(dependencies: ModuleType) -> None:
    assert dependencies.faults(PRODUCT, EXTRAS, DEV, USES) == []


@pytest.mark.parametrize(
    ("product", "dev", "uses", "told"),
    [
        ({*PRODUCT, "idle"}, DEV, USES, "idle: declared, and nothing imports it"),
        ({*PRODUCT, "idle"}, DEV, [*USES, ("idle", "tests/test_x.py")], "idle: declared, and nothing imports it"),
        (PRODUCT, {*DEV, "idle"}, USES, "idle: declared, and nothing imports it"),
        (
            PRODUCT,
            DEV,
            [*USES, ("odd", "crm/a.py")],
            "crm/a.py: imports odd, which pyproject.toml does not declare for it",
        ),
        (
            PRODUCT,
            DEV,
            [*USES, ("sip", "app/a.py")],
            "app/a.py: imports sip, which pyproject.toml does not declare for it",
        ),
        (
            PRODUCT,
            DEV,
            [*USES, ("runner", "crm/a.py")],
            "crm/a.py: imports runner, which pyproject.toml does not declare for it",
        ),
        ({"web"}, DEV, USES, "OTHERWISE explains nothing: driver"),
        (PRODUCT, DEV, [*USES, ("driver", "crm/a.py")], "OTHERWISE explains nothing: driver"),
    ],
)
def test_each_difference_is_told(
    dependencies: ModuleType, product: set[str], dev: set[str], uses: list[tuple[str, str]], told: str
) -> None:
    assert dependencies.faults(product, EXTRAS, dev, uses) == [told]


def test_imports_are_seen_wherever_they_stand(dependencies: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "one.py").write_text(
        "import os\nimport beside\nfrom . import two\nfrom crm.a import b\n"
        "def f():\n    import odd.part\n    from far import x\n"
    )
    assert [name for name, _ in dependencies.imported(tmp_path)] == ["odd", "far"]
