"""Downloads pinned packages by apt with a configuration of its own (design D1). Changes nothing of the machine's apt.

The machine's proxies and credentials are kept (they come from its apt.conf), its sources, lists, caches and hooks are
not. Works as an ordinary user.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ivr.pbx.prefix.apt_sources import SourceFile, debian_mirrors
from ivr.pbx.prefix.errors import InstallFailed
from ivr.pbx.prefix.pins import Pin

SUITE = "forky"
_KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.pgp", "/usr/share/keyrings/debian-archive-keyring.gpg")
_APT_TIMEOUT_S = 1200

# Valid-Until is off because a mirror may serve a stale Release file; the pinned sums are what protects then.
_CONFIGURATION = """\
Dir::State "{home}/state";
Dir::State::status "{home}/state/status";
Dir::Cache "{home}/cache";
Dir::Etc::sourcelist "{home}/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
APT::Architecture "{architecture}";
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


def fetch(pins: Sequence[Pin], into: Path, architecture: str, mirror: str | None, say: Callable[[str], None]) -> None:
    """Leaves each pin's file in `into`, its sum checked; files already there are kept. Raises InstallFailed."""
    into.mkdir(parents=True, exist_ok=True)
    wanted = [pin for pin in pins if not _is_good(into / pin.file_name, pin)]
    if not wanted:
        return
    address = mirror.rstrip("/") if mirror else machine_mirror()
    megabytes = sum(pin.size for pin in wanted) / 1e6
    with tempfile.TemporaryDirectory(prefix="apt-", dir=into) as folder:
        home = Path(folder)
        _configure(home, architecture, address)
        say(f"reading the package index of Debian {SUITE} from {address}")
        _apt(home, "update")
        say(f"downloading {len(wanted)} packages, {megabytes:.1f} MB")
        _download(home, wanted, address, say)
        for pin in wanted:
            if not _is_good(home / pin.file_name, pin):
                raise InstallFailed(
                    f"{pin.file_name} from {address} is not the pinned file (SHA-256 differs); nothing was installed. "
                    "Try another mirror with --mirror URL."
                )
            (home / pin.file_name).replace(into / pin.file_name)


def machine_mirror() -> str:
    """The first Debian mirror among the machine's apt sources. Raises InstallFailed when there is none."""
    shell = subprocess.run(
        ["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    places = dict(line.split("=", 1) for line in shell.splitlines() if "=" in line)
    paths = [Path(places.get("LIST", "").strip("'"))]
    parts = Path(places.get("PARTS", "").strip("'"))
    paths += sorted(path for path in parts.glob("*") if path.suffix in (".list", ".sources"))
    files = [SourceFile(path.name, path.read_text(errors="replace")) for path in paths if path.is_file()]
    mirrors = debian_mirrors(files)
    if not mirrors:
        raise InstallFailed(
            "the machine's apt sources name no Debian mirror: "
            "pass one with --mirror URL (the folder that holds dists/ and pool/)"
        )
    return mirrors[0]


def _configure(home: Path, architecture: str, mirror: str) -> None:
    keyring = next((path for path in _KEYRINGS if Path(path).is_file()), None)
    if keyring is None:
        raise InstallFailed("Debian's signing keys are not here: install the package debian-archive-keyring")
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (home / folder).mkdir(parents=True)
    (home / "state/status").touch()
    (home / "sources.list").write_text(
        f"deb [arch={architecture} target=Packages signed-by={keyring}] {mirror} {SUITE} main\n"
    )
    text = _CONFIGURATION.format(home=home, architecture=architecture)
    (home / "apt.conf").write_text(text)


def _command(home: Path, program: str, *arguments: str) -> list[str]:
    # -c is read after the machine's own apt.conf, so that ours wins.
    return [program, "-c", str(home / "apt.conf"), "-q", *arguments]


def _apt(home: Path, *arguments: str) -> str:
    result = subprocess.run(
        _command(home, "apt-get", *arguments),
        cwd=home,
        env=_english(),
        capture_output=True,
        text=True,
        timeout=_APT_TIMEOUT_S,
    )
    problems = [line for line in (result.stderr + result.stdout).splitlines() if line.startswith(("E:", "Err:", "W:"))]
    # apt-get update exits 0 when an index could not be had; the signature's failure is such a warning too.
    if result.returncode != 0 or any(line.startswith("Err:") for line in problems):
        raise InstallFailed(f"apt-get {arguments[0]} failed: " + (" ".join(problems) or result.stderr.strip()))
    return result.stdout


def _download(home: Path, pins: Sequence[Pin], mirror: str, say: Callable[[str], None]) -> None:
    command = _command(home, "apt-get", "download", *(f"{pin.name}={pin.version}" for pin in pins))
    with (home / "errors").open("w+") as errors:
        process = subprocess.Popen(command, cwd=home, env=_english(), stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout is not None
        done = 0
        for line in process.stdout:
            if line.startswith("Get:"):
                done += 1
                if done % 5 == 0 or done == len(pins):
                    say(f"  {done} of {len(pins)}")
        if process.wait() == 0:
            return
        errors.seek(0)
        reasons = [line.strip() for line in errors if line.startswith("E:")]
    gone = [pin for pin in pins if pin.version not in _versions(home, pin)]
    if gone:
        names = ", ".join(f"{pin.name} {pin.version}" for pin in gone)
        raise InstallFailed(
            f"Debian {SUITE} on {mirror} has moved on; it no longer offers: {names}. Either pass a mirror that "
            "still does (--mirror URL, e.g. a Debian snapshot of the date in packages.lock), or update Sanxiang, "
            "or install a system Asterisk 22.10.1 or newer."
        )
    raise InstallFailed("apt-get download failed: " + " ".join(reasons))


def _versions(home: Path, pin: Pin) -> list[str]:
    result = subprocess.run(_command(home, "apt-cache", "madison", pin.name), cwd=home, capture_output=True, text=True)
    return [line.split("|")[1].strip() for line in result.stdout.splitlines() if line.count("|") == 2]


def _english() -> dict[str, str]:
    """The environment for apt: its messages are read here, so they must not be translated."""
    return {**os.environ, "LC_ALL": "C"}


def _is_good(file: Path, pin: Pin) -> bool:
    if not file.is_file() or file.stat().st_size != pin.size:
        return False
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == pin.sha256


def has_apt() -> bool:
    """True where this machine can fetch and unpack Debian packages."""
    return all(shutil.which(program) for program in ("apt-get", "apt-config", "apt-cache", "dpkg-deb"))
