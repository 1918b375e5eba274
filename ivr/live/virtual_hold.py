"""A callback that keeps the place: whoever confirmed a number (queueing/callback_number.py) hands the place on. FUP-1.

Who carries it on is plugged in at start (outbound/dialler.py); without that, or while the store is away, nothing is
said that could not be kept.
"""

from dataclasses import dataclass, field
from typing import Protocol

from config.destination import Destination
from config.schema import Queue
from ivr.live.call import Call


class PlaceKeeper(Protocol):
    """Whoever can keep places."""

    async def keep_place(self, call: Call, queue: Queue, destination: Destination) -> bool:
        """True: a place of the same age is in the line, and on file; the caller's own may be given up. False: not now.

        Cancelled: nothing is kept.
        """


@dataclass
class VirtualHold:
    """The keeper, once there is one."""

    _keepers: list[PlaceKeeper] = field(default_factory=list)

    def plug_in(self, keeper: PlaceKeeper) -> None:
        self._keepers = [keeper]

    @property
    def is_open(self) -> bool:
        """Whether it may be offered at all."""
        return bool(self._keepers)

    async def keep_place(self, call: Call, queue: Queue, destination: Destination) -> bool:
        """See PlaceKeeper."""
        return bool(self._keepers) and await self._keepers[0].keep_place(call, queue, destination)
