"""Sound for tests: something like speech, and what a G.711 line makes of a sound."""

import numpy as np

from app.phone.sound.audio import SAMPLE_RATE, Samples
from app.phone.sound.g711 import PCMA, decode, encode


def speech(seconds: float, seed: int) -> Samples:
    """Something like speech: noise in the telephone band that swells and fades a few times a second."""
    noise = np.random.default_rng(seed).normal(size=round(seconds * SAMPLE_RATE))
    smooth = np.convolve(noise, np.ones(4) / 4, mode="same")
    swell = 0.55 + 0.45 * np.sin(np.arange(noise.size) * 2 * np.pi * (2 + seed % 3) / SAMPLE_RATE + seed)
    return np.round(4000 * smooth * swell).astype(np.int16)


def through_alaw(samples: Samples) -> Samples:
    return decode(PCMA, encode(PCMA, samples))
