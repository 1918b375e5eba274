"""What a test telephone heard, put together from packets whose arrival does not go by the clock."""

import numpy as np
from aiortp import RtpPacket

from app.phone.media import Reception
from app.phone.sound.audio import FRAME, SAMPLE_RATE

FRAME_S = FRAME / SAMPLE_RATE


def packet(number: int, *, after_ms: int = 0, ssrc: int = 1) -> RtpPacket:
    """The packet of that number of a stream; `after_ms`: how much the sender's clock has jumped."""
    return RtpPacket(
        payload_type=8,
        sequence_number=number,
        timestamp=number * FRAME + after_ms * SAMPLE_RATE // 1000,
        ssrc=ssrc,
        payload=b"",
    )


def sound(value: int) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return np.full(FRAME, value, dtype=np.int16)


def test_sound_can_be_asked_for_when_the_last_packets_are_placed_far_before_others() -> None:
    """A source that is placed late (this process was held up) is followed by another one that is placed in time."""
    heard = Reception()
    heard.take_sound(packet(0), sound(1), 0.0)
    for number in range(1, 100):
        heard.take_sound(packet(number, ssrc=2), sound(2), 3.0)
    for number in range(200, 260):
        heard.take_sound(packet(number, ssrc=3), sound(3), 1.0 + (number - 200) * FRAME_S)
    whole = heard.samples()
    assert whole.size == 3 * SAMPLE_RATE + 99 * FRAME
    assert (whole[0], whole[SAMPLE_RATE], whole[3 * SAMPLE_RATE]) == (1, 3, 2)
    assert heard.samples(since=2.0).size == whole.size - 2 * SAMPLE_RATE
