"""Reads HEPv3 datagrams, in which Asterisk copies each SIP message to the controller (rules: bytes in, values out).

A datagram is `HEP3`, its length, then chunks of vendor, type, length and value; unknown ones are passed over.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

_MAGIC = b"HEP3"
_HEAD = 6
_SOURCES, _DESTINATIONS, _PASSWORD, _PAYLOAD = (3, 5), (4, 6), 14, 15


@dataclass(frozen=True)
class Copied:
    """One SIP message: where it came from, where it went, and its bytes."""

    source: IPv4Address | IPv6Address
    destination: IPv4Address | IPv6Address
    message: bytes


def read_hep(datagram: bytes, password: bytes) -> Copied | None:
    """None for what is no such datagram, is cut short, or has another password."""
    if datagram[:4] != _MAGIC:
        return None
    found: dict[int, bytes] = {}
    at = _HEAD
    while at + _HEAD <= len(datagram):
        kind, length = int.from_bytes(datagram[at + 2 : at + 4]), int.from_bytes(datagram[at + 4 : at + 6])
        if length < _HEAD or at + length > len(datagram):
            return None
        found[kind] = datagram[at + _HEAD : at + length]
        at += length
    source, destination = _address(found, _SOURCES), _address(found, _DESTINATIONS)
    if found.get(_PASSWORD) != password or source is None or destination is None or _PAYLOAD not in found:
        return None
    return Copied(source, destination, found[_PAYLOAD])


def _address(found: dict[int, bytes], kinds: tuple[int, int]) -> IPv4Address | IPv6Address | None:
    four, six = found.get(kinds[0]), found.get(kinds[1])
    if four is not None and len(four) == 4:
        return IPv4Address(four)
    return IPv6Address(six) if six is not None and len(six) == 16 else None
