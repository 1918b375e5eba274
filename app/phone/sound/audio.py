"""What a test telephone hears, as numbers: tones, their level, and where a template occurs in a recording.

Pure numpy on mono samples at 8 kHz; it neither reads files nor knows what a prompt is (see `heard`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 8000
FRAME = 160  # samples in the 20 ms of one RTP packet

Samples: TypeAlias = npt.NDArray[np.int16]
Signal: TypeAlias = npt.NDArray[np.float64]

# A window whose RMS is below this holds only G.711's idle noise (its smallest step is 8): nothing to match.
SILENCE_RMS = 12.0
TONE_BAND_HZ = 16.0  # half the width taken as "the tone"; a Hann window of 1/4 s leaks no further
MIN_BLOCK = 1 << 14


def tone(hz: float, seconds: float, *, level_dbfs: float = -12.0, start: int = 0) -> Samples:
    """A sine of `hz` whose peak lies at `level_dbfs`; `start` (samples) continues the phase of an earlier piece."""
    instants = np.arange(start, start + round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    peak = 32767 * 10 ** (level_dbfs / 20)
    return np.round(peak * np.sin(2 * np.pi * hz * instants)).astype(np.int16)


def rms(samples: npt.ArrayLike) -> float:
    """Root mean square in sample units; 0 for an empty piece."""
    values = np.asarray(samples, dtype=np.float64)
    return float(np.sqrt(np.mean(values * values))) if values.size else 0.0


def tone_over_rest_db(samples: npt.ArrayLike, hz: float) -> float:
    """Power at `hz` (± 16 Hz) over all other power in the telephone band (150–3700 Hz), in dB.

    At least 0.25 s of sound is needed for the two to be told apart. -inf: no power at `hz` at all.
    """
    power, bins = _spectrum(samples)
    near = np.abs(bins - hz) <= TONE_BAND_HZ
    rest = (bins >= 150) & (bins <= 3700) & ~near
    on, off = float(power[near].sum()), float(power[rest].sum())
    if on <= 0.0:
        return -math.inf
    return 10 * math.log10(on / max(off, 1e-9))


def dominant_hz(samples: npt.ArrayLike) -> float:
    """The strongest frequency of the telephone band, interpolated between bins (± 1 Hz for 0.25 s of a tone)."""
    power, bins = _spectrum(samples)
    inside = (bins >= 150) & (bins <= 3700)
    peak = int(np.argmax(np.where(inside, power, 0.0)))
    before, at, after = (math.log(float(power[i]) + 1e-12) for i in (peak - 1, peak, peak + 1))
    curve = before - 2 * at + after
    shift = 0.5 * (before - after) / curve if curve else 0.0
    return float((peak + shift) * (bins[1] - bins[0]))


def _spectrum(samples: npt.ArrayLike) -> tuple[Signal, Signal]:
    values = np.asarray(samples, dtype=np.float64)
    if values.size < SAMPLE_RATE // 4:
        raise ValueError(f"a spectrum needs at least 0.25 s of sound, not {values.size / SAMPLE_RATE:.3f} s")
    transform = np.fft.rfft(values * np.hanning(values.size))
    power: Signal = np.abs(transform) ** 2
    bins: Signal = np.fft.rfftfreq(values.size, 1 / SAMPLE_RATE).astype(np.float64)
    return power, bins


def steady_tone_hz(samples: npt.ArrayLike, *, purity_db: float = 20.0) -> float | None:
    """The frequency of a tone that fills the whole piece (≥ 0.5 s) at an even level; None for speech, music, silence.

    Music is told apart by its envelope: a plucked or fading note changes by more than 1.5 dB within the piece.
    """
    values = np.asarray(samples, dtype=np.float64)
    quarters = np.array_split(values, 4)
    levels = [rms(quarter) for quarter in quarters]
    if values.size < SAMPLE_RATE // 2 or min(levels) < 10 * SILENCE_RMS:
        return None
    if 20 * math.log10(max(levels) / min(levels)) > 1.5:
        return None
    hz = dominant_hz(values)
    return hz if tone_over_rest_db(values, hz) >= purity_db else None


def prevailing_tone_hz(samples: npt.ArrayLike, *, shortest_s: float = 1.0) -> float | None:
    """The steady tone heard longest, if it was heard for `shortest_s` seconds altogether; whole Hz."""
    values = np.asarray(samples, dtype=np.float64)
    piece, counts = SAMPLE_RATE // 2, dict[int, int]()
    for start in range(0, values.size - piece + 1, piece):
        hz = steady_tone_hz(values[start : start + piece])
        if hz is not None:
            counts[round(hz)] = counts.get(round(hz), 0) + 1
    if not counts:
        return None
    best = max(counts, key=lambda hz: _heard_near(counts, hz))
    return float(best) if _heard_near(counts, best) * 0.5 >= shortest_s else None


def _heard_near(counts: dict[int, int], hz: int) -> int:
    return sum(n for other, n in counts.items() if abs(other - hz) <= 2)


def longest_gap_s(arrivals: Sequence[float], *, since: float = -math.inf, until: float = math.inf) -> float:
    """The longest time without a packet between `since` and `until` (same clock as `arrivals`, seconds).

    The edges count when they are finite: a stream that stops before `until` has a gap up to it.
    """
    inside = [at for at in arrivals if since <= at <= until]
    edges = [edge for edge in (since, until) if math.isfinite(edge)]
    instants = sorted([*inside, *edges])
    return max((later - earlier for earlier, later in pairwise(instants)), default=0.0)


@dataclass
class Haystack:
    """A recording made ready for many searches: its spectra are kept, so that a search costs one template only."""

    samples: npt.ArrayLike
    signal: Signal = field(init=False)
    _energy: Signal = field(init=False, repr=False)
    _spectra: dict[int, npt.NDArray[np.complex128]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.signal = np.asarray(self.samples, dtype=np.float64)
        self._energy = np.concatenate(([0.0], np.cumsum(self.signal * self.signal)))

    def correlation(self, template: npt.ArrayLike) -> Signal:
        """Normalised cross-correlation (-1 … 1) of `template` at every start at which it fits; 1.0 is an exact copy.

        Louder or softer copies score the same; windows of mere silence score 0. Empty if the template is longer.
        """
        needle = np.asarray(template, dtype=np.float64)
        length, starts = needle.size, self.signal.size - needle.size + 1
        norm = float(np.sqrt(needle @ needle))
        if length == 0 or norm == 0.0:
            raise ValueError("a template needs sound in it")
        if starts < 1:
            return np.zeros(0)
        window = self._energy[length:] - self._energy[:-length]
        loud = window > length * SILENCE_RMS**2
        scores = np.zeros(starts)
        np.divide(self._products(needle), norm * np.sqrt(np.maximum(window, 1.0)), out=scores, where=loud)
        return np.clip(scores, -1.0, 1.0)

    def _products(self, needle: Signal) -> Signal:
        """Sums of products for every start, by overlap-save: blocks of one transform size, spectra kept."""
        size = max(MIN_BLOCK, 1 << (4 * needle.size - 1).bit_length())
        step = size * 3 // 4  # the remaining quarter is the overlap, and holds the template
        if size not in self._spectra:
            count = max(1, math.ceil(self.signal.size / step))
            padded = np.zeros((count - 1) * step + size)
            padded[: self.signal.size] = self.signal
            blocks = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
            self._spectra[size] = np.fft.rfft(blocks, axis=1)
        spectrum = np.conj(np.fft.rfft(needle, size))
        products = np.fft.irfft(self._spectra[size] * spectrum, size, axis=1)[:, :step]
        return products.reshape(-1)[: self.signal.size - needle.size + 1]


def best_match(recording: npt.ArrayLike, template: npt.ArrayLike) -> tuple[float, float]:
    """(score, start in seconds) of the best place of `template` in `recording`; (0.0, 0.0) if it does not fit."""
    scores = Haystack(recording).correlation(template)
    if scores.size == 0:
        return 0.0, 0.0
    start = int(np.argmax(scores))
    return float(scores[start]), start / SAMPLE_RATE
