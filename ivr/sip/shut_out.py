"""Has Asterisk read nothing from those who guess at telephones' secrets, for a while (flow). OPS-7"""

import logging
from collections.abc import Awaitable, Callable, Sequence

from ivr.port.values import TelephonyDown, TelephonyError
from ivr.sip.guesses import SHUT_S, Guesses

log = logging.getLogger(__name__)
security = logging.getLogger("security")


class ShutOut:
    """Call `keep` every second. `refuse` gives Asterisk the whole list; `life` is another one after each of its starts,
    with which it has forgotten the list."""

    def __init__(
        self, guesses: Guesses, refuse: Callable[[Sequence[str]], Awaitable[None]], life: Callable[[], object]
    ) -> None:
        self._guesses, self._refuse, self._life = guesses, refuse, life
        self._told: frozenset[str] = frozenset()
        self._in_force: tuple[object, frozenset[str]] | None = None
        """None: an earlier controller may have left a list."""

    async def keep(self, now: float) -> None:
        """Bring the list in line with the guesses. While Asterisk is away: the next time."""
        wanted, life = self._guesses.shut(now), self._life()
        self._tell(wanted)
        if self._in_force == (life, wanted):
            return
        try:
            await self._refuse(sorted(wanted))
        except TelephonyDown:
            return
        except TelephonyError as exc:  # one that an older version of ours has started
            log.error("Asterisk shuts nobody out who guesses: %s", exc, extra={"action": "sip_not_shut_out"})
        self._in_force = (life, wanted)

    def status(self) -> dict[str, object]:
        """For `/status`. `shut_out`: how many addresses Asterisk reads nothing from."""
        return {"refused_secrets": self._guesses.refused, "shut_out": len(self._in_force[1]) if self._in_force else 0}

    def _tell(self, wanted: frozenset[str]) -> None:
        before, self._told = self._told, wanted
        for address in sorted(wanted - before):
            security.warning(
                "%s has guessed at secrets of telephones: nothing from there is read for %d s.",
                address,
                SHUT_S,
                extra={"action": "sip_shut_out", "address": address},
            )
        for address in sorted(before - wanted):
            security.info("%s is listened to again.", address, extra={"action": "sip_let_in", "address": address})
