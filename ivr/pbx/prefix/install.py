"""Finds or installs Asterisk (design D1, `sanxiang pbx install`): a private prefix, no root. Starts nothing.

Pinned Debian packages are unpacked into a folder of the user's cache and run by their own dynamic loader, so that
neither the machine's libraries nor its package database are touched. `packages.lock` says exactly which files.
"""

import argparse
import fcntl
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.pbx.prefix.apt_fetch import fetch, has_apt
from ivr.pbx.prefix.errors import AsteriskMissing, InstallFailed, PbxError
from ivr.pbx.prefix.pins import (
    ARCHITECTURES,
    LOADERS,
    MINIMUM_VERSION,
    Pin,
    asterisk_version,
    parse_pins,
    parse_version,
    pins_for,
    prefix_name,
)
from ivr.pbx.prefix.templates import module_names

_MARKER = "installed-version"
_BALLAST = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/bug", "etc", "var")
_SYSTEM_MODULES = ("/usr/lib/asterisk/modules", "/usr/lib64/asterisk/modules")
_SYSTEM_SHARES = ("/usr/share/asterisk", "/var/lib/asterisk")


@dataclass(frozen=True)
class AsteriskBinary:
    """An Asterisk that can be started: `command` begins its argument list, `share` holds sounds and rest-api."""

    command: tuple[str, ...]
    version: str
    modules: Path
    share: Path


