"""Who guesses at telephones' secrets, and for how long nobody listens to them (rules: time is monotonic seconds). OPS-7

A refusal counts only after a secret was given: each telephone is asked for it once, and that is none. Two answers come
to it. From so many refusals in a minute on they are told. And whoever gave them is shut out for a while: Asterisk reads
nothing more from there. That second one hits an address, which a datagram may bear falsely, or share with a telephone
of ours. So it takes refusals with a nonce that was given to that very address, which nobody else can know; and an
address from which a right secret came lately is never shut out, nor one that is `spared`.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ivr.sip.message import Accepted, Denied, Secret, Tried

MOST = 10_000
"""Of tries that wait for their answer, of nonces and of addresses: past it the oldest is forgotten."""
TOLD_AT = 20
"""A telephone with an old secret tries a few times; so many within `WITHIN_S` are guesses, or a telephone gone mad."""
WITHIN_S = 60.0
TOLD_AGAIN_S = 600.0
SHUT_S = 300.0
MOST_SHUT = 200
"""Asterisk compares each message with all of them: past it who was shut out first is let in again."""
PROVEN_S = 7500.0
"""A telephone registers again within two hours, the longest that Asterisk grants."""


K = TypeVar("K")
V = TypeVar("V")


@dataclass
class _Address:
    since: float
    refused: int = 0
    certain: int = 0
    """Of those, how many were made there beyond doubt."""
    told_at: float | None = None


@dataclass
class Guesses:
    """What was heard of lately. IPv6 counts by its /64, which one subscriber has."""

    spared: Callable[[str], bool] = lambda address: False
    refused: int = 0
    _nonces: "OrderedDict[bytes, str]" = field(default_factory=OrderedDict)
    """To whom each was given."""
    _tried: "OrderedDict[bytes, bool]" = field(default_factory=OrderedDict)
    """Whether it came with a nonce of its sender's own."""
    _of: "OrderedDict[str, _Address]" = field(default_factory=OrderedDict)
    _proven: "OrderedDict[str, float]" = field(default_factory=OrderedDict)
    _shut: "OrderedDict[str, float]" = field(default_factory=OrderedDict)
    """Until when."""

    def heard(self, message: Secret, address: str, now: float) -> int:
        """How many refusals of this address to tell of now; 0: none. Who is shut out, `shut` says."""
        who = subscriber(address)
        match message:
            case Tried(key, nonces):
                _keep(self._tried, key, any(self._nonces.get(nonce) == who for nonce in nonces))
            case Accepted(key):
                if self._tried.pop(key, False):
                    _keep(self._proven, who, now)
            case Denied(key, nonces):
                for nonce in nonces:
                    _keep(self._nonces, nonce, who)
                if (certain := self._tried.pop(key, None)) is not None:
                    return self._count(who, now, certain=certain)
        return 0

    def shut(self, now: float) -> frozenset[str]:
        """The addresses and networks that nothing is read from now."""
        for who in [who for who, until in self._shut.items() if until <= now]:
            del self._shut[who]
        return frozenset(self._shut)

    def _count(self, who: str, now: float, *, certain: bool) -> int:
        self.refused += 1
        one = self._of.get(who) or _Address(now)
        _keep(self._of, who, one)
        if now - one.since > WITHIN_S:
            one.since, one.refused, one.certain = now, 0, 0
        one.refused, one.certain = one.refused + 1, one.certain + certain
        if one.certain >= TOLD_AT and who not in self._shut and not self._is_ours(who, now):
            _keep(self._shut, who, now + SHUT_S, MOST_SHUT)
        if one.refused < TOLD_AT or (one.told_at is not None and now - one.told_at < TOLD_AGAIN_S):
            return 0
        one.told_at = now
        return one.refused

    def _is_ours(self, who: str, now: float) -> bool:
        proven_at = self._proven.get(who)
        return self.spared(who) or (proven_at is not None and now - proven_at < PROVEN_S)


def subscriber(address: str) -> str:
    """An address, or the network of an IPv6 one."""
    return address if ":" not in address else str(ipaddress.ip_network(f"{address}/64", strict=False))


def _keep(kept: "OrderedDict[K, V]", key: K, value: V, most: int = MOST) -> None:
    """As the newest of them; the oldest goes."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)
