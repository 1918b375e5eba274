"""Tells the outer ring what happened: pages, figures, audit. The main path of a call uses plain calls instead."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from app.process.page_faults import PageFaults
from crm.journal.events import Event

E = TypeVar("E", bound=Event)


class Bus:
    """Synchronous: handlers must not block. One that fails is counted among `faults` and stops nobody else."""

    def __init__(self, faults: PageFaults) -> None:
        self._faults = faults
        self._handlers: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> None:
        self._handlers[kind].append(handler)

    def publish(self, event: Event) -> None:
        for handler in self._handlers[type(event)]:
            try:
                handler(event)
            except Exception as exc:
                self._faults.note(exc, "subscriber_failed", event=type(event).__name__)