def install(mirror: str | None, prefix: Path | None, say: Callable[[str], None]) -> Path:
    """Makes sure that the private Asterisk is there and returns its prefix; at once when it already is.

    Safe to run twice at the same time, and to be killed at any point. Raises InstallFailed with what to do.
    """
    architecture = _architecture()
    pins = pins_for(_pins(), architecture)
    target = prefix or default_prefix(pins)
    if _is_installed(target):
        return target
    if not has_apt():
        raise InstallFailed(
            "there is no apt on this machine to fetch the private Asterisk with: install Asterisk "
            f"{_dotted(MINIMUM_VERSION)} or newer by this system's own means (the command `asterisk` must be found)"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    _cache().mkdir(parents=True, exist_ok=True)
    with _locked(_cache() / "install.lock", say):
        if _is_installed(target):
            return target
        if target.exists() and any(target.iterdir()):
            raise InstallFailed(f"{target} is neither empty nor an Asterisk of ours: choose another --prefix")
        _sweep(target)
        debs = _cache() / "debs"
        fetch(pins, debs, architecture, mirror, say)
        say(f"unpacking into {target}")
        _unpack([debs / pin.file_name for pin in pins], target, architecture, asterisk_version(pins))
    say(f"Asterisk {asterisk_version(pins)} is ready in {target}")
    return target


def find_asterisk(prefix: Path | None = None) -> AsteriskBinary:
    """A new enough, complete system Asterisk, else the private one. Raises AsteriskMissing; installs nothing."""
    system, objection = _system_asterisk()
    if system is not None:
        return system
    machine = ARCHITECTURES.get(platform.machine())
    if machine is not None:
        target = prefix or default_prefix(pins_for(_pins(), machine))
        if _is_installed(target):
            return _private_asterisk(target, machine)
    raise AsteriskMissing(
        f"there is no Asterisk to run: {objection}, and no private one is installed. "
        f"Run `sanxiang pbx install`, or install Asterisk {_dotted(MINIMUM_VERSION)} or newer by this system's means."
    )


def ensure_asterisk(mirror: str | None, say: Callable[[str], None]) -> AsteriskBinary:
    """`find_asterisk`, installing the private one first when there is none. Raises InstallFailed."""
    try:
        return find_asterisk()
    except AsteriskMissing:
        return _private_asterisk(install(mirror, None, say), _architecture())


def private_file(path: str) -> Path | None:
    """A file of the private prefix, by its path in it; None when no such prefix is installed."""
    machine = ARCHITECTURES.get(platform.machine())
    target = default_prefix(pins_for(_pins(), machine)) if machine else None
    return target / path if target is not None and _is_installed(target) else None


def default_prefix(pins: Sequence[Pin]) -> Path:
    """Where the private Asterisk of this list lies: the user's cache, since it can be fetched again at any time."""
    return _cache() / "asterisk" / prefix_name(pins)


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "sanxiang"


def _pins() -> tuple[Pin, ...]:
    return parse_pins(Path(__file__).with_name("packages.lock").read_text(encoding="utf-8"))


def _architecture() -> str:
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise InstallFailed(
            f"no Asterisk packages are pinned for {machine} (only for {', '.join(LOADERS)}): install Asterisk "
            f"{_dotted(MINIMUM_VERSION)} or newer by this system's own means"
        )
    return ARCHITECTURES[machine]


def _is_installed(prefix: Path) -> bool:
    # The marker comes with the rename of the whole folder, so a prefix that has it is complete.
    return (prefix / _MARKER).is_file()


@contextmanager
def _locked(file: Path, say: Callable[[str], None]) -> Iterator[None]:
    with file.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another installation is under way; waiting for it")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _sweep(target: Path) -> None:
    """Removes what installations that were killed left behind; the lock keeps it from those that live."""
    for left in (*target.parent.glob(f".{target.name}-*"), *(_cache() / "debs").glob("apt-*")):
        shutil.rmtree(left)


def _unpack(debs: Sequence[Path], target: Path, architecture: str, version: str) -> None:
    """Unpacks beside the target, tries the program, and renames: the target is complete or absent."""
    building = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for deb in debs:
            result = subprocess.run(["dpkg-deb", "-x", str(deb), str(building)], capture_output=True, text=True)
            if result.returncode != 0:
                raise InstallFailed(f"{deb.name} could not be unpacked: {result.stderr.strip()}")
        for folder in _BALLAST:
            shutil.rmtree(building / folder, ignore_errors=True)
        seen = _version_of(_private_asterisk(building, architecture, version).command)
        if seen != parse_version(version):
            raise InstallFailed(f"the unpacked Asterisk says it is {_dotted(seen) or 'nothing at all'}, not {version}")
        (building / _MARKER).write_text(version + "\n")
        building.chmod(0o755)
        if target.exists():
            target.rmdir()
        building.rename(target)
    finally:
        if building.exists():
            shutil.rmtree(building)


def _private_asterisk(prefix: Path, architecture: str, version: str | None = None) -> AsteriskBinary:
    modules = next(prefix.glob("usr/lib/*/asterisk/modules"), None)
    if modules is None:
        raise InstallFailed(f"{prefix} holds no Asterisk modules: remove that folder and install again")
    libraries = modules.parent.parent
    command = (
        str(libraries / LOADERS[architecture]),
        "--argv0",
        "asterisk",
        "--library-path",
        str(libraries),
        str(prefix / "usr/sbin/asterisk"),
    )
    known = version or (prefix / _MARKER).read_text().strip()
    return AsteriskBinary(command, known, modules, prefix / "usr/share/asterisk")


def _system_asterisk() -> tuple[AsteriskBinary | None, str]:
    """The machine's own Asterisk when it will do, else None and why not."""
    program = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        return None, "this machine has none of its own"
    version = _version_of((program,))
    if version < MINIMUM_VERSION:
        return None, f"{program} is {_dotted(version) or 'of unknown version'}, older than {_dotted(MINIMUM_VERSION)}"
    folders = [Path(folder) for folder in _SYSTEM_MODULES] + list(Path("/usr/lib").glob("*/asterisk/modules"))
    share = next((Path(folder) for folder in _SYSTEM_SHARES if (Path(folder) / "rest-api").is_dir()), None)
    for folder in folders:
        missing = [name for name in module_names() if not (folder / name).is_file()]
        if share is not None and folder.is_dir() and not missing:
            return AsteriskBinary((program,), _dotted(version), folder, share), ""
    return None, f"{program} lacks modules or files that we need"


def _version_of(command: Sequence[str]) -> tuple[int, ...]:
    result = subprocess.run([*command, "-V"], capture_output=True, text=True)
    match = re.search(r"^Asterisk .*$", result.stdout, re.MULTILINE)
    return parse_version(match.group()) if match else ()


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _main() -> int:
    parser = argparse.ArgumentParser(prog="ivr.pbx.prefix.install", description="Installs the private Asterisk.")
    parser.add_argument("--mirror", help="Debian mirror, instead of the one in the machine's apt sources")
    parser.add_argument("--prefix", type=Path, help="folder to install into, instead of the user's cache")
    options = parser.parse_args()
    try:
        prefix = install(options.mirror, options.prefix, _say)
    except PbxError as error:
        _say(str(error))
        return 1
    sys.stdout.write(f"{prefix}\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
