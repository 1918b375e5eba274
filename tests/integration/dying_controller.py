"""`sanxiang` that kills itself, without a word, at the first log line of the action that the file ARMED names.

Run as `python -m tests.integration.dying_controller ARMED up …`. The file is removed first, so that each arming kills
once. Nothing in the product knows of it.
"""

import logging
import os
import signal
import sys
from pathlib import Path

from app.cli import main


class Death(logging.Handler):
    """Waits for one action."""

    def __init__(self, armed: Path) -> None:
        super().__init__(logging.DEBUG)
        self._armed = armed

    def emit(self, record: logging.LogRecord) -> None:
        action = getattr(record, "action", None)
        if action and self._armed.exists() and self._armed.read_text(encoding="ascii") == action:
            self._armed.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def die_when(armed: Path) -> None:
    """From here on this process lives until the action it is armed for."""
    for name in ("ivr.outbound.dialler", "ivr.outbound.attempt"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(Death(armed))


if __name__ == "__main__":
    armed, *sys.argv[1:] = sys.argv[1:]
    die_when(Path(armed))
    main()
