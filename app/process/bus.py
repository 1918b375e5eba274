"""Tells the outer ring what happened: pages, figures, audit. The main path of a call uses plain calls instead."""

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from crm.journal.events import Event

log = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)


class Bus:
    """Synchronous: handlers must not block. One that fails is logged and stops nobody else."""

    def __init__(self) -> None:
        self._handlers: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> None:
        self._handlers[kind].append(handler)

    def publish(self, event: Event) -> None:
        for handler in self._handlers[type(event)]:
            try:
                handler(event)
            except Exception:
                log.exception(
                    "A subscriber failed.", extra={"action": "subscriber_failed", "event": type(event).__name__}
                )
