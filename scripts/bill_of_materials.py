"""`make sbom`: the bill of materials as CycloneDX, of all that is locked: Python, pages, Debian packages of Asterisk.

    bill_of_materials.py [FILE]      default: build/sbom.cdx.json

It is made from the lock files alone, so it says what an installation gets; it is not committed.
"""

import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from ivr.pbx.prefix.pins import parse_pins

ROOT = Path(__file__).resolve().parents[1]
_PACKAGE = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


def python(lock: Path) -> Iterator[Component]:
    """Of a lock file in pip's manner. A wheel for each platform has a hash of its own, so none is given here."""
    for found in _PACKAGE.finditer(lock.read_text(encoding="utf-8")):
        yield _component(PackageURL("pypi", None, found["name"], found["version"]))


def pages(lock: Path) -> Iterator[Component]:
    """Of package-lock.json; what only builds and tests the pages too."""
    for place, package in json.loads(lock.read_text(encoding="utf-8"))["packages"].items():
        name = place.rpartition("node_modules/")[2]
        if not place or package.get("link"):
            continue
        scope, _, plain = name.rpartition("/")
        digest = package.get("integrity", "").removeprefix("sha512-")
        hashes = [HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(digest).hex())] if digest else []
        yield _component(PackageURL("npm", scope or None, plain, package["version"]), hashes)


def debian(lock: Path) -> Iterator[Component]:
    """Of the private Asterisk's packages, each architecture by itself."""
    for pin in parse_pins(lock.read_text(encoding="utf-8")):
        url = PackageURL("deb", "debian", pin.name, pin.version, {"arch": pin.architecture})
        yield _component(url, [HashType(alg=HashAlgorithm.SHA_256, content=pin.sha256)])


def _component(url: PackageURL, hashes: list[HashType] | None = None) -> Component:
    text = url.to_string()
    return Component(
        type=ComponentType.LIBRARY, name=url.name, version=url.version, purl=url, bom_ref=text, hashes=hashes or []
    )


def bill() -> Bom:
    """All of it; what several lock files name is there once."""
    components = [
        *python(ROOT / "requirements.lock"),
        *python(ROOT / "scripts" / "requirements-node.lock"),
        *pages(ROOT / "app" / "ui" / "package-lock.json"),
        *debian(ROOT / "ivr" / "pbx" / "prefix" / "packages.lock"),
    ]
    bom = Bom(components={component.bom_ref.value: component for component in components}.values())
    bom.metadata.component = Component(type=ComponentType.APPLICATION, name="sanxiang", bom_ref="sanxiang")
    return bom


def main(file: Path) -> int:
    bom = bill()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(JsonV1Dot6(bom).output_as_string(indent=1), encoding="utf-8")
    print(f"{len(bom.components)} components in {file}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "sbom.cdx.json"))
