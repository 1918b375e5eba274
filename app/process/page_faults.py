"""Counts exceptions in what tells pages of calls: a page that stays silent must be seen by somebody. CUS-2.

It does not stop the call: it is logged with `page_fault`, counted, and shown on /status as part `pages`.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

log = logging.getLogger(__name__)

DOWN_FOR: Final = timedelta(minutes=10)
"""How long /status says that pages are not up after a fault."""


class PageFaults:
    """One per system. Subscribers of the bus, desks and wallboards note what they could not tell."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._count = 0
        self._last: str | None = None
        self._at: datetime | None = None

    def note(self, fault: BaseException, action: str, **about: object) -> None:
        """Logs and counts an exception. `action`: what failed; `about`: further fields of the log line."""
        self._count += 1
        self._last, self._at = action, self._clock()
        log.error(
            "A page was not told what happened: %s",
            action,
            exc_info=fault,
            extra={"action": action, "page_fault": True, **about},
        )

    def status(self) -> dict[str, object]:
        """For /status: not up while the last fault is less than ten minutes old."""
        recent = self._at is not None and self._clock() - self._at < DOWN_FOR
        return {"up": not recent, "faults": self._count, "last": self._last, "last_at": self._at}
