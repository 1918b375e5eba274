"""`make audit` names what is known to be weak, and never passes in silence over what it could not ask."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ivr.pbx.prefix.pins import parse_pins

ROOT = Path(__file__).parents[3]
TRACKER = {
    "openssl": {
        "CVE-1": {
            "releases": {"forky": {"status": "resolved", "fixed_version": "9.0-1", "urgency": "not yet assigned"}}
        },
        "CVE-2": {"releases": {"forky": {"status": "resolved", "fixed_version": "1.0-1", "urgency": "low"}}},
        "CVE-3": {"releases": {"forky": {"status": "resolved", "fixed_version": "0", "urgency": "low"}}},
    },
    "asterisk": {
        "CVE-4": {"releases": {"forky": {"status": "open", "urgency": "not yet assigned"}}},
        "CVE-5": {"releases": {"forky": {"status": "open", "urgency": "unimportant"}}},
        "CVE-6": {"releases": {"bookworm": {"status": "open", "urgency": "high"}}},
    },
}


@pytest.fixture(scope="module")
def advisories() -> ModuleType:
    spec = importlib.util.spec_from_file_location("advisories", ROOT / "scripts" / "advisories.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pins():
    return parse_pins((ROOT / "ivr/pbx/prefix/packages.lock").read_text(encoding="utf-8"))


def test_what_the_tracker_knows_of_our_versions_is_named(advisories: ModuleType) -> None:
    asked = advisories.debian(pins(), lambda: TRACKER)
    found = {each.split(": ")[1].split(",")[0] for each in asked.found}
    assert found == {"CVE-1", "CVE-4"}
    assert advisories.verdict([asked]) == 1


def test_who_cannot_be_asked_is_told_and_is_no_pass(advisories: ModuleType) -> None:
    def away() -> Mapping[str, Any]:
        raise OSError("no route to host")

    asked = advisories.debian(pins(), away)
    assert "NOT ASKED" in str(asked) and "no route to host" in str(asked)
    assert advisories.verdict([asked, advisories.Asked("other", 1)]) == 2
    assert advisories.verdict([advisories.Asked("other", 1)]) == 0


def test_every_debian_package_has_its_source(advisories: ModuleType) -> None:
    binaries = {pin.name for pin in pins()}
    assert advisories.SOURCES.keys() <= binaries
    alone = binaries - advisories.SOURCES.keys()
    assert not [name for name in alone if name.startswith("lib") or name[-1].isdigit()]
