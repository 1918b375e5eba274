"""Prints the interpreter that `make setup` builds its environment with: the quickest Python ≥ 3.11 of this machine.

An interpreter that was built without optimisation, as version managers do, needs nearly twice the CPU for each call.
`make PYTHON=…` overrides it. Runs on any Python 3.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("python3", "/usr/bin/python3", "python3.14", "python3.13", "python3.12", "python3.11")
PROBE = """
import sys, time
assert sys.version_info >= (3, 11)
import ensurepip, venv
def work():
    began, counts = time.process_time(), {}
    for number in range(60000):
        text = str(number)
        counts[text[-2:]] = counts.get(text[-2:], 0) + len(text.split("1"))
    return time.process_time() - began
print(min(work() for _ in range(5)))
"""
ROUNDS = 3
"""In turn: a machine that is shared may be twice as slow a moment later."""
NOTABLE = 0.9
"""Only a tenth less is a reason to take another than the one that `python3` means."""


def seconds(program: str) -> "float | None":
    """CPU seconds of a piece of everyday work; None when it is too old, or cannot make an environment."""
    tried = subprocess.run([program, "-c", PROBE], capture_output=True, text=True)
    return float(tried.stdout) if tried.returncode == 0 else None


def main() -> int:
    found = dict.fromkeys(os.path.realpath(path) for name in NAMES if (path := shutil.which(name)))
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for program in found:
            taken = seconds(program)
            if taken is not None:
                best[program] = min(taken, best.get(program, taken))
    if not best:
        sys.stderr.write("Python 3.11 or newer with venv is needed: make PYTHON=python3.11 …\n")
        return 2
    first, quickest = next(iter(best)), min(best, key=lambda program: best[program])
    sys.stdout.write((quickest if best[quickest] < best[first] * NOTABLE else first) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
