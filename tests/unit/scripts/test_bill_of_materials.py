"""The bill of materials names all that is locked, in valid CycloneDX."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ivr.pbx.prefix.pins import parse_pins

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def bom(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("sbom") / "sbom.cdx.json"
    subprocess.run([sys.executable, "scripts/bill_of_materials.py", str(file)], cwd=ROOT, check=True)
    return file.read_text(encoding="utf-8")


def test_it_is_what_the_standard_asks(bom: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom) is None


def test_everything_that_is_locked_is_in_it(bom: str) -> None:
    named = {component["purl"] for component in json.loads(bom)["components"]}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", lock, re.MULTILINE):
        assert any(purl.startswith(f"pkg:pypi/{name}@{version}") for purl in named), name
    pins = parse_pins((ROOT / "ivr/pbx/prefix/packages.lock").read_text(encoding="utf-8"))
    assert sum(purl.startswith("pkg:deb/") for purl in named) == len(pins)
    pages = json.loads((ROOT / "app/ui/package-lock.json").read_text(encoding="utf-8"))["packages"]
    distinct = {(place.rpartition("node_modules/")[2], each["version"]) for place, each in pages.items() if place}
    assert sum(purl.startswith("pkg:npm/") for purl in named) == len(distinct)
