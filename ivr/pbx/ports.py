"""Finds free ports for one Asterisk: a block for RTP that no other one uses, and whether the SIP port is free.

The block is held by guards: UDP sockets on its first port and each thousandth after it, which Asterisk inherits and
never reads. So the kernel frees the block when that Asterisk ends, however it ends, and two systems starting at once
cannot get the same one.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.pbx.prefix.errors import PbxError

# Below Linux's ephemeral ports (from 32 768), so that no outgoing connection sits in a block.
_FIRST = 10_000
_END = 32_000
_STRIDE = 1000
"""Each so many ports have a guard, so that blocks of different sizes cannot lie in one another."""
_PORTS_A_LEG = 2


def ports_wanted(telephones: int, callers: int, reserved_legs: int) -> int:
    """How many audio ports these need, RTP and RTCP for each leg: every agent's telephone, the caller of each, so many
    callers who hear a menu or wait, so many people whom we call; in whole thousands, half of all there are at most."""
    ports = (2 * telephones + callers + reserved_legs) * _PORTS_A_LEG
    guards = ports // _STRIDE + 1
    return min(_up(ports + guards * _PORTS_A_LEG), (_END - _FIRST) // 2 // _STRIDE * _STRIDE)


def room_for(first: int, last: int, telephones: int, reserved_legs: int) -> int:
    """How many legs besides agents' telephones may have a port of these, so that each telephone and `reserved_legs`
    people whom we call always find one. At least 1. The guards inside of the block cost a leg each."""
    guards = (last - first) // _STRIDE
    return max(1, (last - first + 1) // _PORTS_A_LEG - guards - telephones - reserved_legs)


@dataclass(frozen=True)
class RtpBlock:
    """Audio ports `first`..`last` inclusive, and the guards that hold them: close them once Asterisk inherited them."""

    first: int
    last: int
    guards: tuple[socket.socket, ...]

    def close(self) -> None:
        for guard in self.guards:
            guard.close()


def block_starts(size: int, seed: int) -> Iterator[int]:
    """First ports of all blocks of `size`, in an order that begins at `seed`, so that systems rarely meet."""
    starts = range(_FIRST, _END - size + 1, _STRIDE)
    for index in range(len(starts)):
        yield starts[(seed + index) % len(starts)]


def reserve_rtp_block(size: int, seed: int) -> RtpBlock:
    """Takes a block of `size` ports (at least 4, even). Raises PbxError when all are in use."""
    if size < 4 or size % 2 or size > _END - _FIRST:
        raise PbxError(f"an RTP range of {size} ports is not possible: an even number from 4 to {_END - _FIRST}")
    for start in block_starts(_up(size), seed):
        if guards := _guards(range(start, start + size, _STRIDE)):
            # RTP takes even ports and RTCP the odd one above, so each guard costs the block a pair.
            return RtpBlock(start + 2, start + size - 1, guards)
    raise PbxError(f"no block of {size} UDP ports is free between {_FIRST} and {_END} for this system's audio")


def _guards(ports: range) -> tuple[socket.socket, ...]:
    """Sockets on all of these, or none when one is taken."""
    guards: list[socket.socket] = []
    for port in ports:
        guards.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            guards[-1].bind(("127.0.0.1", port))
        except OSError:
            for guard in guards:
                guard.close()
            return ()
    return tuple(guards)


def _up(ports: int) -> int:
    """To whole strides."""
    return max(1, -(-ports // _STRIDE)) * _STRIDE


def udp_is_free(host: str, port: int) -> bool:
    """True when SIP could be bound there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
