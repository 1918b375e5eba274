"""Finds free ports for one Asterisk: a block for RTP that no other one uses, and whether the SIP port is free.

The block is held by a guard: a UDP socket on its first port which Asterisk inherits and never reads. So the kernel
frees the block when that Asterisk ends, however it ends, and two systems starting at once cannot get the same one.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.pbx.errors import PbxError

# Below Linux's ephemeral ports (from 32 768), so that no outgoing connection sits in a block.
_FIRST = 10_000
_END = 32_000
_LEAST = 1000
_PORTS_A_TELEPHONE = 8


def ports_wanted(telephones: int) -> int:
    """How many audio ports so many agents' telephones need: RTP and RTCP for the agent, the caller, and as many callers
    again who wait or hear a menu; in whole thousands."""
    thousands = -(-telephones * _PORTS_A_TELEPHONE // _LEAST)
    return min(max(1, thousands) * _LEAST, (_END - _FIRST) // 2 // _LEAST * _LEAST)


@dataclass(frozen=True)
class RtpBlock:
    """Audio ports `first`..`last` inclusive, and the guard that holds them: close it once Asterisk inherited it."""

    first: int
    last: int
    guard: socket.socket


def block_starts(size: int, seed: int) -> Iterator[int]:
    """First ports of all blocks of `size`, in an order that begins at `seed`, so that systems rarely meet."""
    starts = range(_FIRST, _END - size + 1, size)
    for index in range(len(starts)):
        yield starts[(seed + index) % len(starts)]


def reserve_rtp_block(size: int, seed: int) -> RtpBlock:
    """Takes a block of `size` ports (at least 4, even). Raises PbxError when all are in use."""
    if size < 4 or size % 2 or size > _END - _FIRST:
        raise PbxError(f"an RTP range of {size} ports is not possible: an even number from 4 to {_END - _FIRST}")
    for start in block_starts(size, seed):
        guard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            guard.bind(("127.0.0.1", start))
        except OSError:
            guard.close()
            continue
        # RTP takes even ports and RTCP the odd one above, so the guard costs the block its first pair.
        return RtpBlock(start + 2, start + size - 1, guard)
    raise PbxError(f"no block of {size} UDP ports is free between {_FIRST} and {_END} for this system's audio")


def udp_is_free(host: str, port: int) -> bool:
    """True when SIP could be bound there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
