"""G.711 between RTP payloads and samples, on aiortp's tables with one fault of aiortp 0.8.0 put right.

Its A-law has the sign bit the wrong way round (ITU-T G.711: 1 is positive). One ear hears no difference; correlation
with the original would be -1, and a mix with the original would be silence.
"""

import numpy as np
from aiortp import get_codec

from app.phone.sound.audio import Samples

PCMU, PCMA = 0, 8
_TABLES = {kind: get_codec(kind) for kind in (PCMU, PCMA)}
_SIGN = 0x80


def encode(payload_type: int, samples: Samples) -> bytes:
    """Samples as the payload of an RTP packet of type 0 (PCMU) or 8 (PCMA). Raises KeyError for other types."""
    payload: bytes = _TABLES[payload_type].encode(samples.astype("<i2").tobytes())
    return _turned(payload) if payload_type == PCMA else payload


def decode(payload_type: int, payload: bytes) -> Samples:
    """The samples of an RTP packet of type 0 (PCMU) or 8 (PCMA). Raises KeyError for other types."""
    standing = _turned(payload) if payload_type == PCMA else payload
    return np.frombuffer(_TABLES[payload_type].decode(standing), dtype="<i2").astype(np.int16)


def _turned(payload: bytes) -> bytes:
    return (np.frombuffer(payload, dtype=np.uint8) ^ _SIGN).tobytes()
