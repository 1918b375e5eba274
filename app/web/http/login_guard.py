"""How fast passwords may be guessed from one address (rules: no clock). An attempt counts until it proves right.

Only addresses: how often an account may be guessed is the store's to say, which remembers it over restarts.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crm.backoff import wait_s

FREE_ATTEMPTS = 20
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0
FORGET_AFTER = timedelta(minutes=30)
MAX_ADDRESSES = 10_000


@dataclass
class _Attempts:
    number: int
    last: datetime


def wait_after(attempts: int) -> timedelta:
    """The pause between two attempts after so many wrong ones: 1 s after the twentieth, doubling up to five minutes."""
    if attempts < FREE_ATTEMPTS:
        return timedelta(0)
    return timedelta(seconds=wait_s(attempts - FREE_ATTEMPTS + 1, FIRST_WAIT_S, LONGEST_WAIT_S))


@dataclass
class LoginGuard:
    """Attempts by address, in memory; when there are too many addresses the one unseen for longest is forgotten."""

    _attempts: dict[str, _Attempts] = field(default_factory=dict)

    def admit(self, address: str, now: datetime) -> timedelta:
        """How long to wait before the next attempt; zero = go on, and this attempt is counted."""
        attempts = self._attempts.pop(address, None)
        if attempts is None or now - attempts.last > FORGET_AFTER:
            attempts = _Attempts(number=0, last=now)
        self._attempts[address] = attempts
        wait = wait_after(attempts.number)
        left = attempts.last + wait - now
        if wait and left > timedelta(0):  # a clock that was set back is no reason to wait
            return min(left, wait)
        attempts.number += 1
        attempts.last = now
        if len(self._attempts) > MAX_ADDRESSES:
            self._attempts.pop(next(iter(self._attempts)))
        return timedelta(0)

    def succeeded(self, address: str) -> None:
        """The attempt admitted last was right, so it does not count."""
        attempts = self._attempts.get(address)
        if attempts is not None and attempts.number > 0:
            attempts.number -= 1
