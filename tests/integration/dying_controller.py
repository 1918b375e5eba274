"""`sanxiang` that kills itself, without a word, at the first log line of a given action once it is armed.

Run as `python -m tests.integration.dying_controller ACTION ARMED up …`. Armed means that the file ARMED exists; it is
removed first, so that each arming kills once. Nothing in the product knows of it.
"""

import logging
import os
import signal
import sys
from pathlib import Path

from app.cli import main


class Death(logging.Handler):
    """Waits for one action."""

    def __init__(self, action: str, armed: Path) -> None:
        super().__init__(logging.DEBUG)
        self._action, self._armed = action, armed

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "action", None) == self._action and self._armed.exists():
            self._armed.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def die_at(action: str, armed: Path) -> None:
    """From here on this process lives until that action."""
    for name in ("ivr.dialler", "ivr.outbound_flow"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(Death(action, armed))


if __name__ == "__main__":
    action, armed, *sys.argv[1:] = sys.argv[1:]
    die_at(action, Path(armed))
    main()
