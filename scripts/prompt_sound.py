"""From raw sound to what a telephone line carries: band, level, silence, and the two sounds that are no speech.

Pure computation on numpy arrays of floats in [-1, 1]; `scripts/make_prompts.py` reads and writes the files (design D8).
"""

import io
import wave
from typing import Final

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]

VOICE_RATE: Final = 24_000
LINE_RATE: Final = 8_000
BAND_HZ: Final = (250.0, 3400.0)
"""The telephone band, with a little more of the voice's fundamental than the nominal 300 Hz leaves."""
SPEECH_DBFS: Final = -20.0
PEAK_DBFS: Final = -1.0
MUSIC_DBFS: Final = -26.0

FRAME_S: Final = 0.01
SILENT_BELOW_PEAK_DB: Final = 38.0


def to_line(voice: Sound, tail_s: float) -> Sound:
    """The speech in `voice` as the line carries it: trimmed, at the common level, `tail_s` of silence behind."""
    speech = trimmed(voice, VOICE_RATE, lead_s=0.03)
    narrow = np.convolve(speech, _band_pass(VOICE_RATE), mode="same")[:: VOICE_RATE // LINE_RATE]
    faded = _faded(narrow, int(0.005 * LINE_RATE), int(0.012 * LINE_RATE))
    return np.concatenate([at_speech_level(faded), np.zeros(int(tail_s * LINE_RATE))])


def trimmed(sound: Sound, rate: int, lead_s: float) -> Sound:
    """Without the silence around it; `lead_s` before the first sound stays, so that no consonant is cut."""
    levels = frame_levels(sound, rate)
    heard = np.flatnonzero(levels > levels.max() - SILENT_BELOW_PEAK_DB)
    frame = int(FRAME_S * rate)
    begin = max(0, int(heard[0]) * frame - int(lead_s * rate))
    return sound[begin : (int(heard[-1]) + 2) * frame]


def frame_levels(sound: Sound, rate: int) -> Sound:
    """The level of each 10 ms in dB (full scale = 0)."""
    frame = int(FRAME_S * rate)
    whole = sound[: len(sound) // frame * frame].reshape(-1, frame)
    return np.asarray(10 * np.log10(np.mean(whole**2, axis=1) + 1e-12))


def active_level_dbfs(sound: Sound, rate: int) -> float:
    """The level while somebody speaks: pauses (30 dB below the loudest 10 ms) do not count."""
    levels = frame_levels(sound, rate)
    active = levels[levels > levels.max() - 30]
    return float(10 * np.log10(np.mean(10 ** (active / 10))))


def at_speech_level(sound: Sound) -> Sound:
    """Every prompt equally loud, unless its peak would then be clipped."""
    gain_db = SPEECH_DBFS - active_level_dbfs(sound, LINE_RATE)
    peak_db = 20 * np.log10(np.abs(sound).max())
    return np.asarray(sound * 10 ** (min(gain_db, PEAK_DBFS - peak_db) / 20))


def beep() -> Sound:
    """1 kHz for 0.4 s: after it a caller speaks."""
    t = np.arange(int(0.4 * LINE_RATE)) / LINE_RATE
    return _faded(0.25 * np.sin(2 * np.pi * 1000 * t), 80, 80)


BEAT_S: Final = 0.625
CHORDS: Final = (
    (57, 64, 69),
    (55, 62, 71),
    (53, 60, 69),
    (55, 62, 67),
    (57, 64, 72),
    (53, 60, 69),
    (50, 57, 65),
    (55, 62, 71),
)
"""A bar of four beats each, as MIDI notes, played twice over."""
MELODY: Final = (
    ((0, 76), (2, 79), (3, 81)), ((0, 79), (2, 74)), ((0, 72), (1, 74), (2, 76)), ((0, 74),),
    ((0, 72), (2, 76), (3, 79)), ((0, 81), (2, 79)), ((0, 77), (1, 76), (2, 74)), ((0, 71), (2, 74)),
    ((0, 76), (1, 79), (2, 84)), ((0, 83), (2, 79)), ((0, 81), (2, 76), (3, 77)), ((0, 79),),
    ((0, 76), (2, 72)), ((0, 77), (1, 76), (2, 72)), ((0, 74), (2, 77)), ((0, 74), (3, 71)),
)  # fmt: skip
"""Beats and MIDI notes of the upper voice, bar by bar; our own tune, Apache-2.0 as the rest."""


def music() -> Sound:
    """40 s of quiet music. Notes that sound beyond the end are heard at the beginning, so it loops without a seam."""
    bars = len(MELODY)
    loop = np.zeros(int(bars * 4 * BEAT_S * LINE_RATE))
    for bar in range(bars):
        low, middle, high = CHORDS[bar % len(CHORDS)]
        for beat, note in enumerate((low, middle, high, middle)):
            _strike(loop, (bar * 4 + beat) * BEAT_S, note, loudness=0.45, decay_s=1.1)
        for beat, note in MELODY[bar]:
            _strike(loop, (bar * 4 + beat) * BEAT_S, note, loudness=1.0, decay_s=0.9)
    level = 10 * np.log10(np.mean(loop**2))
    return np.asarray(loop * 10 ** ((MUSIC_DBFS - level) / 20))


def wav(sound: Sound) -> bytes:
    """8 kHz, mono, 16-bit PCM: what Asterisk plays as it is."""
    samples = np.round(np.clip(sound, -1, 1) * 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(LINE_RATE)
        target.writeframes(samples.tobytes())
    return file.getvalue()


def _strike(loop: Sound, at_s: float, note: int, *, loudness: float, decay_s: float) -> None:
    """One soft bell-like note, wrapped around the end of the loop."""
    pitch = 440.0 * 2 ** ((note - 69) / 12)
    t = np.arange(int(5 * decay_s * LINE_RATE)) / LINE_RATE
    tone = sum(
        share * np.exp(-t * harmonic / decay_s) * np.sin(2 * np.pi * pitch * harmonic * t)
        for harmonic, share in ((1, 1.0), (2, 0.35), (3, 0.12))
        if pitch * harmonic < BAND_HZ[1]
    )
    attack = np.minimum(1.0, t / 0.012)
    where = (int(at_s * LINE_RATE) + np.arange(len(t))) % len(loop)
    np.add.at(loop, where, loudness * attack * tone)


def _faded(sound: Sound, begin: int, end: int) -> Sound:
    shaped = sound.copy()
    shaped[:begin] *= np.linspace(0, 1, begin)
    shaped[-end:] *= np.linspace(1, 0, end)
    return shaped


def _band_pass(rate: int) -> Sound:
    """A linear-phase FIR filter (windowed sinc, Blackman), also the anti-aliasing filter of the step to 8 kHz."""
    taps = np.arange(-480, 481)
    low, high = (2 * edge / rate for edge in BAND_HZ)
    ideal = high * np.sinc(high * taps) - low * np.sinc(low * taps)
    return np.asarray(ideal * np.blackman(len(taps)))
