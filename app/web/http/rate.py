"""How often the public may write: a bucket for each address and one for all, half of which is kept for addresses that
have not written lately (rules: no clock). D11, OPS-7
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from config.service.channels import Rate

MOST_ADDRESSES: Final = 10_000


@dataclass
class _Bucket:
    """Full at the start; filled at the rate, emptied by one a time."""

    rate: Rate
    tokens: float
    at: datetime

    def fill(self, now: datetime) -> None:
        passed_h = max(0.0, (now - self.at) / timedelta(hours=1))
        self.tokens = min(float(self.rate.burst), self.tokens + passed_h * self.rate.per_hour)
        self.at = max(self.at, now)

    def wait(self, above: float = 0.0) -> timedelta:
        """Until there is one, besides so many."""
        return timedelta(hours=max(0.0, 1.0 + above - self.tokens) / self.rate.per_hour)


@dataclass
class RateLimit:
    """In memory; of too many addresses the one unseen for longest is forgotten."""

    per_address: Rate
    total: Rate
    _all: _Bucket | None = None
    _of: "OrderedDict[str, _Bucket]" = field(default_factory=OrderedDict)

    def take(self, address: str, now: datetime) -> timedelta:
        """Zero: go on, it is counted. Else how long to wait; then nothing is counted."""
        self._all = self._all or _Bucket(self.total, float(self.total.burst), now)
        mine = self._of.pop(address, None) or _Bucket(self.per_address, float(self.per_address.burst), now)
        self._of[address] = mine
        while len(self._of) > MOST_ADDRESSES:
            self._of.popitem(last=False)
        for bucket in (mine, self._all):
            bucket.fill(now)
        wrote_lately = mine.tokens < mine.rate.burst
        wait = max(mine.wait(), self._all.wait(self.total.burst // 2 if wrote_lately else 0))
        if not wait:
            mine.tokens -= 1
            self._all.tokens -= 1
        return wait
