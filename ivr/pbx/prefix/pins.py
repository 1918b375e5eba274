"""The pinned package list (rules): parsing, choice by architecture, the hash that names a prefix. Fetches nothing."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

MINIMUM_VERSION = (22, 10, 1)
"""Earlier 22.x deadlock under ARI load and have two ARI security holes (design D1)."""

ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
"""`platform.machine()` → Debian's name, for the machines whose packages are pinned."""

LOADERS = {"amd64": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}
"""The dynamic loader in libc6 that starts the private Asterisk with the private libraries."""


@dataclass(frozen=True)
class Pin:
    """One Debian package, exactly: its signature in apt's index is checked as well, but this sum decides."""

    name: str
    version: str
    architecture: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """As apt names the downloaded file."""
        return f"{self.name}_{self.version.replace(':', '%3a')}_{self.architecture}.deb"


def parse_pins(text: str) -> tuple[Pin, ...]:
    """Reads packages.lock. Raises ValueError with the line number at the first malformed line."""
    pins: list[Pin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split()
        if len(fields) != 5 or len(fields[4]) != 64 or not fields[3].isdigit():
            raise ValueError(f"packages.lock:{number}: expected: name version architecture size sha256")
        pins.append(Pin(fields[0], fields[1], fields[2], int(fields[3]), fields[4]))
    return tuple(pins)


def pins_for(pins: Iterable[Pin], architecture: str) -> tuple[Pin, ...]:
    """The packages one machine needs: its architecture's and those for all."""
    return tuple(pin for pin in pins if pin.architecture in (architecture, "all"))


def asterisk_version(pins: Iterable[Pin]) -> str:
    """The upstream version, e.g. "22.10.1". Raises ValueError when the list has no asterisk."""
    for pin in pins:
        if pin.name == "asterisk":
            return ".".join(str(part) for part in parse_version(pin.version.partition(":")[2] or pin.version))
    raise ValueError("packages.lock names no asterisk")


def prefix_name(pins: Iterable[Pin]) -> str:
    """`<version>-<hash of the list>`: another list is another folder, so an old one is never half right."""
    ordered = sorted(pins, key=lambda pin: pin.name)
    sums = "\n".join(f"{pin.name} {pin.sha256}" for pin in ordered)
    return f"{asterisk_version(ordered)}-{hashlib.sha256(sums.encode()).hexdigest()[:12]}"


def parse_version(text: str) -> tuple[int, ...]:
    """The leading dotted number of a version text such as "Asterisk 22.10.1~dfsg+~cs6"; () when there is none."""
    words = text.split()
    number = words[1] if len(words) > 1 and words[0] == "Asterisk" else text.strip()
    digits = ""
    for character in number:
        if not (character.isdigit() or character == "."):
            break
        digits += character
    return tuple(int(part) for part in digits.split(".") if part)
