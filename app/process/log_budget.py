"""How much of what is told goes into a log, so that nobody outside can fill it or roll it over. Rules: no clock.

Lines are counted by kind: the place in the code that told, and for an exception the place that raised it. There are
only so many of these, whatever strangers send.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

SPAN_S: Final = 60.0
MOST_KINDS: Final = 1000
"""Beyond these, kinds that are new share one."""
_OTHERS: Final = "others"


@dataclass
class _Kind:
    left: float
    """Lines that may still be written."""
    since: float
    """The instant up to which `left` was filled up."""
    left_out: int = 0
    told_at: float = 0.0
    """When it was last told that lines were left out."""


@dataclass
class LogBudget:
    """At most `burst` lines of a kind at once, then `per_minute` of them; the rest is counted. Times in seconds, from a
    clock that nobody sets."""

    burst: float
    per_minute: float
    _kinds: dict[Hashable, _Kind] = field(default_factory=dict)
    _looked_at: float = float("-inf")

    def admit(self, kind: Hashable, now: float) -> bool:
        """Whether this line is written; else it is counted."""
        known = self._kinds.get(kind)
        if known is None:
            if len(self._kinds) >= MOST_KINDS and kind != _OTHERS:
                return self.admit(_OTHERS, now)
            known = self._kinds[kind] = _Kind(left=self.burst, since=now, told_at=now)
        known.left = min(self.burst, known.left + (now - known.since) * self.per_minute / SPAN_S)
        known.since = now
        if known.left < 1:
            known.left_out += 1
            return False
        known.left -= 1
        return True

    def left_out(self, now: float, *, all_of_them: bool = False) -> list[tuple[Hashable, int]]:
        """How many lines of which kind were left out since this was last asked; each kind once a minute at most. It is
        looked at every second."""
        if now - self._looked_at < 1.0 and not all_of_them:
            return []
        self._looked_at, told = now, []
        for kind, known in self._kinds.items():
            if known.left_out and (all_of_them or now - known.told_at >= SPAN_S):
                told.append((kind, known.left_out))
                known.left_out, known.told_at = 0, now
        return told
