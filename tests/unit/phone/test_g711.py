"""G.711 as ITU-T has it: the values are from the recommendation's tables 1 and 2 (and -8 for the smallest negative)."""

import numpy as np
import pytest

from app.phone.sound.audio import Haystack
from app.phone.sound.g711 import PCMA, PCMU, decode, encode
from tests.fakes.sound import speech


@pytest.mark.parametrize(("byte", "sample"), [(0xD5, 8), (0x55, -8), (0xAA, 32256), (0x2A, -32256)])
def test_a_law_has_its_sign_the_right_way_round(byte: int, sample: int) -> None:
    assert decode(PCMA, bytes([byte])).tolist() == [sample]
    assert encode(PCMA, np.array([sample], dtype=np.int16)) == bytes([byte])


@pytest.mark.parametrize(("byte", "sample"), [(0xFF, 0), (0x80, 32124), (0x00, -32124)])
def test_mu_law(byte: int, sample: int) -> None:
    assert decode(PCMU, bytes([byte])).tolist() == [sample]
    assert encode(PCMU, np.array([sample], dtype=np.int16)) == bytes([byte])


@pytest.mark.parametrize("kind", [PCMA, PCMU])
def test_sound_comes_through_upright(kind: int) -> None:
    sound = speech(1, 1)
    assert Haystack(decode(kind, encode(kind, sound))).correlation(sound)[0] > 0.99


def test_other_payload_types_are_no_g711() -> None:
    with pytest.raises(KeyError):
        decode(9, b"\0")
