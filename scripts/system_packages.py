"""What `make test` needs of Debian: SIPp, Dovecot, Chromium, PostgreSQL … Root: installs it; else says how."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = {
    "sip-tester": lambda: shutil.which("sipp"),
    "baresip-core": lambda: shutil.which("baresip"),
    "chromium": lambda: shutil.which("chromium"),
    "postgresql": lambda: list(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    "dovecot-imapd": lambda: Path("/usr/sbin/dovecot").exists(),
    "strace": lambda: shutil.which("strace"),
    "fonts-noto-cjk": lambda: list(Path("/usr/share/fonts").rglob("NotoSansCJK*")),
}
"""Package → how to see that it is there."""


def main() -> int:
    missing = [package for package, present in NEEDED.items() if not present()]
    if not missing:
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"The tests need: {', '.join(missing)}. Install them, for example:")  # noqa: T201
        print(f"    sudo apt-get install --no-install-recommends {' '.join(missing)}")  # noqa: T201
        return 2
    print(f"Installing {', '.join(missing)} …")  # noqa: T201
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-q"], check=True, stdout=subprocess.DEVNULL)
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL, env=environment)
    return 0


if __name__ == "__main__":
    sys.exit(main())
