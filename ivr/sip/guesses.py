"""Whose secrets for a telephone are refused again and again (rules: time is an argument)."""

from collections import OrderedDict
from dataclasses import dataclass, field

from ivr.sip.message import Denied, Tried

MOST = 10_000
"""Of tries that wait for their answer, and of addresses: past it the oldest is forgotten."""
TOLD_AT = 20
"""A telephone with an old secret tries a few times; so many within `WITHIN_S` are guesses, or a telephone gone mad."""
WITHIN_S = 60.0
TOLD_AGAIN_S = 600.0


@dataclass
class _Address:
    since: float
    refused: int = 0
    told_at: float | None = None


@dataclass
class Guesses:
    """A refusal counts only after a secret was given: each telephone is asked for it once, and that is none."""

    refused: int = 0
    _tried: "OrderedDict[bytes, None]" = field(default_factory=OrderedDict)
    _of: "OrderedDict[str, _Address]" = field(default_factory=OrderedDict)

    def heard(self, message: Tried | Denied, address: str, now: float) -> int:
        """How many refusals of this address to tell of now; 0: none."""
        if isinstance(message, Tried):
            self._tried[message.key] = None
            if len(self._tried) > MOST:
                self._tried.popitem(last=False)
            return 0
        if message.key not in self._tried:
            return 0
        del self._tried[message.key]
        self.refused += 1
        return self._count(address, now)

    def _count(self, address: str, now: float) -> int:
        one = self._of.pop(address, None) or _Address(now)
        self._of[address] = one
        if len(self._of) > MOST:
            self._of.popitem(last=False)
        if now - one.since > WITHIN_S:
            one.since, one.refused = now, 0
        one.refused += 1
        if one.refused < TOLD_AT or (one.told_at is not None and now - one.told_at < TOLD_AGAIN_S):
            return 0
        one.told_at = now
        return one.refused
