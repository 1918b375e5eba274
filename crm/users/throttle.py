"""How fast passwords may be guessed (rules: no clock). An attempt counts until it proves right. ACC-1.

Whoever logs in on a machine where this person has logged in before (the known-device cookie) is counted by that machine
alone: strangers who guess never lock the owner out there. Everybody else is counted by the account together with the
address, by the address over all accounts, and by the account over all addresses. Names that do not exist are counted as
others are, so that they do not tell themselves.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from crm.backoff import wait_s


@dataclass(frozen=True)
class Limit:
    """So many wrong attempts are free; then the wait doubles from `first_s` up to `longest_s`, and all of it is
    forgotten `forget` after the last attempt."""

    free: int
    first_s: float
    longest_s: float
    forget: timedelta

    def wait_after(self, attempts: int) -> timedelta:
        """The pause between two attempts after so many wrong ones."""
        if attempts < self.free:
            return timedelta(0)
        return timedelta(seconds=wait_s(attempts - self.free + 1, self.first_s, self.longest_s))


PAIR: Final = Limit(free=5, first_s=1.0, longest_s=900.0, forget=timedelta(hours=12))
"""One account from one address, or on one known machine."""
ADDRESS: Final = Limit(free=20, first_s=1.0, longest_s=300.0, forget=timedelta(minutes=30))
"""Whatever accounts one address tries: people behind one router share it."""
ACCOUNT: Final = Limit(free=100, first_s=10.0, longest_s=900.0, forget=timedelta(hours=12))
"""One account from wherever: NIST SP 800-63B 5.2.2 allows a hundred in a row. What one address tries beyond its free
attempts is slowed by PAIR and not counted here: it takes twenty addresses to make strangers wait for one another."""

MOST_KEPT: Final = 20_000
_LOOKED_AT: Final = 64
"""Of so many that were unseen for longest, the one with the fewest attempts is forgotten: a flood of new names and
addresses cannot wash away an account that is being guessed at."""


@dataclass
class _Attempts:
    number: int
    last: datetime


@dataclass(frozen=True)
class Attempt:
    """One login: for which name, from which address, on which machine of that person's (None: on no known one)."""

    name: str
    address: str
    device: str | None = None

    @property
    def counted(self) -> tuple[tuple[Limit, str], ...]:
        """By what it is counted, under which keys. Names are kept as hashes: a password ends up in that field too."""
        name = hashlib.sha256(self.name.encode("utf-8", "surrogatepass")).hexdigest()
        if self.device is not None:
            return ((PAIR, f"device {name} {self.device}"),)
        return (
            (PAIR, f"pair {name} {self.address}"),
            (ADDRESS, f"address {self.address}"),
            (ACCOUNT, f"account {name}"),
        )


@dataclass
class Throttle:
    """In memory, bounded by MOST_KEPT."""

    _kept: "OrderedDict[str, _Attempts]" = field(default_factory=OrderedDict)

    def admit(self, attempt: Attempt, now: datetime) -> timedelta:
        """How long to wait before the next attempt; zero = go on, and this attempt is counted."""
        counted = [(limit, self._of(limit, key, now)) for limit, key in attempt.counted]
        wait = max(_left(limit, kept, now) for limit, kept in counted)
        if not wait:
            alone = counted[0][1].number >= PAIR.free
            for limit, kept in counted:
                kept.number += limit is not ACCOUNT or not alone
                kept.last = now
        while len(self._kept) > MOST_KEPT:
            oldest = islice(self._kept, _LOOKED_AT)
            del self._kept[min(oldest, key=lambda key: self._kept[key].number)]
        return wait

    def succeeded(self, attempt: Attempt) -> None:
        """The attempt admitted last was right: it does not count, and what this person mistyped here is forgotten."""
        for limit, key in attempt.counted:
            kept = self._kept.get(key)
            if kept is not None and kept.number > 0:
                kept.number = 0 if limit is PAIR else kept.number - 1

    def _of(self, limit: Limit, key: str, now: datetime) -> _Attempts:
        kept = self._kept.pop(key, None)
        if kept is None or now - kept.last > limit.forget:
            kept = _Attempts(number=0, last=now)
        self._kept[key] = kept
        return kept


def _left(limit: Limit, kept: _Attempts, now: datetime) -> timedelta:
    wait = limit.wait_after(kept.number)
    left = kept.last + wait - now
    return min(max(left, timedelta(0)), wait)  # a clock that was set back is no reason to wait longer
