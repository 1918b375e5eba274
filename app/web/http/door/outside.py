"""How a request looks from outside, behind a proxy of ours: whose it is, and at which address the page is open (rules).

A proxy's headers count only from an address that `trusted_proxies` names. ACC-1, D11.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

FORWARDED_FOR: Final = "X-Forwarded-For"
FORWARDED_PROTO: Final = "X-Forwarded-Proto"
FORWARDED_HOST: Final = "X-Forwarded-Host"

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PORT: Final = re.compile(r":([0-9]{1,5})$")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class Headers(Protocol):
    """Those of a request: of one name there may be several."""

    def getall(self, key: str, default: list[str]) -> list[str]: ...


@dataclass(frozen=True)
class Outside:
    """`address`: who asks, IPv6 by its /64; `scheme` and `host` as they stand in the browser."""

    address: str
    scheme: str
    host: str

    @property
    def origin(self) -> str:
        """As browsers name the page: without the port that goes without saying."""
        default = f":{_DEFAULT_PORTS[self.scheme]}"
        return f"{self.scheme}://{self.host.removesuffix(default)}".lower()

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def port(self) -> int:
        found = _PORT.search(self.host)
        return int(found[1]) if found else _DEFAULT_PORTS[self.scheme]


def outside(peer: str | None, scheme: str, host: str, headers: Headers, trusted: Iterable[str]) -> Outside:
    """`peer`, `scheme` and `host`: of the connection itself."""
    trusted = tuple(trusted)
    address = client_address(peer, headers.getall(FORWARDED_FOR, []), trusted)
    if not is_trusted(peer, trusted):
        return Outside(address, scheme, host)
    proto, told = _last(headers.getall(FORWARDED_PROTO, [])), _last(headers.getall(FORWARDED_HOST, []))
    return Outside(
        address,
        proto.lower() if proto.lower() in _DEFAULT_PORTS else scheme,
        told if _HOST.fullmatch(told) else host,
    )


def is_trusted(peer: str | None, trusted: Iterable[str]) -> bool:
    """Whether the connection comes from a proxy of ours."""
    address = _parsed(peer or "")
    return address is not None and any(address in ipaddress.ip_network(each) for each in trusted)


def client_address(peer: str | None, forwarded_for: Iterable[str], trusted: Iterable[str]) -> str:
    """Who asks: the peer, or when that is a proxy of ours the last address before it that is none. IPv6 counts by its
    /64, which one subscriber has."""
    networks = [ipaddress.ip_network(each) for each in trusted]
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
    address = _parsed(peer or "")
    while address is not None and hops and any(address in network for network in networks):
        before = _parsed(hops.pop())
        if before is None:
            break
        address = before
    if address is None:
        return "unknown"
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _last(lines: list[str]) -> str:
    """What the nearest proxy has put: the last of the last line."""
    return lines[-1].rpartition(",")[2].strip() if lines else ""


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
