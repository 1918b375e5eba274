"""`make audit`: asks what is known to be weak of all that is locked: Python (pip-audit), pages (npm), Asterisk's Debian
packages (Debian's security tracker).

    advisories.py [FILE]      the result as JSON; default: build/advisories.json

Exit code 0: everything was asked and nothing found; 1: something was found; 2: nothing found, but something could not
be asked, which is never passed over in silence.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ivr.pbx.prefix.pins import Pin, parse_pins

ROOT = Path(__file__).resolve().parents[1]
TRACKER = "https://security-tracker.debian.org/tracker/data/json"
RELEASE = "forky"
"""Where packages.lock was taken from."""
SOURCES = {
    "asterisk-core-sounds-en-gsm": "asterisk-core-sounds",
    "asterisk-modules": "asterisk",
    "fonts-droid-fallback": "fonts-android",
    "libcap2": "libcap2",
    "libbsd0": "libbsd",
    "libc6": "glibc",
    "libcrypt1": "libxcrypt",
    "libedit2": "libedit",
    "libgcc-s1": "gcc-16",
    "libgsm1": "libgsm",
    "libjansson4": "jansson",
    "libmd0": "libmd",
    "libnspr4": "nspr",
    "libnss3": "nss",
    "libopus0": "opus",
    "libsqlite3-0": "sqlite3",
    "libsrtp2-1": "libsrtp2",
    "libssl3t64": "openssl",
    "libstdc++6": "gcc-16",
    "libsystemd0": "systemd",
    "libtinfo6": "ncurses",
    "liburiparser1": "uriparser",
    "libuuid1": "util-linux",
    "libxml2-16": "libxml2",
    "libxslt1.1": "libxslt",
    "libzstd1": "libzstd",
    "zlib1g": "zlib",
}
"""Binary package → source package, where the names differ: advisories speak of sources."""
TIMEOUT_S = 120


@dataclass(frozen=True)
class Asked:
    """What came of one question. `failure`: why there was no answer; None when there was one."""

    part: str
    packages: int
    found: list[str] = field(default_factory=list)
    failure: str | None = None

    def __str__(self) -> str:
        if self.failure is not None:
            return f"{self.part}: NOT ASKED, {self.packages} packages unchecked: {self.failure}"
        if not self.found:
            return f"{self.part}: {self.packages} packages, nothing known against them"
        return f"{self.part}: {self.packages} packages, {len(self.found)} advisories:\n  " + "\n  ".join(self.found)


def python(lock: Path) -> Asked:
    """By pip-audit, which asks PyPI."""
    count = lock.read_text(encoding="utf-8").count("==")
    part = f"Python, {lock.name}"
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--disable-pip", "--no-deps"]
    done = _run([*command, "--format", "json", "--progress-spinner", "off"], ROOT)
    try:
        answer = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Asked(part, count, failure=_last_words(done))
    skipped = [each for each in answer if "skip_reason" in each]
    if skipped:
        first = f"{skipped[0]['name']}: {skipped[0]['skip_reason']}"
        return Asked(part, len(skipped), failure=f"{len(skipped)} of {len(answer)} have no answer, as {first}")
    found = [f"{each['name']} {each['version']}: {weak['id']}" for each in answer for weak in each.get("vulns", ())]
    return Asked(part, count, sorted(found))


def pages(ui: Path) -> Asked:
    """By npm, which asks its registry."""
    from build_ui import find_npm  # beside this script

    lock = json.loads((ui / "package-lock.json").read_text(encoding="utf-8"))
    count = len(lock["packages"]) - 1
    npm, environment = find_npm()
    done = _run([*npm, "audit", "--json", "--audit=true"], ui, environment)
    try:
        weak = json.loads(done.stdout)["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return Asked("pages", count, failure=next(iter(done.stderr.splitlines()), "") or _last_words(done))
    return Asked("pages", count, sorted(f"{name}: {each['severity']}" for name, each in weak.items()))


def debian(pins: Iterable[Pin], fetch: Callable[[], Mapping[str, Any]]) -> Asked:
    """By the tracker's whole list."""
    kept = list(pins)
    try:
        tracker = fetch()
    except (OSError, ValueError) as exc:
        return Asked("Debian", len(kept), failure=f"{TRACKER}: {exc}")
    return Asked("Debian", len(kept), sorted({each for pin in kept for each in _against(pin, tracker)}))


def _against(pin: Pin, tracker: Mapping[str, Any]) -> Iterable[str]:
    source = SOURCES.get(pin.name, pin.name)
    for advisory, told in tracker.get(source, {}).items():
        here = told.get("releases", {}).get(RELEASE)
        if here is None or here.get("urgency") == "unimportant" or here["status"] == "undetermined":
            continue
        fixed = here.get("fixed_version", "")
        if fixed == "0" or (here["status"] == "resolved" and not _older(pin.version, fixed)):
            continue
        yield f"{source} {pin.version}: {advisory}" + (f", fixed in {fixed}" if fixed else "")


def _older(version: str, other: str) -> bool:
    """By Debian's own rule. A binary's rebuild (`+b1`) is no new version."""
    return subprocess.run(["dpkg", "--compare-versions", version, "lt", other]).returncode == 0


def tracker() -> Mapping[str, Any]:
    """Raises OSError, ValueError."""
    with urllib.request.urlopen(TRACKER, timeout=TIMEOUT_S) as answer:
        found: Mapping[str, Any] = json.load(answer)
    return found


def verdict(asked: Iterable[Asked]) -> int:
    """The exit code."""
    told = list(asked)
    if any(each.found for each in told):
        return 1
    return 2 if any(each.failure is not None for each in told) else 0


def main(file: Path) -> int:
    pins = parse_pins((ROOT / "ivr" / "pbx" / "prefix" / "packages.lock").read_text(encoding="utf-8"))
    asked = [
        python(ROOT / "requirements.lock"),
        python(ROOT / "requirements-dev.lock"),
        pages(ROOT / "app" / "ui"),
        debian(pins, tracker),
    ]
    for each in asked:
        print(each)  # noqa: T201
    file.parent.mkdir(parents=True, exist_ok=True)
    record = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "asked": [asdict(each) for each in asked]}
    file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return verdict(asked)


def _run(
    command: list[str], directory: Path, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=600)


def _last_words(done: "subprocess.CompletedProcess[str]") -> str:
    said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return said[-1][:300] if said else f"exit code {done.returncode} and not a word"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "advisories.json"))
